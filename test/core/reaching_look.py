# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A look in which it is known where the gripper goes, and why."""

from __future__ import annotations

import numpy as np

from robot4d_core.generator.model.path.scene_cloud import SceneCloud
from robot4d_core.generator.training.path.remembered_look import RememberedLook
from robot4d_core.prediction import FRAMES

DOWN = np.diag([1.0, -1, -1, 1])


def look(rng: np.random.Generator, task: str = 'reach', moves: bool = True) -> RememberedLook:
    """A red blob somewhere on a table; the gripper goes above it in a straight line, and closes."""
    goal = np.array([*rng.uniform(-0.2, 0.2, 2), 0.1])
    start = np.array([*rng.uniform(-0.2, 0.2, 2), 0.3])
    blob = (goal - [0, 0, 0.1] + rng.normal(0, 0.01, (60, 3))).astype(np.float32)
    cloud = SceneCloud(blob, np.full((60, 3), (200, 20, 20), np.uint8))
    share = np.linspace(0, 1, 1 + FRAMES) if moves else np.zeros(1 + FRAMES)
    tools = np.tile(DOWN, (1 + FRAMES, 1, 1, 1))
    tools[:, 0, :3, 3] = start + share[:, None] * (goal - start)
    closed = (share[:, None] > 0.75)
    return RememberedLook('look', task, (cloud, cloud, cloud), tools, np.where(closed, 0.0, 0.08), closed)
