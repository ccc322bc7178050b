# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the cell's cameras stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.geometry.cameras import CameraPlacement, PinholeCamera
from robot4d_core.geometry.poses import look_at, make_pose

VERTICAL_FIELD_OF_VIEW = np.deg2rad(58.0)
TARGET_JITTER = 0.03  # metres, standard deviation
ROLL_JITTER = np.deg2rad(3.0)  # standard deviation


@dataclass(frozen=True)
class CameraRegion:
    """Where a camera may stand: the part of a shell about the table's centre that lies in a box; metres, world."""

    radii: tuple[float, float]
    low: tuple[float, float, float]
    high: tuple[float, float, float]


SHELL = CameraRegion((0.7, 1.2), (0.2, -0.5, 0.7), (0.6, 0.5, 1.2))
"""Of the method (arXiv 2507.01099, appendix A.2): in front of the robot and above the table."""

OUTSIDE_SHELL = {
    'farther': CameraRegion((1.5, 1.8), (0.3, -0.8, 1.0), (1.0, 0.8, 1.7)),
    'nearer': CameraRegion((0.55, 0.68), (0.2, -0.3, 0.4), (0.5, 0.3, 0.65)),
    'lower': CameraRegion((0.9, 1.2), (0.7, -0.6, 0.25), (1.1, 0.6, 0.45)),
    'opposite': CameraRegion((0.9, 1.2), (-0.5, 0.4, 0.7), (-0.1, 0.7, 1.0)),
}
"""Where no camera of the method stands, each leaving the shell in one way; opposite: beside the robot, as it looks."""


def sample_camera_pose(rng: np.random.Generator, region: CameraRegion = SHELL) -> np.ndarray:
    """Draw T_world_optical (4, 4), as the method does where the region is its SHELL.

    The position is uniform in the region; the camera looks at the table's centre, with a little jitter.
    """
    while True:
        eye = rng.uniform(region.low, region.high)
        if region.radii[0] <= np.linalg.norm(eye) <= region.radii[1]:
            break
    roll = make_pose(Rotation.from_euler('z', rng.normal(0, ROLL_JITTER)), np.zeros(3))
    return look_at(eye, rng.normal(0, TARGET_JITTER, 3)) @ roll


def sample_cameras(rng: np.random.Generator, names, width: int, height: int) -> tuple[CameraPlacement, ...]:
    """Draw one camera per name, with images of width x height pixels."""
    camera = PinholeCamera.from_field_of_view(VERTICAL_FIELD_OF_VIEW, width, height)
    return tuple(CameraPlacement(name, sample_camera_pose(rng), camera) for name in names)


def sample_cameras_outside_shell(rng: np.random.Generator, width: int, height: int) -> tuple[CameraPlacement, ...]:
    """Draw one camera in each of the regions OUTSIDE_SHELL, with its name."""
    camera = PinholeCamera.from_field_of_view(VERTICAL_FIELD_OF_VIEW, width, height)
    return tuple(
        CameraPlacement(name, sample_camera_pose(rng, region), camera) for name, region in OUTSIDE_SHELL.items())
