# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Episodes whose every point is known: a ball per gripper moves over a table, seen by cameras at known places."""

from __future__ import annotations

import numpy as np

from robot4d_core.cell.cameras import sample_camera_pose
from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.episodes.splits import split_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import depth_in_millimetres

BALL_RADIUS = 0.08
HEIGHT_OVER_TABLE = 0.15
SIZE = (40, 32)
GRIPPERS = ['gripper', 'second_gripper']
LABELS = tuple(SEGMENTS.index(name) for name in ('hand', 'second_hand'))


def exact_depth(camera: PinholeCamera, T_world_optical: np.ndarray, balls: np.ndarray):
    """Depth (H, W) metres and label (H, W) of the table (z = 0) and of balls at (G, 3) in the world."""
    rays = camera.rays.astype(float) @ T_world_optical[:3, :3].T  # one metre of depth, seen in the world
    eye = T_world_optical[:3, 3]
    depth = np.where(rays[..., 2] < 0, -eye[2] / rays[..., 2], np.nan)
    label = np.zeros(depth.shape, np.uint8)
    for ball, number in zip(balls, LABELS):
        a, b, c = (rays**2).sum(-1), rays @ (eye - ball), ((eye - ball) ** 2).sum() - BALL_RADIUS**2
        discriminant = b**2 - a * c
        near = (-b - np.sqrt(np.maximum(discriminant, 0.0))) / a
        hit = (discriminant > 0) & ~(near > depth)
        depth, label = np.where(hit, near, depth), np.where(hit, number, label).astype(np.uint8)
    return depth, label


def analytic_episode(
    cameras: int = 4, steps: int = 14, grippers: int = 1, seed: int = 0, speed: float = 0.1, size=SIZE,
) -> Episode:
    """An episode in which the grippers' balls move along y at a speed (m/s).

    Every camera has its own intrinsics, every image its own colour.
    """
    rng = np.random.default_rng(seed)
    lenses = [PinholeCamera.from_field_of_view(np.deg2rad(50 + 3 * k), *size) for k in range(cameras)]
    poses = np.stack([sample_camera_pose(rng) for _ in range(cameras)])
    times = 0.5 * np.arange(steps)
    gripper_poses = np.tile(np.eye(4), (steps, grippers, 1, 1))
    gripper_poses[..., 0, 3] = 0.2 * np.arange(grippers)
    gripper_poses[..., 1, 3] = (speed * (times - times.mean()))[:, None]
    gripper_poses[..., 2, 3] = HEIGHT_OVER_TABLE
    seen = [[exact_depth(*camera, balls[:, :3, 3]) for balls in gripper_poses] for camera in zip(lenses, poses)]
    labels = np.array([[label for _, label in row] for row in seen])
    colours = rng.integers(0, 200, (cameras, steps, 1, 1, 3), np.uint8)
    return Episode(
        rgb=np.where(labels[..., None] > 0, np.uint8(255), colours),
        depth=depth_in_millimetres(np.array([[depth for depth, _ in row] for row in seen])),
        segmentation=labels, intrinsics=np.stack([lens.matrix for lens in lenses]), camera_poses=poses,
        gripper_poses=gripper_poses, opening=np.full((steps, grippers), 0.04), joints=np.zeros((steps, grippers, 7)),
        commands=np.zeros((steps, grippers, 8)), times=times,
    )


def analytic_store(folder, seeds=range(10), cameras: int = 4, **options) -> EpisodeStore:
    """A store of analytic episodes; the seed decides the split."""
    store = EpisodeStore(folder, {'task': 'Analytic', 'cameras': cameras, 'sensor': None})
    for seed in seeds:
        episode = analytic_episode(cameras, seed=seed, **options)
        store.write(f'episode_{seed:06d}', episode, seed=seed, split=split_of(seed), task='Analytic',
                    grippers=GRIPPERS[:episode.joints.shape[1]])
    return store
