# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the generator makes of its inputs over real DDS: synchronised views, or the name of what is wrong with them."""

from __future__ import annotations

import re
import threading
import time

import numpy as np
import pytest
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import CameraInfo, CompressedImage

from nodes.bench import CAMERA, SteppingEngine, stranger, wait_until, wall
from nodes.generator.generator_bench import QUICK, Bench, says_at_configure
from robot4d.msg import SimulatorState
from robot4d_core.geometry.lens import Lens, LensCamera
from robot4d_nodes import qos
from robot4d_nodes.conversions import camera_to_message, header, time_to_message


def test_the_engine_sees_both_views_synchronised_reference_first_with_holes_as_nan(bench, engine):
    observation = engine.observations[-1]
    assert [view.name for view in observation.views] == ['reference', 'second']
    assert observation.frame_id == 'reference_color_optical_frame'
    for view in observation.views:
        assert view.camera == CAMERA
        assert np.isnan(view.depth[0, 0]) and view.depth[20, 20] == pytest.approx(1.06, abs=1e-3)
    assert 0 <= bench.generator.seconds_now() - observation.stamp < 5


def test_an_observation_is_never_older_than_the_goal_allows(bench, engine):
    arrival = bench.generator.seconds_now()
    bench.predict()
    assert engine.observations[-1].stamp >= arrival - bench.generator.parameters.max_age


def camera(bench: Bench, name: str = 'second'):
    return bench.cameras.faults[name]


@pytest.mark.parametrize('fault, message', [
    ({'silent': {'colour'}},
     r'second: no colour image for \d\.\d s on /second/color/image_raw: its publisher /cameras is silent'),
    ({'silent': {'depth'}}, r'second: no depth image for \d\.\d s on /second/aligned_depth_to_color/image_raw'),
    ({'silent': {'colour', 'depth', 'info'}}, r'second: no colour image for \d\.\d s on /second/color/image_raw'),
    ({'colour_encoding': 'yuv422'}, r"/second/color/image_raw: a colour image must be rgb8.* got 'yuv422'"),
    ({'depth_encoding': 'mono8'}, r"aligned_depth_to_color/image_raw: a depth image must be 16UC1.* got 'mono8'"),
    ({'size': (32, 24)}, r'/second/color/image_raw: image is 32x24 but camera_info says 64x48'),
    ({'info_size': (32, 24)}, r'/second/color/image_raw: image is 64x48 but camera_info says 32x24'),
    ({'zoom': 0.0}, r'/second/color/camera_info: focal lengths must be positive'),
    ({'zoom': float('nan')}, r'/second/color/camera_info: fx must be finite'),
    ({'info': {'d': [0.1] * 5, 'distortion_model': 'brown5'}}, r"/second/color/camera_info: .* by a model 'brown5'"),
    ({'padding': 6}, r'/second/color/image_raw: the image says 64x48 rgb8 with 186 bytes a row, which must be 192'),
    ({'unit': 1000.0, 'depth_encoding': '32FC1'}, r'aligned_depth_to_color/image_raw: the median depth is 1\d{3} m'),
    ({'unit': 10.0}, r'aligned_depth_to_color/image_raw: the median depth is 10\.\d+ m, expected 0.1 to 5.0 m'),
    ({'frame': 'reference_color_optical_frame'}, r"cameras reference and second are both in frame 'reference_color"),
    ({'seen_as': 'second'}, r'the colour images of cameras reference and second are identical'),
    ({'depth_frame': 'second_depth_optical_frame'}, r"second: depth is in frame 'second_depth_optical_frame'"),
    ({'delay': 60.0}, r'the clocks of reference \w+ and second \w+ differ by (59|60)'),
], ids=lambda value: value if isinstance(value, str) else next(iter(value)))
def test_when_an_input_goes_bad_expect_it_named_no_prediction_and_recovery(quick, fault, message):
    bench = quick
    healthy = dict(vars(camera(bench)))
    vars(camera(bench)).update(fault)
    wait_until(
        lambda: re.search(message, failure := bench.failure()) and 'reference:' not in failure, message=message)
    if not {'depth_frame', 'frame', 'seen_as', 'unit'} & set(fault):  # noticed only when images are used
        wait_until(lambda: re.search(message, bench.probe.says('generator: cameras reference, second')))
    vars(camera(bench)).update(healthy)
    wait_until(bench.works, message='no recovery')


def test_when_all_stamps_are_old_expect_their_age(quick):
    for fault in quick.cameras.faults.values():
        fault.delay = 30.0
    wait_until(lambda: re.search(r'images are (29|3\d)\.\d s old', quick.failure()))


def test_when_all_stamps_are_in_the_future_expect_the_clocks_named(quick):
    for fault in quick.cameras.faults.values():
        fault.delay = -30.0
    wait_until(lambda: "ahead of this node's clock" in quick.failure())


def test_skew_and_rates_are_in_diagnostics(bench):
    wait_until(lambda: bench.probe.health.get('generator: cameras reference, second'))
    cameras = bench.probe.health['generator: cameras reference, second']
    values = {value.key: value.value for value in cameras.values}
    assert float(values['skew (ms)']) < 50 and int(values['looks']) > 0
    colour = bench.probe.health['generator: second colour']
    assert 1 < float({v.key: v.value for v in colour.values}['rate (Hz)']) < 40


def test_a_late_camera_info_is_waited_for(ros, monkeypatch, engine):
    late = Bench(monkeypatch, engine)
    camera(late).silent.add('info')
    with late as bench:
        threading.Timer(0.5, camera(bench).silent.clear).start()
        assert bench.works()


