# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Record demonstrations: the scripted expert does the task while many cameras look on."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.episodes.store import Episode, EpisodeStore
from robot4d_core.errors import ExpertError
from robot4d_core.geometry.pointmaps import depth_in_millimetres
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES

IMAGE_SIZE = (160, 128)
MAX_SECONDS = 40.0
EXPERT_ERROR = 0.01  # metres, standard deviation, in free space
STILL_SECONDS = FRAME_INTERVAL * FRAMES  # recorded after the task is done, so that every horizon is full


def record(
    folder: Path,
    task: str,
    episodes: int,
    cameras: int,
    *,
    seed: int = 0,
    size: tuple[int, int] = IMAGE_SIZE,
    workers: int = 1,
) -> EpisodeStore:
    """Render episodes seed, seed + 1, ... that are not in folder yet; shows progress with time left.

    The same seed gives the same episode, whatever the number of workers. A demonstration that fails is left out.
    """
    from rich.progress import track

    store = EpisodeStore(folder, {'task': task, 'cameras': cameras, 'size': list(size), 'interval': FRAME_INTERVAL})
    missing = [s for s in range(seed, seed + episodes) if episode_name(s) not in store.names]
    jobs = [(Path(folder), task, s, cameras, size) for s in missing]
    if workers == 1:
        for job in track(jobs, description='recording'):
            _record_episode(job)
    elif jobs:
        with multiprocessing.get_context('spawn').Pool(workers) as pool:
            for _ in track(pool.imap_unordered(_record_episode, jobs), description='recording', total=len(jobs)):
                pass
    return store


def episode_name(seed: int) -> str:
    """Return the name of the episode that is made from a seed."""
    return f'episode_{seed:06d}'


def _record_episode(job: tuple[Path, str, int, int, tuple[int, int]]) -> None:
    folder, task, seed, cameras, size = job
    try:
        episode, attributes = demonstrate(task, seed, cameras, size)
    except ExpertError:
        return
    if attributes['success']:
        EpisodeStore(folder).write(episode_name(seed), episode, **attributes)


def demonstrate(task: str, seed: int, cameras: int, size: tuple[int, int] = IMAGE_SIZE) -> tuple[Episode, dict]:
    """Let the expert do the task in the cell of seed, with small errors of its own, and film it.

    The first frame comes at a random moment of the first interval; every third episode begins in the middle of the
    task, as the expert is asked to take over from wherever the last cycle ended.
    """
    rng = np.random.default_rng([seed, 2])
    width, height = size
    scene = Scene.sample(task, seed, width, height, camera_names=[f'camera_{k}' for k in range(cameras)])
    cell = RobotCell(scene)
    expert = Expert(cell, perturbation=EXPERT_ERROR, rng=rng)
    expert.advance(rng.uniform(0.0, FRAME_INTERVAL))
    if seed % 3 == 0:
        expert.advance(rng.uniform(0.0, 8.0))
        expert = Expert(cell, perturbation=EXPERT_ERROR, rng=rng)
    frames, still = [], 0.0
    while cell.time < MAX_SECONDS and still <= STILL_SECONDS:
        frames.append(_film(cell, scene))
        expert.advance(FRAME_INTERVAL)
        still = still + FRAME_INTERVAL if expert.done else 0.0
    stack = {name: np.stack([frame[name] for frame in frames]) for name in frames[0]}
    cell.close()
    episode = Episode(
        rgb=stack['rgb'].swapaxes(0, 1), depth=stack['depth'].swapaxes(0, 1),
        segmentation=stack['segmentation'].swapaxes(0, 1),
        intrinsics=np.stack([placement.camera.matrix for placement in scene.cameras]),
        camera_poses=np.stack([placement.T_world_optical for placement in scene.cameras]),
        gripper_poses=stack['gripper_pose'], opening=stack['opening'], joints=stack['joints'],
        commands=stack['commands'], times=stack['time'],
    )
    return episode, {'seed': seed, 'task': task, 'success': bool(cell.success()), 'scene': scene.to_json()}


def _film(cell: RobotCell, scene: Scene) -> dict[str, np.ndarray]:
    views = [cell.render(placement.name) for placement in scene.cameras]
    return {
        'rgb': np.stack([view.rgb for view in views]),
        'depth': np.stack([depth_in_millimetres(view.depth) for view in views]),
        'segmentation': np.stack([view.segmentation for view in views]).astype(np.uint8),
        'gripper_pose': np.stack([arm.gripper_pose() for arm in cell.arms]),
        'opening': np.array([arm.gripper_opening for arm in cell.arms]),
        'joints': np.stack([arm.positions for arm in cell.arms]),
        'commands': np.stack([[*arm.commands, arm.gripper_command] for arm in cell.arms]),
        'time': np.float64(cell.time),
    }
