# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The generator node over real DDS: predictions from synchronised cameras, and a plain reason when there is none."""

from __future__ import annotations

import re
import shutil
import signal
import threading
import time

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticStatus
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock as ClockMessage

import robot4d_nodes.generator
from core.manual_clock import ManualClock
from nodes.bench import (
    CAMERA,
    NODES,
    Probe,
    SteppingEngine,
    SyntheticCameras,
    node_process,
    overrides,
    wait_until,
)
from robot4d.action import Predict
from robot4d.msg import Prediction, SimulatorState
from robot4d_core.cell.scene import Scene
from robot4d_core.errors import EngineError
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.share import share_directory
from robot4d_nodes.conversions import header, prediction_from_message, time_to_message, uuid_from_message
from robot4d_nodes.generator import Generator
from robot4d_nodes.lifecycle import spinning

RESULT = Predict.Result
PATIENT = {'engine': 'hold', 'max_silence': 60.0, 'observation_timeout': 60.0}
QUICK = {'max_silence': 0.8, 'observation_timeout': 0.8}


class Bench:
    """A generator, two cameras and a client, spinning."""

    def __init__(self, monkeypatch, engine: SteppingEngine, **values) -> None:
        monkeypatch.setattr(robot4d_nodes.generator, 'make_engine', lambda name, **options: engine)
        self.generator = Generator(parameter_overrides=overrides(**{**PATIENT, **values}))
        self.probe = Probe()
        self.cameras = SyntheticCameras(use_sim_time=values.get('use_sim_time', False))
        self.predictions = self.probe.collect(Prediction, 'prediction')
        self.client = ActionClient(self.probe, Predict, 'predict')
        self.feedback: list[Predict.Feedback] = []

    def __enter__(self) -> Bench:
        self._spinning = spinning(self.generator, self.cameras, self.probe)
        self._spinning.__enter__()
        wait_until(lambda: self.generator.active)
        assert self.client.wait_for_server(100.0)
        return self

    def __exit__(self, *error) -> None:
        self._spinning.__exit__(*error)

    def send(self, **goal):
        """Return the goal handle and the future of the result."""
        sending = self.client.send_goal_async(
            Predict.Goal(**{'seed': -1, **goal}), feedback_callback=lambda m: self.feedback.append(m.feedback))
        wait_until(sending.done)
        return sending.result(), sending.result().get_result_async()

    def predict(self, **goal) -> RESULT:
        _, future = self.send(**goal)
        wait_until(future.done)
        return future.result().result

    def failure(self) -> str:
        """Try to predict; return why there is no observation, '' when there is one."""
        result = self.predict()
        return result.message if result.code == RESULT.NO_OBSERVATION else ''

    def works(self) -> bool:
        return self.predict().code == RESULT.SUCCEEDED


@pytest.fixture
def engine():
    return SteppingEngine()


@pytest.fixture
def bench(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine) as running:
        wait_until(running.works)
        yield running


@pytest.fixture
def quick(ros, monkeypatch, engine):
    """Return a bench that soon gives up: for what fails, and for what is tried again until it works."""
    with Bench(monkeypatch, engine, **QUICK) as running:
        wait_until(running.works)
        yield running


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


def test_steps_default_to_the_parameter_then_to_the_engine(bench, engine):
    bench.predict()
    assert engine.calls[-1] == {'steps': None, 'seed': None}
    bench.generator.set_parameters(overrides(steps=2))
    bench.predict()
    assert engine.calls[-1]['steps'] == 2


def test_when_too_many_steps_are_asked_for_expect_invalid_goal(bench):
    result = bench.predict(steps=5000)
    assert result.code == RESULT.INVALID_GOAL and '1000' in result.message


def camera(bench: Bench, name: str = 'second'):
    return bench.cameras.faults[name]


