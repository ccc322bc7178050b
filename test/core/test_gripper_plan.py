# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A plan is still only if it leaves the gripper as and where it was observed."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.geometry.poses import make_pose

HERE = make_pose(np.eye(3), [0.1, 0.2, 0.3])


def moved(*metres: float) -> np.ndarray:
    return np.stack([make_pose(np.eye(3), [0.1 + step, 0.2, 0.3]) for step in metres])


@pytest.mark.parametrize('poses, closed, observed_closed, still', [
    (moved(0, 0, 0), [False] * 3, False, True),
    (moved(0, 0, 0), [True] * 3, True, True),
    (moved(0, 0.01, 0.02), [True] * 3, True, True),
    (moved(0, 0.02, 0.05), [False] * 3, False, False),
    (moved(0.05, 0.05, 0.05), [False] * 3, False, False),
    (moved(0, 0, 0), [False, True, True], False, False),
    (moved(0, 0, 0), [True] * 3, False, False),
    (moved(0, 0, 0), [False] * 3, True, False),
], ids=['open', 'holding', 'trembling', 'moving', 'gone at once', 'closing', 'closed at once', 'opened at once'])
def test_still_is_judged_from_what_was_observed(make_plan, poses, closed, observed_closed, still):
    plan = make_plan(poses, closed=np.array(closed), observed_pose=HERE, observed_closed=observed_closed)
    assert plan.is_still(0.03) is still


def test_reach_is_from_where_the_gripper_was_observed(make_plan):
    assert make_plan(moved(0.05, 0.06), observed_pose=HERE).reach() == pytest.approx(0.06)
