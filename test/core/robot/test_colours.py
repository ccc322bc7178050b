# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Colours of links learned from pictures of them, against links whose colours are known."""

from __future__ import annotations

import numpy as np

from robot4d_core.robot.colours import RobotColours
from robot4d_core.robot.drawing import NOTHING, DrawnRobot

DESCRIBED = np.array([[0.2, 0.4, 0.6], [1.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
BASE, SHADE = np.array([120.0, 90, 60]), np.array([[30.0, 30, 30], [0, 10, 0], [-20, -20, -20]])


def ball() -> DrawnRobot:
    """Return a ball: its upper half is link 0, its lower half link 1."""
    rows, columns = np.mgrid[-1:1:60j, -1:1:60j]
    inside = rows**2 + columns**2 < 0.9
    normal = np.stack([columns, rows, -np.sqrt(np.clip(1 - rows**2 - columns**2, 0, 1))], axis=-1).astype(np.float32)
    return DrawnRobot(np.where(inside, 1.0, np.nan).astype(np.float32),
                      np.where(inside, (rows > 0).astype(int), NOTHING), normal * inside[..., None])


def test_a_shaded_link_is_painted_as_it_was_seen():
    drawn = ball()
    rgb = np.clip(BASE + drawn.normal @ SHADE, 0, 255).astype(np.uint8)
    colours = RobotColours(DESCRIBED)
    colours.learn([drawn], [rgb], [drawn.depth])
    robot = drawn.link != NOTHING
    assert np.abs(colours.paint(drawn).astype(int) - rgb)[robot].mean() < 1.5
    assert not colours.paint(drawn)[~robot].any()


def test_a_link_that_is_not_seen_is_as_much_darker_than_described_as_one_that_is():
    drawn = ball()
    rgb = np.broadcast_to(0.5 * 255 * DESCRIBED[0], (60, 60, 3)).astype(np.uint8)
    covered = np.where(drawn.link == 1, 0.5, drawn.depth)
    colours = RobotColours(DESCRIBED)
    colours.learn([drawn], [rgb], [covered])
    painted = colours.paint(drawn)
    np.testing.assert_allclose(painted[drawn.link == 0], rgb[drawn.link == 0], atol=1)
    np.testing.assert_allclose(painted[drawn.link == 1].astype(int), 0 * rgb[drawn.link == 1] + [127, 0, 0], atol=2)