def test_when_camera_info_never_comes_expect_its_topic(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, second__info_topic='/elsewhere/camera_info') as bench:
        wait_until(lambda: bench.failure() == (
            'second: no camera_info on /elsewhere/camera_info: nobody publishes /elsewhere/camera_info'))


def test_when_a_camera_is_missing_from_the_start_expect_all_of_its_topics(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, cameras=['reference', 'third']) as bench:
        wait_until(lambda: bench.failure() == (
            'third: no camera_info on /third/color/camera_info: nobody publishes /third/color/camera_info; '
            'third: no colour image on /third/color/image_raw: nobody publishes /third/color/image_raw; '
            'third: no depth image on /third/aligned_depth_to_color/image_raw: nobody publishes '
            '/third/aligned_depth_to_color/image_raw'))


def test_when_qos_does_not_fit_expect_it_in_diagnostics(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, second__color_qos='LATCHED') as bench:
        wait_until(lambda: bench.failure() == (
            'second: no colour image on /second/color/image_raw: /cameras cannot be heard (volatile publisher and '
            'transient local subscription); set second.color_qos to one of SENSOR_DATA, SYSTEM_DEFAULT, DEFAULT, '
            'LATCHED'))


def test_when_a_topic_is_of_another_type_expect_it_named(ros, monkeypatch, engine):
    with stranger() as other, Bench(monkeypatch, engine, **QUICK, second__color_topic='/colour') as bench:
        other.create_publisher(CompressedImage, '/colour', qos.CAMERA_SOURCE)
        wait_until(lambda: ('second: no colour image on /colour: it is published as sensor_msgs/msg/CompressedImage by '
                            '/stranger, not as sensor_msgs/msg/Image') in bench.failure())


def test_when_one_topic_is_taken_as_two_types_expect_it_named_at_configure(ros, monkeypatch, engine):
    says_at_configure(monkeypatch, engine, '/reference/color/camera_info cannot be heard as sensor_msgs/msg/Image',
                      second__color_topic='/reference/color/camera_info')


@pytest.mark.parametrize('info_qos', ['SENSOR_DATA', 'LATCHED'])
def test_a_latched_camera_info_of_before_is_heard_where_its_qos_is_named(ros, monkeypatch, engine, info_qos):
    made = Bench(monkeypatch, engine, **QUICK, second__info_topic='/latched/camera_info', second__info_qos=info_qos)
    made.probe.create_publisher(CameraInfo, '/latched/camera_info', qos.LATCHED).publish(
        camera_to_message(CAMERA, 1.0, ''))
    with made as bench:
        if info_qos == 'LATCHED':
            wait_until(bench.works)
        else:
            wait_until(lambda: 'second: no camera_info on /latched/camera_info: its publisher /probe is silent, and '
                               'may have been latched before: set second.info_qos to' in bench.failure())


def test_two_cameras_on_one_topic_are_refused_at_configure(ros, monkeypatch, engine):
    says_at_configure(monkeypatch, engine, 'cameras reference and second both take /reference/color/image_raw',
                      second__color_topic='/reference/color/image_raw')


def test_a_zoom_is_followed_and_no_image_is_seen_through_another_lens(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK) as bench:
        wait_until(bench.works)
        camera(bench).zoom = 2.0
        wait_until(lambda: bench.works() and engine.observations[-1].views[1].camera.fx == 2 * CAMERA.fx)
        vars(camera(bench)).update(size=(32, 24), info_size=(32, 24), zoom=1.0)  # a resolution switch
        wait_until(lambda: bench.works() and engine.observations[-1].views[1].camera == CAMERA.resized(32, 24))


def test_distorted_images_are_rectified(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK) as bench:
        lens = [-0.3, 0.1, 0.0, 0.0, 0.0]
        camera(bench).info = {'d': lens}
        rgb, depth = wall()
        expected = LensCamera(CAMERA, Lens(tuple(lens)))

        def rectified() -> bool:
            view = bench.works() and engine.observations[-1].views[1]
            return view and np.array_equal(view.rgb, expected.rectified_colour(np.ascontiguousarray(rgb[..., ::-1])))

        wait_until(rectified)
        np.testing.assert_allclose(
            engine.observations[-1].views[1].depth, expected.rectified_depth(depth), atol=1e-3)


def test_when_time_jumps_back_expect_old_images_forgotten(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, use_sim_time=True) as bench:
        clock = bench.probe.create_publisher(ClockMessage, '/clock', 10)
        started, time_of_bag = time.monotonic(), [1000.0]

        def tick() -> None:
            clock.publish(ClockMessage(clock=time_to_message(time_of_bag[0] + time.monotonic() - started)))

        bench.probe.create_timer(0.02, tick)
        wait_until(lambda: bench.works() and engine.observations[-1].stamp >= 1000)
        time_of_bag[0] = 500.0  # the bag starts again
        wait_until(lambda: bench.works() and engine.observations[-1].stamp < 600)


def test_an_engine_that_needs_the_simulator_gets_the_state_at_the_observation(ros, monkeypatch):
    engine = SteppingEngine(needs_simulator=True)
    with Bench(monkeypatch, engine, **QUICK) as bench:
        wait_until(lambda: 'is the cell node running' in bench.failure())
        publisher = bench.probe.create_publisher(SimulatorState, 'simulator_state', 10)

        def publish() -> None:
            now = bench.generator.seconds_now()
            publisher.publish(SimulatorState(header=header(now, 'world'), scene='{}', state=[now]))

        bench.probe.create_timer(0.02, publish)
        wait_until(bench.works)
        observation = engine.observations[-1]
        assert abs(observation.simulator.state[0] - observation.stamp) <= 0.05
