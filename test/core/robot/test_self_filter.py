# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot taken out of a depth image: a square of it, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.robot.drawing import NOTHING, DrawnRobot
from robot4d_core.robot.self_filter import robot_margin


def square() -> DrawnRobot:
    depth = np.full((40, 50), np.nan, np.float32)
    depth[10:20, 15:30] = 1.0
    return DrawnRobot(depth, np.where(np.isfinite(depth), 3, NOTHING), np.zeros((40, 50, 3), np.float32))


@pytest.mark.parametrize('grow', [0, 1, 3])
def test_the_robot_and_a_margin_are_taken_out(grow):
    mask = robot_margin(np.full((40, 50), 1.5, np.float32), square(), grow)
    assert mask[10:20, 15:30].all()
    assert mask[10 - grow:20 + grow, 20].all() and mask[15, 15 - grow:30 + grow].all()
    assert not mask[:10 - grow].any() and not mask[:, 30 + grow:].any()


def test_what_stands_before_the_robot_stays():
    depth = np.full((40, 50), 1.0, np.float32)
    depth[12:15] = 0.8
    mask = robot_margin(depth, square(), 1)
    assert not mask[12:15].any() and mask[16:20, 15:30].all()


def test_unknown_depth_on_the_robot_is_the_robots():
    mask = robot_margin(np.full((40, 50), np.nan, np.float32), square(), 0)
    np.testing.assert_array_equal(mask, np.isfinite(square().depth))
