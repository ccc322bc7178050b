# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A tracked gripper and the path that the engine imagined: agreement, disagreement, and steps nobody can see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.tracker.test_gripper_tracker import MODEL, OBSERVATION, OPENINGS, PATH, PREDICTION, T_REFERENCE_WORLD, track
from robot4d_core.geometry.poses import make_pose
from robot4d_core.prediction import GripperPath
from robot4d_core.tracker.path_agreement import (
    PATH_ALONE,
    AgreementSettings,
    compare_with_paths,
    farthest_from_path,
    settled,
)
from robot4d_core.tracker.sight import Sight
from robot4d_core.tracker.view_registration import place_cameras

TRUE = GripperPath('gripper', T_REFERENCE_WORLD @ np.stack(PATH), np.array(OPENINGS), np.array(OPENINGS) < 0.05)
TRACKED = track(PREDICTION, OBSERVATION)


def compare(path: GripperPath, plan=TRACKED, **settings):
    prediction = replace(PREDICTION, paths=(path,))
    return compare_with_paths([plan], [MODEL], prediction, AgreementSettings(**settings))[0]


def shifted(by: float, steps=slice(None)) -> GripperPath:
    poses = TRUE.poses.copy()
    poses[steps, :3, 3] += [by, 0, 0]
    return replace(TRUE, poses=poses)


def test_a_plan_that_agrees_follows_the_path_with_the_trackers_confidence():
    plan = compare(TRUE)
    np.testing.assert_array_equal(plan.poses, TRUE.poses[[0, 1, 2, 3, 3]])  # at rest while the gripper closes
    np.testing.assert_array_equal(plan.closed, [False, False, False, False, True])  # the path closes a step earlier
    np.testing.assert_array_equal(plan.confidence, TRACKED.confidence)
    assert plan.path_distance.max() < 0.008 and not plan.lost and plan.message == ''
    assert plan.source_view == TRACKED.source_view


@pytest.mark.parametrize('millimetres', [15, 30])
def test_the_distance_between_path_and_track_is_reported(millimetres):
    plan = compare(shifted(millimetres / 1e3))
    np.testing.assert_allclose(plan.path_distance, millimetres / 1e3, atol=0.008)
    assert not plan.lost


def test_when_they_disagree_expect_the_step_lost_with_the_reason():
    plan = compare(shifted(0.1, slice(2, 3)))
    np.testing.assert_array_equal(plan.confidence > 0, [True, True, False, True, True])
    assert "'gripper' is lost in 1 of 5 frames, first in frame 3" in plan.message
    assert 'mm and' in plan.message and 'degrees apart' in plan.message


def test_when_turned_too_far_expect_the_step_lost():
    poses = TRUE.poses.copy()
    poses[1] = poses[1] @ make_pose(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]), np.zeros(3))
    plan = compare(replace(TRUE, poses=poses))
    assert plan.confidence[1] == 0 and plan.lost


def test_out_of_every_view_the_path_alone_carries_the_step_if_it_may():
    away = shifted(3.0, slice(4, 5))
    plan = compare(away)
    assert not plan.lost and plan.source_view[4] == PATH_ALONE and np.isnan(plan.path_distance[4])
    assert plan.confidence[4] == AgreementSettings().path_confidence
    forbidden = compare(away, path_alone=False)
    assert forbidden.lost and 'path_alone' in forbidden.message


def at_the_edge(share: float):
    """The prediction with no more than a share of the gripper's rows in every view of the last step."""
    views = []
    for view in PREDICTION.views:
        sight = Sight(view.name, view.camera, place_cameras(PREDICTION)[view.name], view.pointmap[4], view.rgb[4])
        rows = sight.compare(MODEL.surface(OPENINGS[4]), TRUE.poses[4], 0.03).pixels[:, 0]
        points = view.pointmap.copy()
        points[4, :round(np.quantile(rows, 1 - share))] = np.nan
        views.append(replace(view, pointmap=points))
    return replace(PREDICTION, views=tuple(views))


def test_an_edge_in_view_that_is_too_little_to_be_found_supports_the_path():
    prediction = at_the_edge(0.2)
    assert track(prediction, OBSERVATION).confidence[4] == 0
    prediction = replace(prediction, paths=(TRUE,))
    plan, = compare_with_paths([track(prediction, OBSERVATION)], [MODEL], prediction, AgreementSettings())
    assert not plan.lost and plan.source_view[4] != PATH_ALONE and plan.path_distance[4] < 0.008


@pytest.mark.parametrize(('depth', 'found'), [(np.nan, True), (10.0, False)], ids=['out of view', 'not there'])
def test_a_gripper_that_is_out_of_view_at_the_start_may_come_into_view_along_its_path(depth, found):
    views = tuple(replace(view, depth=np.full_like(view.depth, depth)) for view in OBSERVATION.views)
    blind = replace(OBSERVATION, views=views)
    assert track(PREDICTION, blind).lost
    prediction = replace(PREDICTION, paths=(TRUE,))
    plan, = compare_with_paths([track(prediction, blind)], [MODEL], prediction, AgreementSettings())
    assert plan.lost != found
    assert not found or (plan.path_distance < 0.008).all()


def test_where_less_than_an_edge_is_in_view_the_path_alone_carries_the_step():
    prediction = replace(at_the_edge(0.04), paths=(TRUE,))
    plan, = compare_with_paths([track(prediction, OBSERVATION)], [MODEL], prediction, AgreementSettings())
    assert not plan.lost and plan.source_view[4] == PATH_ALONE


def test_where_an_edge_in_view_contradicts_the_path_expect_the_step_lost():
    nearer = shifted(0.0)
    nearer.poses[4, :3, 3] -= 0.06 * TRUE.poses[4, :3, 3] / np.linalg.norm(TRUE.poses[4, :3, 3])
    prediction = replace(at_the_edge(0.2), paths=(nearer,))
    plan, = compare_with_paths([track(prediction, OBSERVATION)], [MODEL], prediction, AgreementSettings())
    assert plan.lost and 'first in frame 5' in plan.message


def test_a_video_without_the_gripper_where_the_path_has_it_is_no_support():
    empty = replace(TRACKED, confidence=np.zeros(5), message='gripper lost')
    plan = compare(TRUE, plan=empty)
    assert (plan.confidence == 0).all() and 'does not show the gripper' in plan.message


@pytest.mark.parametrize(('before', 'closed', 'expected'), [
    (False, '0011', '0001'), (True, '0000', '1000'), (False, '0100', '0000'), (True, '1011', '1111'),
    (False, '1111', '0111'), (True, '1111', '1111')])
def test_a_grip_changes_where_it_is_imagined_for_two_steps_in_a_row(before, closed, expected):
    np.testing.assert_array_equal(
        settled(np.array([*closed]) == '1', before), np.array([*expected]) == '1')


def test_a_gripper_without_a_path_is_planned_as_tracked():
    assert compare(replace(TRUE, gripper='another')) is TRACKED


def test_the_farthest_step_counts_among_all_grippers_that_were_seen_beside_a_path():
    plans = [replace(TRACKED, path_distance=np.array(row)) for row in ([0.01, np.nan], [np.nan, 0.03])]
    assert farthest_from_path([TRACKED, *plans]) == 0.03
    assert farthest_from_path([TRACKED]) is None
    assert farthest_from_path([replace(TRACKED, path_distance=np.full(2, np.nan))]) is None
