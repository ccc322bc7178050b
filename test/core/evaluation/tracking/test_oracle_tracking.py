# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The tracking benchmark: its truth is the simulator's, and its numbers are those of the plan."""

from __future__ import annotations

import json
from uuid import uuid4

import numpy as np
import pytest

from robot4d_core.evaluation.tracking.oracle_tracking import evaluate_tracking, make_case, measure, summarise
from robot4d_core.geometry.poses import make_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.robot.gripper_model import GripperModel
from shipped_robot import ARM, DESCRIPTION

MODEL = GripperModel.from_description(DESCRIPTION, ARM.gripper)


@pytest.fixture(scope='module')
def case():
    return make_case('PutSpatulaOnTable', 4, width=160, height=128)


def plan_of(case, shift=(0.0, 0.0, 0.0), opening=0.0, confidence=0.9) -> GripperPlan:
    (poses,), (openings,), (initial,) = case.poses, case.openings, case.initial_openings
    frames = len(poses)
    closed, state = [], MODEL.closed(initial, before=False)
    for value in openings:
        closed.append(state := MODEL.closed(value, state))
    return GripperPlan(
        'gripper', 0.0, 'reference_color_optical_frame', uuid4(), 'oracle', case.prediction.time_from_start,
        poses @ make_pose(np.eye(3), shift), openings + opening, np.array(closed),
        np.full(frames, confidence), ('reference',) * frames, case.initial_poses[0], False)


def test_a_plan_that_is_the_truth_has_no_error(case):
    summary = summarise(measure(case, [plan_of(case)], [MODEL], seconds=0.5))
    assert summary['translation_p95_mm'] == pytest.approx(0.0, abs=1e-6)
    assert summary['rotation_p95_deg'] == pytest.approx(0.0, abs=1e-4)
    assert (summary['closed_right_share'], summary['lost_share'], summary['seconds_per_prediction']) == (1.0, 0.0, 0.5)


def test_errors_are_told_in_millimetres(case):
    summary = summarise(measure(case, [plan_of(case, (0.003, 0.0, 0.004), opening=0.002)], [MODEL], 0.5))
    assert summary['translation_median_mm'] == pytest.approx(5.0)
    assert summary['opening_median_mm'] == pytest.approx(2.0)


def test_lost_frames_count_as_lost_and_not_as_errors(case):
    plans = plan_of(case), plan_of(case, (1, 0, 0), confidence=0.0)
    trials = [error for plan in plans for error in measure(case, [plan], [MODEL], 0.5)]
    summary = summarise(trials)
    assert summary['lost_share'] == 0.5
    assert summary['translation_p95_mm'] == pytest.approx(0.0, abs=1e-6)


def test_the_truth_of_a_case_starts_where_the_observation_was_taken(case):
    metres, _ = pose_distance(case.initial_poses[0], case.poses[0, 0])
    assert metres < 0.2
    assert case.prediction.model == 'oracle'
    assert case.poses.shape[:2] == case.openings.shape == (1, len(case.prediction.time_from_start))


def test_the_benchmark_meets_its_goals_on_two_scenes_and_writes_them_down(tmp_path):
    summary = evaluate_tracking(trials=2, seed=10, modes=('fused',), json_path=tmp_path / 'tracking.json')['fused']
    assert summary['translation_median_mm'] < 5.0
    assert summary['rotation_median_deg'] < 1.5
    assert summary['translation_p95_mm'] < 15.0
    assert summary['rotation_p95_deg'] < 5.0
    assert summary['lost_share'] == 0.0
    written = json.loads((tmp_path / 'tracking.json').read_text())
    assert written['summary']['fused'] == pytest.approx(summary)
    assert len(written['trials']['fused']) == 2


def test_every_gripper_of_the_robot_is_measured(tmp_path):
    summary = evaluate_tracking('PlaceAppleFromBowlIntoBin', 1, 10, ('fused',), tmp_path / 'tracking.json')['fused']
    trials = json.loads((tmp_path / 'tracking.json').read_text())['trials']['fused']
    assert [trial['gripper'] for trial in trials] == ['gripper', 'second_gripper']
    assert summary['frames'] == 20 and summary['translation_median_mm'] < 5.0 and summary['lost_share'] == 0.0
