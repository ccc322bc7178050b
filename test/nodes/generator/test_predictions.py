# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Goals of the action predict over real DDS: a prediction, or a plain reason when there is none."""

from __future__ import annotations

import signal
import time

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from rclpy.parameter import Parameter

import robot4d_nodes.generator
from core.manual_clock import ManualClock
from nodes.bench import NODES, Probe, node_process, overrides, wait_until
from nodes.generator.generator_bench import RESULT, Bench
from robot4d.action import Predict
from robot4d.msg import Prediction, SimulatorState
from robot4d_core.cell.scene import Scene
from robot4d_core.errors import EngineError
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_nodes.conversions import prediction_from_message, uuid_from_message
from robot4d_nodes.lifecycle import spinning


def test_a_goal_yields_feedback_a_result_and_the_prediction_on_its_topic(bench, engine):
    engine.step_time = 0.05
    bench.feedback.clear()
    result = bench.predict(instruction='put it there', steps=4, seed=7)
    assert (result.code, result.model) == (RESULT.SUCCEEDED, 'stepping')
    wait_until(lambda: [m for m in bench.predictions if m.id == result.prediction_id])
    prediction = prediction_from_message(bench.predictions[-1])
    assert prediction.id == uuid_from_message(result.prediction_id)
    assert prediction.frame_id == 'reference_color_optical_frame'
    assert [view.name for view in prediction.views] == ['reference', 'second']
    assert engine.calls[-1] == {'steps': 4, 'seed': 7}
    told = [(f.step, f.steps) for f in bench.feedback]  # the last may come after the result, and is dropped then
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)][:len(told)] and len(told) >= 2


def test_steps_default_to_the_parameter_then_to_the_engine(bench, engine):
    bench.predict()
    assert engine.calls[-1] == {'steps': None, 'seed': None}
    bench.generator.set_parameters(overrides(steps=2))
    bench.predict()
    assert engine.calls[-1]['steps'] == 2


def test_when_too_many_steps_are_asked_for_expect_invalid_goal(bench):
    result = bench.predict(steps=5000)
    assert result.code == RESULT.INVALID_GOAL and '1000' in result.message


def test_cancel_takes_effect_between_two_steps(bench, engine):
    engine.step_time = 0.05
    count = len(bench.predictions)
    bench.feedback.clear()
    handle, future = bench.send(steps=900)
    wait_until(lambda: bench.feedback)
    wait_until(handle.cancel_goal_async().done)
    wait_until(future.done)
    assert future.result().result.code == RESULT.CANCELED
    assert future.result().status == GoalStatus.STATUS_CANCELED
    assert len(bench.feedback) < 900 and len(bench.predictions) == count
    assert bench.predict(steps=1).code == RESULT.SUCCEEDED


def test_feedback_estimates_the_time_left(bench, engine, monkeypatch):
    clock = ManualClock()
    monkeypatch.setattr(robot4d_nodes.generator, 'time', clock)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        time.sleep(0.05)  # of feedback, what the client has not heard before the result is dropped

    engine.step_time, engine.sleep = 0.1, sleep
    bench.feedback.clear()
    bench.predict(steps=6)
    remaining = [f.remaining.sec + f.remaining.nanosec * 1e-9 for f in bench.feedback]
    expected = [0, 0.4, 0.3, 0.2, 0.1, 0]  # not known yet, then counting down; what comes after the result is dropped
    assert len(remaining) > 2 and remaining == pytest.approx(expected[:len(remaining)])


def test_a_second_goal_is_refused_as_busy_and_the_first_is_not_disturbed(bench, engine):
    engine.gate.clear()
    calls = len(engine.calls)
    _, first = bench.send()
    wait_until(lambda: len(engine.calls) > calls)
    result = bench.predict()
    assert result.code == RESULT.BUSY and 'cancel' in result.message
    engine.gate.set()
    wait_until(first.done)
    assert first.result().result.code == RESULT.SUCCEEDED


