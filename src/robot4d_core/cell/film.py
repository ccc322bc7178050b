# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Filming a cell: images of its cameras, poses and commands of its arms, step by step."""

from __future__ import annotations

import numpy as np

from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.sensor import SensorModel
from robot4d_core.episodes.episode import Episode
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import depth_in_millimetres

_CALIBRATION, _IMAGE = 3, 4  # what a seed's random numbers are for; the scene has 0 and 5, the cell 1, experts 2 and 6


class Film:
    """What the cameras of a cell, its arms and their commands were at each step.

    sensor: what the cameras are like, None for perfect images; take: tells the films of one scene apart, whose images
    have noise of their own.
    """

    def __init__(self, cell: RobotCell, sensor: SensorModel | None, take: tuple[int, ...] = ()) -> None:
        self._cell, self._sensor, self._take = cell, sensor, take
        self._claimed = [placement.camera for placement in cell.scene.cameras]
        if sensor is not None:
            rngs = [np.random.default_rng([cell.scene.seed, _CALIBRATION, k]) for k in range(len(self._claimed))]
            self._claimed = [sensor.claimed_camera(camera, rng) for camera, rng in zip(self._claimed, rngs)]
            self._colour_gains = [sensor.colour_gain(rng) for rng in rngs]
        self._steps: list[dict[str, np.ndarray]] = []

    def take_step(self) -> None:
        """Film the present moment."""
        images = [self._take_image(index) for index in range(len(self._cell.scene.cameras))]
        arms = self._cell.arms
        self._steps.append({
            **{name: np.stack([image[name] for image in images]) for name in images[0]},
            'gripper_poses': np.stack([arm.gripper_pose() for arm in arms]),
            'opening': np.array([arm.gripper_opening for arm in arms]),
            'joints': np.stack([arm.positions for arm in arms]),
            'commands': np.stack([[*arm.commands, arm.gripper_command] for arm in arms]),
            'times': np.float64(self._cell.time),
        })

    def _take_image(self, index: int) -> dict[str, np.ndarray]:
        placement = self._cell.scene.cameras[index]
        rendered = self._cell.render(placement.name)
        view = CameraView(placement.name, placement.camera, rendered.rgb, rendered.depth)
        if self._sensor is not None:
            rng = np.random.default_rng([self._cell.scene.seed, _IMAGE, index, len(self._steps), *self._take])
            view = self._sensor.apply(view, rng, self._colour_gains[index])
        return {'rgb': view.rgb, 'depth': depth_in_millimetres(view.depth), 'segmentation': rendered.segmentation}

    def episode(self) -> Episode:
        """Return all that was filmed."""
        arrays = {name: np.stack([step[name] for step in self._steps]) for name in self._steps[0]}
        for name in ('rgb', 'depth', 'segmentation'):
            arrays[name] = arrays[name].swapaxes(0, 1)
        return Episode(
            intrinsics=np.stack([camera.matrix for camera in self._claimed]),
            camera_poses=np.stack([placement.T_world_optical for placement in self._cell.scene.cameras]),
            **arrays,
        )
