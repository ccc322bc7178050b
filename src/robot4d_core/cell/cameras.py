# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the cell's cameras stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import look_at, make_pose

VERTICAL_FIELD_OF_VIEW = np.deg2rad(58.0)
SHELL_RADII = (0.7, 1.2)
SHELL_LOW = np.array([0.2, -0.5, 0.7])
SHELL_HIGH = np.array([0.6, 0.5, 1.2])
TARGET_JITTER = 0.03  # metres, standard deviation
ROLL_JITTER = np.deg2rad(3.0)  # standard deviation


@dataclass(frozen=True)
class CameraPlacement:
    """A camera of the cell: its name, its optical frame in the world (4, 4), its intrinsics."""

    name: str
    T_world_optical: np.ndarray
    camera: PinholeCamera


def sample_camera_pose(rng: np.random.Generator) -> np.ndarray:
    """Draw T_world_optical (4, 4) as the method does (arXiv 2507.01099, appendix A.2).

    The position is uniform in the part of a spherical shell about the table's centre that lies in front of the robot
    and above the table; the camera looks at the table's centre, with a little jitter.
    """
    while True:
        eye = rng.uniform(SHELL_LOW, SHELL_HIGH)
        if SHELL_RADII[0] <= np.linalg.norm(eye) <= SHELL_RADII[1]:
            break
    roll = make_pose(Rotation.from_euler('z', rng.normal(0, ROLL_JITTER)), np.zeros(3))
    return look_at(eye, rng.normal(0, TARGET_JITTER, 3)) @ roll


def sample_cameras(rng: np.random.Generator, names, width: int, height: int) -> tuple[CameraPlacement, ...]:
    """Draw one camera per name, with images of width x height pixels."""
    camera = PinholeCamera.from_field_of_view(VERTICAL_FIELD_OF_VIEW, width, height)
    return tuple(CameraPlacement(name, sample_camera_pose(rng), camera) for name in names)