def test_when_the_node_is_not_active_expect_not_active(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine) as bench:
        assert bench.works()
        bench.generator.trigger_deactivate()
        result = bench.predict()
        assert result.code == RESULT.NOT_ACTIVE and 'ros2 lifecycle set /generator activate' in result.message


def test_when_the_engine_fails_expect_its_words_and_another_try_to_work(bench, engine, monkeypatch):
    def fail(*_, **__):
        raise EngineError('the device has no memory left; use fewer steps')

    with monkeypatch.context() as patch:
        patch.setattr(engine, 'predict', fail)
        result = bench.predict()
        assert (result.code, result.message) == (
            RESULT.ENGINE_FAILED, 'the device has no memory left; use fewer steps')
    assert bench.works()


def test_when_the_engine_takes_too_long_expect_the_limit_named(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, engine_timeout=1.0) as bench:
        wait_until(bench.works)
        engine.gate.clear()
        result = bench.predict()
        assert result.code == RESULT.ENGINE_FAILED and 'engine_timeout (1 s)' in result.message


def test_with_the_hold_engine_and_the_simulated_cell_both_clouds_lie_in_the_reference_frame(ros):
    probe = Probe()
    predictions = probe.collect(Prediction, 'prediction')
    states = probe.collect(SimulatorState, 'simulator_state', 10)
    client = ActionClient(probe, Predict, 'predict')
    with (
        node_process(NODES / 'cell.py', 'use_sim_time:=true'),
        node_process(NODES / 'generator.py', 'use_sim_time:=true', 'engine:=hold', 'observation_timeout:=60.0'),
        spinning(probe),
    ):
        assert client.wait_for_server(100.0)
        wait_until(lambda: states)
        result = wait_until(lambda: succeeded(client))
        prediction = prediction_from_message(wait_until(lambda: predictions and predictions[-1]))
    assert prediction.model == result.model == 'hold'
    reference, second = Scene.from_json(states[0].scene).cameras
    truth = invert_pose(reference.T_world_optical) @ second.T_world_optical
    in_own_frame = transform_points(invert_pose(truth), prediction.views[1].pointmap[-1])
    pixels = second.camera.project(in_own_frame)
    v, u = np.mgrid[:second.camera.height, :second.camera.width]
    assert np.nanmedian(np.linalg.norm(pixels - np.dstack([u, v]), axis=-1)) < 3


def succeeded(client: ActionClient):
    """Ask for one prediction; return its result if there was one."""
    sending = client.send_goal_async(Predict.Goal(seed=-1))
    wait_until(sending.done)
    future = sending.result().get_result_async()
    wait_until(future.done)
    result = future.result().result
    return result if result.code == RESULT.SUCCEEDED else None


def test_ros2_param_set_refuses_what_is_out_of_range_or_out_of_time(bench):
    client = bench.probe.create_client(SetParameters, '/generator/set_parameters')
    assert client.wait_for_service(timeout_sec=100.0)

    def set_parameter(name: str, value: float):
        future = client.call_async(SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()]))
        wait_until(future.done)
        return future.result().results[0]

    assert 'max_age out of range' in set_parameter('max_age', -1.0).reason
    assert 'cleanup' in set_parameter('max_skew', 0.1).reason
    assert set_parameter('max_age', 0.25).successful
    assert bench.generator.parameters.max_age == 0.25


def test_sigint_while_a_goal_waits_for_an_observation_ends_the_process_in_order(ros):
    probe = Probe()
    client = ActionClient(probe, Predict, 'predict')
    with node_process(NODES / 'generator.py', 'engine:=hold') as process, spinning(probe):
        assert client.wait_for_server(100.0)
        wait_until(lambda: probe.says('generator: state') == 'active')
        sending = client.send_goal_async(Predict.Goal())
        wait_until(sending.done)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=100)
    assert process.returncode == 0 and 'Traceback' not in output
