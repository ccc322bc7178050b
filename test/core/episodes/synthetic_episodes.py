# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Small episodes that are right in every respect a check looks at, and stores of them, without any rendering."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.episodes.splits import split_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import look_at, make_pose
from robot4d_core.prediction import FRAME_INTERVAL

SETTINGS = {'task': 'Test', 'cameras': 2, 'size': [10, 8], 'interval': FRAME_INTERVAL, 'sensor': None}
OBJECTS = ['spatula', 'crock']


def make_episode(seed: int = 0, steps: int = 12, cameras: int = 2, grippers: int = 1) -> Episode:
    """Make an episode with images of 10 x 8 pixels."""
    random = np.random.default_rng(seed)
    images = (cameras, steps, 8, 10)
    pose = make_pose(np.diag([1.0, -1.0, -1.0]), [0.0, 0.0, 0.3])
    depth = random.integers(500, 1500, images, np.uint16)
    depth[..., 0] = 0
    return Episode(
        rgb=random.integers(0, 255, (*images, 3), np.uint8), depth=depth,
        segmentation=random.choice([0, 1, 2, 3, 4, len(SEGMENTS), len(SEGMENTS) + 1], images).astype(np.uint8),
        intrinsics=np.stack([PinholeCamera.from_field_of_view(1.0, 10, 8).matrix] * cameras),
        camera_poses=np.stack([look_at([1.0, 0.1 * k, 1.0], [0, 0, 0]) for k in range(cameras)]),
        gripper_poses=np.broadcast_to(pose, (steps, grippers, 4, 4)).copy(),
        opening=np.full((steps, grippers), 0.08), joints=random.normal(size=(steps, grippers, 7)),
        commands=np.concatenate([
            random.normal(size=(steps, grippers, 7)), random.uniform(0.0, 0.08, (steps, grippers, 1))], axis=2),
        times=0.13 + FRAME_INTERVAL * np.arange(steps),
    )


def attributes_of(seed: int = 0, cameras: int = 2, grippers: int = 1) -> dict:
    """Make what a recording says about the episode of a seed."""
    return {
        'task': 'Test', 'instruction': 'put the spatula on the table', 'success': True, 'seed': seed,
        'scene': json.dumps({'seed': seed}),
        'cameras': [f'camera_{k}' for k in range(cameras)], 'grippers': ['gripper', 'second_gripper'][:grippers],
        'objects': OBJECTS, 'split': split_of(seed),
    }


def make_store(folder: Path, seeds=(0,), steps: int = 12) -> EpisodeStore:
    """Make a store of the episodes of some seeds."""
    store = EpisodeStore(folder, SETTINGS)
    for seed in seeds:
        store.write(f'episode_{seed:06d}', make_episode(seed, steps), **attributes_of(seed))
    return store
