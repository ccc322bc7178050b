# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One demonstration: the scripted expert does the task while many cameras look on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.film import Film
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.sensor import SensorModel
from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.splits import split_of
from robot4d_core.errors import ExpertError
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES
from robot4d_core.robot.names import CELL

IMAGE_SIZE = (160, 128)
MAX_SECONDS = 40.0
EXPERT_ERROR = 0.01  # metres, standard deviation, in free space
STILL_SECONDS = FRAME_INTERVAL * FRAMES  # recorded after the task is done, so that every horizon is full

_EXPERT = 2  # what a seed's random numbers are for; the scene has 0 and 5, the cell 1, the film 3 and 4, looks 6


def demonstrate(
    task: str, seed: int, cameras: int, size: tuple[int, int] = IMAGE_SIZE, sensor: SensorModel | None = None,
    on_step: Callable[[], None] = lambda: None, outside_shell: bool = False, robot: str = CELL,
) -> tuple[Episode, dict]:
    """Let the expert do the task in the cell of seed, with small errors of its own, and film it.

    The first frame comes at a random moment of the first interval; every third episode begins in the middle of the
    task, as the expert is asked to take over from wherever the last cycle ended.
    sensor: what films it, None for perfect images; on_step is called after each step; outside_shell: whether more
    cameras film it, see Scene.sample; robot: a name in robot.names.SHIPPED. Returns the episode and its attributes.
    Raises ExpertError when the expert fails.
    """
    cell = RobotCell(sample_scene(task, seed, cameras, size, outside_shell, robot))
    try:
        film = Film(cell, sensor)
        expert = begin(cell)
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
    return film.episode(), attributes_of(cell)


def sample_scene(
    task: str, seed: int, cameras: int, size: tuple[int, int], outside_shell: bool = False, robot: str = CELL,
) -> Scene:
    """Return the scene of a seed as recordings film it, its objects where the seed's split has them."""
    width, height = size
    return Scene.sample(
        task, seed, width, height, [f'camera_{k}' for k in range(cameras)], split_of(seed) == 'held_out_objects',
        outside_shell, robot)


def attributes_of(cell: RobotCell) -> dict:
    """Return what an episode filmed in a cell says about itself."""
    scene = cell.scene
    return {
        'task': scene.task, 'cell_robot': scene.robot, 'instruction': cell.task.instruction, 'success': True,
        'split': split_of(scene.seed), 'cameras': [placement.name for placement in scene.cameras],
        'grippers': [arm.names.gripper.name for arm in cell.arms], 'objects': list(cell.task.objects),
        'seed': scene.seed, 'scene': scene.to_json(),
    }


def replay(scene: Scene, step: int) -> RobotCell:
    """Return a cell in the state that demonstrate filmed at a step; nothing is filmed. Raises ExpertError."""
    cell = RobotCell(scene)
    expert = begin(cell)
    for _ in range(step):
        expert.advance(FRAME_INTERVAL)
    return cell


def begin(cell: RobotCell) -> Expert:
    """Return the expert at the first step of the demonstration of the cell's seed."""
    rng = np.random.default_rng([cell.scene.seed, _EXPERT])
    expert = Expert(cell, perturbation=EXPERT_ERROR, rng=rng)
    expert.advance(rng.uniform(0.0, FRAME_INTERVAL))
    if cell.scene.seed % 3 == 0:
        expert.advance(rng.uniform(0.0, 8.0))
        expert = Expert(cell, perturbation=EXPERT_ERROR, rng=rng)
    return expert
