# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What belongs to the thing in the grip: a bar between the pads, beside and on other things."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from robot4d_core.generator.model.base_video.carried_object import points_in_grip
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import make_pose

RED, BLUE = (200, 30, 30), (30, 40, 150)


def block(centre, size, colour, spacing=0.006) -> tuple[np.ndarray, np.ndarray]:
    axes = [np.arange(-length / 2, length / 2 + 1e-9, spacing) + middle for length, middle in zip(size, centre)]
    points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3)
    return points, np.tile(np.array(colour, np.uint8), (len(points), 1))


BAR = block((0, 0, 0.06), (0.02, 0.02, 0.14), RED)
CUP = block((0, 0, 0.18), (0.07, 0.07, 0.08), BLUE)  # touches the bar's end
FAR = block((0.09, 0, 0.05), (0.04, 0.04, 0.04), RED)


@pytest.mark.parametrize('turn', [(0, 0, 0), (2.0, 0.3, -1.0)])
def test_the_bar_is_taken_and_what_it_stands_in_or_beside_is_not(turn):
    tool = make_pose(Rotation.from_euler('xyz', turn), (0.3, -0.2, 0.4))
    points = transform_points(tool, np.concatenate([BAR[0], CUP[0], FAR[0]]))
    colours = np.concatenate([BAR[1], CUP[1], FAR[1]])
    np.testing.assert_array_equal(points_in_grip(points, colours, tool), np.arange(len(points)) < len(BAR[0]))


def test_an_empty_grip_takes_nothing():
    assert not points_in_grip(*FAR, np.eye(4)).any()
    assert points_in_grip(np.empty((0, 3)), np.empty((0, 3), np.uint8), np.eye(4)).shape == (0,)
