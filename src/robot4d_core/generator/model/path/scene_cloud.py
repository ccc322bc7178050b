# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a camera sees beside the robot and above the table, as points in the robot's base frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.robot.drawing import PosedRobot
from robot4d_core.robot.self_filter import robot_margin

GROW = 2  # pixels by which the robot's mask is grown: calibration, and the smear of depth at its edges
SPACING = 0.008  # metres between points


@dataclass(frozen=True)
class SceneCloud:
    """points: (N, 3) float32 metres in the base frame; colours: (N, 3) uint8."""

    points: np.ndarray
    colours: np.ndarray

    @classmethod
    def joined(cls, clouds: Sequence[SceneCloud]) -> SceneCloud:
        """Return all points of several clouds."""
        return cls(np.concatenate([cloud.points for cloud in clouds]),
                   np.concatenate([cloud.colours for cloud in clouds]))

    def some(self, count: int, rng: np.random.Generator) -> SceneCloud:
        """Return count of the points at random, all where there are fewer."""
        if len(self.points) <= count:
            return self
        chosen = rng.choice(len(self.points), count, replace=False)
        return SceneCloud(self.points[chosen], self.colours[chosen])


def cloud_of_view(
    view: CameraView, T_base_optical: np.ndarray, T_root_base: np.ndarray, robot: PosedRobot, workspace: np.ndarray
) -> SceneCloud:
    """Return the points that a view shows of neither robot nor table, SPACING apart.

    robot: as it stood; T_root_base: (4, 4) of its description; workspace: (2, 3) lowest and highest coordinates in the
    base frame, above the table.
    """
    drawn = robot.draw(CameraPlacement(view.name, T_root_base @ T_base_optical, view.camera))
    points = transform_points(T_base_optical, pointmap_from_depth(view.depth, view.camera))
    with np.errstate(invalid='ignore'):
        inside = ((points > workspace[0]) & (points < workspace[1])).all(axis=-1)
    shown = inside & ~robot_margin(view.depth, drawn, GROW)
    return thinned(SceneCloud(points[shown].astype(np.float32), view.rgb[shown]))


def thinned(cloud: SceneCloud) -> SceneCloud:
    """Return one point of each cube of SPACING."""
    cells = np.floor(cloud.points / SPACING).astype(np.int64)
    _, first = np.unique(cells, axis=0, return_index=True)
    return SceneCloud(cloud.points[first], cloud.colours[first])
