# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One demonstration: the scripted expert does the task while many cameras look on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.sensor import SensorModel
from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.splits import split_of
from robot4d_core.errors import ExpertError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import depth_in_millimetres
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES

IMAGE_SIZE = (160, 128)
MAX_SECONDS = 40.0
EXPERT_ERROR = 0.01  # metres, standard deviation, in free space
STILL_SECONDS = FRAME_INTERVAL * FRAMES  # recorded after the task is done, so that every horizon is full

_EXPERT, _CALIBRATION, _IMAGE = 2, 3, 4  # what a seed's random numbers are for; the scene has 0 and 5, the cell 1


def demonstrate(
    task: str, seed: int, cameras: int, size: tuple[int, int] = IMAGE_SIZE, sensor: SensorModel | None = None,
    on_step: Callable[[], None] = lambda: None, outside_shell: bool = False,
) -> tuple[Episode, dict]:
    """Let the expert do the task in the cell of seed, with small errors of its own, and film it.

    The first frame comes at a random moment of the first interval; every third episode begins in the middle of the
    task, as the expert is asked to take over from wherever the last cycle ended.
    sensor: what films it, None for perfect images; on_step is called after each step; outside_shell: whether more
    cameras film it, see Scene.sample. Returns the episode and its
    attributes. Raises ExpertError when the expert fails.
    """
    width, height = size
    split = split_of(seed)
    scene = Scene.sample(
        task, seed, width, height, [f'camera_{k}' for k in range(cameras)], split == 'held_out_objects',
        outside_shell)
    cell = RobotCell(scene)
    try:
        film = _Film(cell, sensor)
        expert = _begin(cell)
        still = 0.0
        while cell.time < MAX_SECONDS and still <= STILL_SECONDS:
            film.take_step()
            on_step()
            expert.advance(FRAME_INTERVAL)
            still = still + FRAME_INTERVAL if expert.done else 0.0
        if missing := cell.missing():
            raise ExpertError(
                f"the task is not done after {cell.time:.1f} s: {'; '.join(missing)}; the arms' last stages: "
                f"{', '.join(stage.name for stage in expert.stages)}")
    finally:
        cell.close()
    return film.episode(), {
        'task': task, 'instruction': cell.task.instruction, 'success': True, 'split': split,
        'cameras': [placement.name for placement in scene.cameras],
        'grippers': [arm.names.gripper.name for arm in cell.arms], 'objects': list(cell.task.objects),
        'seed': seed, 'scene': scene.to_json(),
    }


def replay(scene: Scene, step: int) -> RobotCell:
    """Return a cell in the state that demonstrate filmed at a step; nothing is filmed. Raises ExpertError."""
    cell = RobotCell(scene)
    expert = _begin(cell)
    for _ in range(step):
        expert.advance(FRAME_INTERVAL)
    return cell


def _begin(cell: RobotCell) -> Expert:
    """Return the expert at the first step of the demonstration of the cell's seed."""
    rng = np.random.default_rng([cell.scene.seed, _EXPERT])
    expert = Expert(cell, perturbation=EXPERT_ERROR, rng=rng)
    expert.advance(rng.uniform(0.0, FRAME_INTERVAL))
    if cell.scene.seed % 3 == 0:
        expert.advance(rng.uniform(0.0, 8.0))
        expert = Expert(cell, perturbation=EXPERT_ERROR, rng=rng)
    return expert


class _Film:
    """What the cameras of a cell, its arms and their commands were at each step."""

    def __init__(self, cell: RobotCell, sensor: SensorModel | None) -> None:
        self._cell, self._sensor = cell, sensor
        self._claimed = [placement.camera for placement in cell.scene.cameras]
        if sensor is not None:
            rngs = [np.random.default_rng([cell.scene.seed, _CALIBRATION, k]) for k in range(len(self._claimed))]
            self._claimed = [sensor.claimed_camera(camera, rng) for camera, rng in zip(self._claimed, rngs)]
            self._colour_gains = [sensor.colour_gain(rng) for rng in rngs]
        self._steps: list[dict[str, np.ndarray]] = []

    def take_step(self) -> None:
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
            rng = np.random.default_rng([self._cell.scene.seed, _IMAGE, index, len(self._steps)])
            view = self._sensor.apply(view, rng, self._colour_gains[index])
        return {'rgb': view.rgb, 'depth': depth_in_millimetres(view.depth), 'segmentation': rendered.segmentation}

    def episode(self) -> Episode:
        arrays = {name: np.stack([step[name] for step in self._steps]) for name in self._steps[0]}
        for name in ('rgb', 'depth', 'segmentation'):
            arrays[name] = arrays[name].swapaxes(0, 1)
        return Episode(
            intrinsics=np.stack([camera.matrix for camera in self._claimed]),
            camera_poses=np.stack([placement.T_world_optical for placement in self._cell.scene.cameras]),
            **arrays,
        )
