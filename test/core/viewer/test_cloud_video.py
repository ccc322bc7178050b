# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What there is to watch of a prediction and of a recording."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from core.saved_predictions import saved_prediction
from robot4d_core.episodes.recorded_look import RecordedLook, RecordedView
from robot4d_core.episodes.saved_prediction import SavedPrediction
from robot4d_core.errors import ViewerError
from robot4d_core.evaluation.tracking.oracle_tracking import make_case
from robot4d_core.prediction import GripperPath
from robot4d_core.robot.names import read_arm_names
from robot4d_core.robot.robot import Robot
from robot4d_core.viewer.cloud_video import follow_grippers, predicted_clouds, recorded_clouds


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    return saved_prediction(tmp_path_factory.mktemp('videos') / 'store')


def test_a_perfect_prediction_shows_the_clouds_of_the_recorded_future(saved):
    predicted, recorded = predicted_clouds(saved), recorded_clouds(saved.look, 'recorded', with_observation=False)
    np.testing.assert_allclose(predicted.times, recorded.times)
    for name in ('camera_2', 'camera_0'):
        for ours, theirs in zip(predicted.cloud(name, 4), recorded.cloud(name, 4)):
            np.testing.assert_array_equal(ours, theirs)
            assert len(ours) > 100 and np.isfinite(ours).all()


def test_a_recording_begins_with_the_observation(saved):
    video = recorded_clouds(saved.look, 'recorded')
    np.testing.assert_allclose(video.times, 0.5 * np.arange(11))
    (line,) = video.lines
    np.testing.assert_array_equal(line.poses, saved.look.gripper_poses[:, 0])


def test_a_view_whose_place_is_unknown_is_left_out(saved):
    assert list(recorded_clouds(replace(saved.look, T_n_m=None), 'recorded').views) == ['camera_2']


def test_a_prediction_of_colours_only_has_no_clouds(saved):
    views = tuple(replace(view, pointmap=np.full_like(view.pointmap, np.nan)) for view in saved.prediction.views)
    with pytest.raises(ViewerError, match='predicted by moved truth: no point is known .* watch the film'):
        predicted_clouds(replace(saved, prediction=replace(saved.prediction, views=views)))


def test_the_imagined_path_of_every_gripper_is_among_the_lines(saved):
    for line, path in zip(predicted_clouds(saved).lines, saved.prediction.paths, strict=True):
        assert line.imagined
        np.testing.assert_array_equal(line.poses, path.poses)
        np.testing.assert_array_equal(line.closed, path.closed)


def test_no_gripper_is_followed_when_nobody_knows_where_it_was(saved):
    lines, said = follow_grippers(replace(saved, look=replace(saved.look, gripper_poses=None)))
    assert not lines and 'does not tell where the grippers were' in said[0]


def test_no_gripper_is_followed_when_nobody_knows_what_the_robot_is(saved):
    lines, said = follow_grippers(replace(saved, look=replace(
        saved.look, described_robot=None, robot_unknown='its meshes are elsewhere')))
    assert not lines and said == ['its meshes are elsewhere']


@pytest.fixture(scope='module')
def two_arms():
    """A perfect prediction for two arms, and what truly happened."""
    case = make_case('PlaceAppleFromBowlIntoBin', 3, 160, 128)
    views = tuple(RecordedView(view.name, view.camera, view.rgb[None], view.depth[None])
                  for view in case.observation.views)
    look = RecordedLook('cell', case.observation.stamp, case.observation.frame_id, views,
                        described_robot=Robot.shipped(2), gripper_poses=case.initial_poses[None],
                        openings=case.initial_openings[None])
    return case, look


def test_both_grippers_are_followed_through_a_perfect_prediction(two_arms):
    case, look = two_arms
    lines, said = follow_grippers(SavedPrediction(case.prediction, look))
    assert said == []
    for line, initial, poses in zip(lines, case.initial_poses, case.poses, strict=True):
        np.testing.assert_array_equal(line.poses[0], initial)
        assert np.median(np.linalg.norm(line.poses[1:, :3, 3] - poses[:, :3, 3], axis=1)) < 0.01


def test_the_distance_from_imagined_paths_is_said(two_arms):
    case, look = two_arms
    beside = case.poses.copy()
    beside[..., :3, 3] += [0.0, 0.0, 0.02]
    paths = tuple(GripperPath(arm.gripper.name, *path, np.zeros(10, bool))
                  for arm, *path in zip(read_arm_names(), beside, case.openings))
    _, said = follow_grippers(SavedPrediction(replace(case.prediction, paths=paths), look))
    assert 15 < float(re.fullmatch(r'in the video at most (\d+) mm from the imagined path', said[-1])[1]) < 35
