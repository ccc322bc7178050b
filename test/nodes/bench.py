# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the node tests are made of: synthetic cameras, an engine that takes its time, probes, processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image

from robot4d_core.errors import PredictionCancelled
from robot4d_core.generator.engines.engine import Engine
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import pointmap_from_depth
from robot4d_core.prediction import PredictedView, Prediction, default_time_from_start
from robot4d_nodes import qos
from robot4d_nodes.conversions import camera_to_message, depth_to_message, image_to_message

CAMERA = PinholeCamera.from_field_of_view(np.deg2rad(50), 64, 48)
NODES = Path(__file__).parents[2] / 'src' / 'robot4d_nodes'


def overrides(**values) -> list[Parameter]:
    """Return parameter overrides; `second__info_topic` stands for the parameter second.info_topic."""
    return [Parameter(name.replace('__', '.'), value=value) for name, value in values.items()]


def wait_until(condition: Callable[[], object], timeout: float = 100.0, message: str = 'nothing happened') -> object:
    """Return the first true value of condition(); fail after timeout seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    pytest.fail(f'{message} within {timeout} s')


class Probe(Node):
    """Another node of the graph: collects messages and health."""

    def __init__(self) -> None:
        super().__init__('probe')
        self.health: dict[str, DiagnosticStatus] = {}
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def collect(self, message_type: type, topic: str, profile=qos.LATCHED) -> list:
        """Return a list that grows with every message on topic."""
        received: list = []
        self.create_subscription(message_type, topic, received.append, profile)
        return received

    def says(self, part: str) -> str:
        """Return the newest message in /diagnostics about a part, '' before there is one."""
        return self.health[part].message if part in self.health else ''

    def _on_diagnostics(self, array: DiagnosticArray) -> None:
        self.health.update({status.name: status for status in array.status})


@dataclass
class Fault:
    """How a synthetic camera misbehaves; change it while it runs."""

    silent: set[str] = field(default_factory=set)  # of colour, depth, info
    delay: float = 0.0  # seconds that its stamps lag behind
    stamp: float | None = None  # instead of the time
    colour_encoding: str = 'rgb8'
    depth_encoding: str = '16UC1'
    size: tuple[int, int] = (CAMERA.width, CAMERA.height)
    depth_frame: str | None = None
    frame: str | None = None
    seen_as: str = 'reference'  # whose colours it has
    info: dict = field(default_factory=dict)  # fields of camera_info
    padding: int = 0  # bytes by which rows are too short
    zoom: float = 1.0
    info_size: tuple[int, int] = (CAMERA.width, CAMERA.height)
    unit: float = 1.0  # by which its depth is multiplied


class SyntheticCameras(Node):
    """Publishes two cameras that look at a slanted wall about 1 m away, 20 times a second."""

    def __init__(self, names=('reference', 'second'), **values) -> None:
        super().__init__('cameras', parameter_overrides=overrides(**values))
        self.faults = {name: Fault() for name in names}
        self.frames = 0  # that each camera has sent
        self._topics = {name: {
            'colour': self.create_publisher(Image, f'/{name}/color/image_raw', qos.CAMERA_SOURCE),
            'depth': self.create_publisher(Image, f'/{name}/aligned_depth_to_color/image_raw', qos.CAMERA_SOURCE),
            'info': self.create_publisher(CameraInfo, f'/{name}/color/camera_info', qos.CAMERA_SOURCE),
        } for name in names}
        self.create_timer(0.05, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _publish(self) -> None:
        now = self.get_clock().now().nanoseconds * 1e-9
        self.frames += 1
        for name, fault in self.faults.items():
            for kind, message in self._messages(
                name, now - fault.delay if fault.stamp is None else fault.stamp).items():
                if kind not in fault.silent:
                    self._topics[name][kind].publish(message)

    def _messages(self, name: str, stamp: float) -> dict:
        fault = self.faults[name]
        frame = fault.frame or f'{name}_color_optical_frame'
        rgb, depth = wall(*fault.size)
        if name != fault.seen_as:
            rgb = np.ascontiguousarray(rgb[..., ::-1])
        colour = image_to_message(rgb, 'rgb8', stamp, frame)
        colour.encoding = fault.colour_encoding
        colour.step -= fault.padding
        depth_image = depth_to_message(depth * fault.unit, stamp, fault.depth_frame or frame)
        if fault.depth_encoding == '32FC1':
            depth_image = image_to_message(depth * fault.unit, '32FC1', stamp, fault.depth_frame or frame)
        depth_image.encoding = fault.depth_encoding
        info = camera_to_message(CAMERA.resized(*fault.info_size), stamp, frame)
        info.k[0] *= fault.zoom
        info.p[0] *= fault.zoom
        for field_name, value in fault.info.items():
            setattr(info, field_name, value)
        return {'info': info, 'colour': colour, 'depth': depth_image}


@contextmanager
def stranger() -> Iterator[Node]:
    """Make a node as of another process, which may publish topics of other types than ours."""
    context = Context()
    context.init()
    node = Node('stranger', context=context)
    yield node
    node.destroy_node()
    context.try_shutdown()


def wall(width: int = CAMERA.width, height: int = CAMERA.height) -> tuple[np.ndarray, np.ndarray]:
    """Return rgb (H, W, 3) uint8 and depth (H, W) metres of a slanted, patterned wall, with a hole in the depth."""
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    rgb = np.stack([u * 4, v * 5, (u // 8 + v // 8) % 2 * 255], axis=-1).astype(np.uint8)
    depth = (1.0 + 0.002 * u + 0.001 * v).astype(np.float32)
    depth[:4, :4] = np.nan
    return rgb, depth


class SteppingEngine(Engine):
    """An engine that takes `steps` steps of `step_time` seconds while its gate is open, then predicts no motion."""

    name = 'stepping'

    def __init__(self, step_time: float = 0.0, needs_simulator: bool = False, needs_robot: bool = False) -> None:
        self.step_time, self.needs_simulator, self.needs_robot = step_time, needs_simulator, needs_robot
        self.sleep = time.sleep
        self.gate = threading.Event()
        self.gate.set()
        self.observations: list = []
        self.calls: list[dict] = []

    def start(self) -> None:
        """There is nothing to load."""

    def predict(self, observation, *, steps=None, seed=None, progress=lambda *_: None, cancelled=lambda: False):
        """See Engine.predict."""
        self.observations.append(observation)
        self.calls.append({'steps': steps, 'seed': seed})
        steps = steps or 5
        for step in range(1, steps + 1):
            while cancelled() or not self.gate.wait(0.02):
                if cancelled():
                    raise PredictionCancelled('cancelled')
            self.sleep(self.step_time)
            progress(step, steps)
        return frozen_prediction(observation.stamp, observation.frame_id, self.name)


def frozen_prediction(stamp: float, frame_id: str = 'reference_color_optical_frame', model: str = 'test') -> Prediction:
    """Return a prediction in which both cameras see the wall and nothing moves."""
    rgb, depth = wall()
    times = default_time_from_start()
    points = pointmap_from_depth(depth, CAMERA)
    views = tuple(
        PredictedView(name, CAMERA, np.stack([rgb] * len(times)), np.stack([points] * len(times)))
        for name in ('reference', 'second'))
    return Prediction(stamp, frame_id, times, views, model)


@contextmanager
def node_process(script: Path, *parameters: str, files: Sequence[Path] = ()) -> Iterator[subprocess.Popen]:
    """Run a node's file as a process; parameters as `name:=value`, and files of them.

    It is killed at the end if it still runs.
    """
    arguments = [argument for parameter in parameters for argument in ('-p', parameter)]
    arguments += [argument for file in files for argument in ('--params-file', str(file))]
    process = subprocess.Popen(
        [sys.executable, script, '--ros-args', *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=100)