@pytest.mark.parametrize('fault, message', [
    ({'silent': {'colour'}}, r'second: no colour image on /second/color/image_raw for \d'),
    ({'silent': {'depth'}}, r'second: no depth image on /second/aligned_depth_to_color/image_raw for \d'),
    ({'silent': {'colour', 'depth', 'info'}}, r'second: no colour image on /second/color/image_raw for \d'),
    ({'colour_encoding': 'yuv422'}, r"/second/color/image_raw: a colour image must be rgb8.* got 'yuv422'"),
    ({'depth_encoding': 'mono8'}, r"aligned_depth_to_color/image_raw: a depth image must be 16UC1.* got 'mono8'"),
    ({'size': (32, 24)}, r'/second/color/image_raw: image is 32x24 but camera_info says 64x48'),
    ({'focal_length': 0.0}, r'/second/color/camera_info: focal lengths must be positive'),
    ({'focal_length': float('nan')}, r'/second/color/camera_info: fx must be finite'),
    ({'depth_frame': 'second_depth_optical_frame'}, r"second: depth is in frame 'second_depth_optical_frame'"),
    ({'delay': 60.0}, r'reference and second are \d{5} ms apart, limit 50 ms'),
], ids=lambda value: value if isinstance(value, str) else next(iter(value)))
def test_when_an_input_goes_bad_expect_it_named_no_prediction_and_recovery(quick, fault, message):
    bench = quick
    healthy = dict(vars(camera(bench)))
    vars(camera(bench)).update(fault)
    wait_until(
        lambda: re.search(message, failure := bench.failure()) and 'reference:' not in failure, message=message)
    if 'depth_frame' not in fault:  # noticed only when images are used
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
        wait_until(lambda: bench.failure() == 'second: no camera_info on /elsewhere/camera_info')


def test_when_a_camera_is_missing_from_the_start_expect_all_of_its_topics(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, cameras=['reference', 'third']) as bench:
        wait_until(lambda: bench.failure() == (
            'third: no camera_info on /third/color/camera_info; third: no colour image on /third/color/image_raw; '
            'third: no depth image on /third/aligned_depth_to_color/image_raw'))


def test_when_qos_does_not_fit_expect_it_in_diagnostics(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, second__color_qos='LATCHED') as bench:
        wait_until(lambda: 'another DURABILITY' in bench.failure())


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
    engine.step_time, engine.sleep = 0.1, clock.sleep
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


@pytest.mark.parametrize('error, message', [
    (EngineError("no model in '/nowhere'; set the parameter model"), "cannot configure: no model in '/nowhere'"),
    (ModuleNotFoundError('No module named torch', name='torch'), "needs the Python package 'torch'"),
])
def test_when_the_engine_cannot_load_expect_it_named_and_the_node_unconfigured(ros, monkeypatch, error, message):
    def make_engine(*_, **__):
        raise error

    monkeypatch.setattr(robot4d_nodes.generator, 'make_engine', make_engine)
    generator, probe = Generator(), Probe()
    with spinning(generator, probe):
        health = wait_until(lambda: probe.health.get('generator: state'))
        assert health.level == DiagnosticStatus.ERROR and message in health.message
        assert generator.state == 'unconfigured'


def no_weights(folder):
    for file in (folder / 'unet').glob('*.safetensors'):
        file.unlink()


def changed_byte(folder):
    file = folder / 'unet' / 'config.json'
    file.write_bytes(file.read_bytes().replace(b'32', b'64', 1))


def other_model(folder):
    file = folder / 'model_index.json'
    file.write_text(file.read_text().replace('TwoViewPipeline', 'StableVideoDiffusionPipeline'))


@pytest.mark.parametrize('damage, device, message', [
    (lambda folder: shutil.rmtree(folder), 'cpu', r'no model in .*tiny: model_index.json is missing; .*robot4d train'),
    (no_weights, 'cpu', 'unet has no weights'),
    (changed_byte, 'cpu', r'unet/config.json differs from SHA256SUMS; restore the folder'),
    (other_model, 'cpu', r'holds a StableVideoDiffusionPipeline, expected a TwoViewPipeline'),
    (lambda folder: None, 'cuda:99', r"'cuda:99' was demanded but torch finds \d CUDA GPUs; choose 'auto' or 'cpu'"),
], ids=['no folder', 'no weights', 'changed', 'other model', 'no gpu'])
def test_when_the_model_cannot_be_used_expect_configure_refused_with_what_to_do(
    ros, tmp_path, damage, device, message
):
    folder = shutil.copytree(share_directory() / 'models' / 'tabletop_tiny', tmp_path / 'tiny')
    damage(folder)
    generator = Generator(parameter_overrides=overrides(model=str(folder), device=device, autostart=False))
    probe = Probe()
    with spinning(generator, probe):
        assert generator.trigger_configure() == TransitionCallbackReturn.FAILURE
        assert generator.state == 'unconfigured'
        wait_until(lambda: probe.health.get('generator: state', DiagnosticStatus()).level == DiagnosticStatus.ERROR)
        told = probe.health['generator: state'].message
        assert re.search(message, told), told


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
