# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The expert does the task, from the start and from the middle, at a speed that 0.5 s samples capture."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.cell.arms import HOME
from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.errors import ExpertError
from robot4d_core.evaluation.policy.expert_trials import try_expert
from shipped_robot import arm_kinematics


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_task_is_done(seed):
    trial = try_expert('PutSpatulaOnTable', seed)
    assert trial.success and trial.ended == 'done' and trial.seconds < 25


def finish(cell):
    expert = Expert(cell)
    while not expert.done and cell.time < 40:
        expert.advance(0.1)
    return expert


@pytest.mark.parametrize('seconds', [1.0, 3.5, 6.0, 9.0])
def test_a_fresh_expert_takes_over_at_any_moment(cell, seconds):
    Expert(cell).advance(seconds)
    finish(cell)
    assert cell.success()


def test_errors_in_free_space_do_not_matter(cell):
    expert = Expert(cell, perturbation=0.01, rng=np.random.default_rng(0))
    while not expert.done and cell.time < 40:
        expert.advance(0.1)
    assert cell.success()


def test_done_means_still_at_home(cell):
    expert = finish(cell)
    before = cell.arms[0].positions
    expert.advance(3.0)
    np.testing.assert_allclose(before, cell.arms[0].positions, atol=2e-3)
    np.testing.assert_allclose(before, HOME, atol=0.06)
    assert cell.success()


def test_home_is_where_the_tool_is_whatever_the_elbow_does(cell):
    finish(cell)
    kinematics = arm_kinematics()
    elsewhere = kinematics.ik(cell.arms[0].home_pose, HOME + [0.3, 0, -0.3, 0, 0, 0, 0])
    assert np.abs(elsewhere - HOME).max() > 0.06
    cell.arms[0].command(elsewhere)
    cell.advance(2.0)
    assert Expert(cell).done


def test_tool_is_slow_and_the_arm_rests_while_the_gripper_moves(cell):
    expert, tick = Expert(cell), 0.02
    previous, fastest, resting, rests = cell.arms[0].gripper_pose()[:3, 3], 0.0, 0.0, {}
    while not expert.done and cell.time < 40:
        expert.advance(tick)
        position = cell.arms[0].gripper_pose()[:3, 3]
        step, previous = np.linalg.norm(position - previous), position
        if expert.stages[0].name != 'home':
            fastest = max(fastest, step / tick)
        resting = resting + tick if step / tick < 0.02 else 0.0
        if expert.stages[0].opening is not None:
            rests[expert.stages[0].name] = max(rests.get(expert.stages[0].name, 0.0), resting)
    assert fastest < 0.3
    assert rests['grasp'] >= 1.0 and rests['release'] >= 1.0


def test_when_the_spatula_is_out_of_reach_expect_named_error():
    cell = RobotCell(Scene('PutSpatulaOnTable', 0, ()))
    away = cell.pose('spatula')
    away[:2, 3] += [0.6, 0.4]
    crock = cell.pose('crock')
    crock[:2, 3] += [0.6, 0.4]
    cell.place('crock', crock)
    cell.place('spatula', away)
    cell.advance(0.5)
    with pytest.raises(ExpertError, match='cannot reach'):
        Expert(cell).advance(30.0)
