# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a plan says of itself: whether it is still, and how much of it is carried out before the next look."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.geometry.poses import make_pose
from robot4d_core.gripper_plan import NEAR, steps_until_next_look

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


@pytest.mark.parametrize(('closed', 'most', 'steps'), [
    ('000000', 4, 4), ('000000', 0, 6), ('000000', 9, 6), ('111111', 4, 1),
    ('000011', 4, 4), ('000111', 4, 3), ('001111', 4, 2), ('011111', 4, 2), ('000111', 2, 2)])
def test_the_arms_look_again_before_a_distant_grip_and_after_one_at_hand(make_plan, closed, most, steps):
    far = make_plan(moved(*np.linspace(0.1, 0.4, 6)), closed=np.array([*closed]) == '1', observed_pose=HERE)
    waiting = make_plan(moved(*[0.0] * 6), observed_pose=HERE)
    assert steps_until_next_look([far], most) == steps
    assert steps_until_next_look([waiting, far], most) == steps


def test_a_grip_that_is_near_is_not_looked_at_again(make_plan):
    closed = np.arange(6) >= 3
    assert steps_until_next_look([make_plan(moved(*[0.5 * NEAR] * 6), closed=closed, observed_pose=HERE)], 5) == 4
    assert steps_until_next_look([make_plan(moved(*[2.0 * NEAR] * 6), closed=closed, observed_pose=HERE)], 5) == 3


def test_the_plan_of_the_first_steps(make_plan):
    plan = make_plan(moved(*np.linspace(0.1, 0.4, 6)), confidence=np.array([1, 1, 1, 1, 0, 1.0]))
    assert plan.lost and not plan.until(4).lost and plan.until(5).lost
    assert plan.until(0) is plan and plan.until(9) is plan and len(plan.until(4).poses) == 4
    assert plan.until(4).path_distance is None
