# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Clocks that are set, reset or of another time, over real DDS: observations again within 2 s, or what to set."""

from __future__ import annotations

import re
import time

import pytest
from rosgraph_msgs.msg import Clock as ClockMessage

from nodes.bench import wait_until
from nodes.generator.generator_bench import QUICK, Bench
from robot4d_nodes.conversions import time_to_message

FRAMES = 40  # 2 s of the synthetic cameras, however busy the machine is


def recovers(bench: Bench, change, fresh=lambda: True) -> None:
    """Make a change; fail unless there is a fresh observation within 2 s of images."""
    before, started = bench.cameras.frames, time.monotonic()
    change()
    wait_until(lambda: bench.works() and fresh(), message='no recovery')
    frames = bench.cameras.frames - before
    print(f'an observation after {frames} frames, {time.monotonic() - started:.2f} s')
    assert frames <= FRAMES


def delays(bench: Bench, **seconds: float) -> None:
    """Let the stamps of cameras lag behind the clock."""
    for name, delay in seconds.items():
        bench.cameras.faults[name].delay = delay


STEPS = {
    'one camera was ahead and is set back': [{'second': -60.0}, {'second': 0.0}],
    'one camera was a little ahead': [{'second': -0.75}, {'second': 0.0}],
    'the reference camera was ahead': [{'reference': -60.0}, {'reference': 0.0}],
    'both were ahead': [{'reference': -0.4, 'second': -0.4}, {'reference': 0.0, 'second': 0.0}],
    'both were far ahead': [{'reference': -60.0, 'second': -60.0}, {'reference': 0.0, 'second': 0.0}],
    'one camera is reset and synchronised again': [{'second': 100.0}, {'second': 0.0}],
    'both are reset and synchronised again': [
        {'reference': 100.0, 'second': 100.0}, {'reference': 0.0, 'second': 0.0}],
}


@pytest.mark.parametrize('name', STEPS)
def test_when_a_camera_is_right_again_expect_observations_within_2_s(quick, name):
    wrong, right = STEPS[name]
    delays(quick, **wrong)
    time.sleep(1.0)  # the queues of the synchroniser are full of what is wrong
    recovers(quick, lambda: delays(quick, **right))


@pytest.mark.parametrize(('change', 'expected'), [
    ({'second': {'delay': 100.0}},
     r'the clocks of reference \w+ and second \w+ differ by \d+\.\d+ s .*; synchronise .*'
     r'the stamps of second (colour|depth) jumped back by \d+\.\d\d s'),
    ({'second': {'delay': 0.75}}, r'the clocks of reference \w+ and second \w+ differ by 0\.\d+ s'),
    ({'reference': {'delay': 100.0}, 'second': {'delay': 100.0}}, r'are 1\d\d\.\d s old; .*synchronise the clocks'),
    ({'reference': {'delay': -5.0}, 'second': {'delay': -5.0}}, r"[45]\.\d s ahead of this node's clock; synchronise"),
    ({'second': {'stamp': 0.0}}, r'/second/\S+: the images are stamped 0; let the driver'),
    ({'reference': {'delay': 1.7e9}, 'second': {'delay': 1.7e9}},
     r'of a simulator or a recording: set use_sim_time to true'),
], ids=['one set back', 'one set back a little', 'both set back', 'both ahead', 'no stamp', 'a simulator'])
def test_when_stamps_stay_wrong_expect_the_cause_and_what_to_set(quick, change, expected):
    for name, fault in change.items():
        vars(quick.cameras.faults[name]).update(fault)
    wait_until(lambda: re.search(expected, quick.failure(), re.DOTALL), message=expected)
    for fault in quick.cameras.faults.values():
        fault.delay, fault.stamp = 0.0, None
    recovers(quick, lambda: None)


def test_use_sim_time_without_a_clock_is_named(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, use_sim_time=True) as bench:
        for fault in bench.cameras.faults.values():
            fault.stamp = time.time()
        wait_until(lambda: 'use_sim_time is set here, but nobody publishes /clock' in bench.failure())


def test_when_a_bag_begins_again_expect_observations_within_2_s(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, use_sim_time=True) as bench:
        clock = bench.probe.create_publisher(ClockMessage, '/clock', 10)
        started, time_of_bag = time.monotonic(), [1000.0]

        def tick() -> None:
            clock.publish(ClockMessage(clock=time_to_message(time_of_bag[0] + time.monotonic() - started)))

        bench.probe.create_timer(0.02, tick)
        wait_until(lambda: bench.works() and engine.observations[-1].stamp >= 1000)
        for begin in (500.0, 500.0 + started - time.monotonic() - 3.0):  # far back, then a few seconds
            at_jump = engine.observations[-1].stamp
            recovers(bench, lambda begin=begin: time_of_bag.__setitem__(0, begin),
                     lambda before=at_jump: engine.observations[-1].stamp < before)
