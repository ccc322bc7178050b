# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What there is to watch of a prediction and of a recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.saved_predictions import saved_prediction
from robot4d_core.episodes.recorded_look import RecordedLook, RecordedView
from robot4d_core.episodes.saved_prediction import SavedPrediction
from robot4d_core.errors import ViewerError
from robot4d_core.evaluation.tracking.oracle_tracking import make_case
from robot4d_core.viewer.cloud_video import predicted_clouds, recorded_clouds, track_gripper


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
    assert len(video.gripper_path) == 11


def test_a_view_whose_place_is_unknown_is_left_out(saved):
    assert list(recorded_clouds(replace(saved.look, T_n_m=None), 'recorded').views) == ['camera_2']


def test_a_prediction_of_colours_only_has_no_clouds(saved):
    views = tuple(replace(view, pointmap=np.full_like(view.pointmap, np.nan)) for view in saved.prediction.views)
    with pytest.raises(ViewerError, match='predicted by moved truth: no point is known .* watch the film'):
        predicted_clouds(replace(saved, prediction=replace(saved.prediction, views=views)))


def test_no_gripper_is_tracked_when_nobody_knows_where_it_was(saved):
    path, problem = track_gripper(replace(saved, look=replace(saved.look, gripper_poses=None)))
    assert path is None and 'does not tell where the gripper was' in problem


def test_the_gripper_is_tracked_through_a_perfect_prediction():
    case = make_case('PutSpatulaOnTable', 3, 160, 128)
    views = tuple(RecordedView(view.name, view.camera, view.rgb[None], view.depth[None])
                  for view in case.observation.views)
    look = RecordedLook('cell', case.observation.stamp, case.observation.frame_id, views,
                        gripper_poses=case.initial_poses[:1], openings=case.initial_openings[:1])
    path, problem = track_gripper(SavedPrediction(case.prediction, look))
    assert not problem and path.shape == (11, 4, 4)
    errors = np.linalg.norm(path[1:, :3, 3] - case.poses[0, :, :3, 3], axis=1)
    assert np.median(errors) < 0.01
