# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A moment of an episode: what the engine sees, and the future for comparison."""

from __future__ import annotations

import numpy as np
import pytest

from core.episodes.analytic_episodes import analytic_store
from robot4d_core.episodes.recorded_look import read_episode_look
from robot4d_core.episodes.windows import read_window
from robot4d_core.errors import EpisodeError, ParameterError
from robot4d_core.geometry.poses import invert_pose


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    return analytic_store(tmp_path_factory.mktemp('looks') / 'store', [3])


@pytest.fixture(scope='module')
def path(store):
    return store.folder / 'episode_000003'


def test_the_future_is_that_of_the_training_window(store, path):
    look = read_episode_look(path, 2, ('3', '1'))
    window = read_window(store.read('episode_000003'), 2, 3, 1)
    assert look.future == 10
    for v, points in enumerate(look.pointmaps()):
        np.testing.assert_allclose(points, window.pointmap[v], atol=1e-6)
        np.testing.assert_array_equal(look.views[v].rgb, window.rgb[v])


def test_the_observation_is_the_first_moment_each_view_in_its_own_camera(store, path):
    look = read_episode_look(path, 2, ('camera_3', 'camera_1'))
    observation = look.observation
    episode = store.read('episode_000003')
    assert (observation.stamp, observation.frame_id) == (1.0, 'camera_3_color_optical_frame')
    assert [view.name for view in observation.views] == ['camera_3', 'camera_1']
    assert observation.simulator is None
    for view, index in zip(observation.views, (3, 1)):
        np.testing.assert_array_equal(view.rgb, episode.rgb[index, 2])
        np.testing.assert_allclose(1000 * view.depth, np.where(episode.depth[index, 2] > 0, episode.depth[index, 2],
                                                               np.nan), rtol=1e-6)


def test_the_gripper_is_in_frame_n(store, path):
    episode, look = store.read('episode_000003'), read_episode_look(path, 2, ('3', '1'))
    T_n_world = invert_pose(episode.camera_poses[3])
    np.testing.assert_allclose(look.gripper_poses, [T_n_world @ pose for pose in episode.gripper_poses[2:13, 0]])
    np.testing.assert_array_equal(look.openings, episode.opening[2:13, 0])


def test_near_the_end_less_future_is_known(path):
    assert read_episode_look(path, 13).future == 0
    assert read_episode_look(path, 10).future == 3
    assert read_episode_look(path, 0, moments=100).future == 13


def test_resizing_scales_images_and_intrinsics_and_keeps_depths(path):
    look = read_episode_look(path)
    smaller = look.resized((20, 16), (10, 8))
    assert smaller.views[0].rgb.shape == (11, 16, 20, 3) and smaller.views[1].depth.shape == (11, 8, 10)
    assert smaller.views[0].camera == look.views[0].camera.resized(20, 16)
    assert set(np.unique(smaller.views[0].depth)) <= set(np.unique(look.views[0].depth))


@pytest.mark.parametrize(('step', 'cameras', 'expected'), [
    (14, ('0', '1'), 'step must be 0 to 13, the last of episode_000003, got 14'),
    (0, ('0', '4'), "no camera '4'; choose of camera_0, camera_1, camera_2, camera_3"),
    (0, ('left', '1'), "no camera 'left'"),
    (0, ('1', 'camera_1'), "must differ, got '1' and 'camera_1'"),
])
def test_what_is_not_there_is_named(path, step, cameras, expected):
    with pytest.raises(ParameterError, match=expected):
        read_episode_look(path, step, cameras)


def test_an_unknown_episode_names_those_that_are(path):
    with pytest.raises(EpisodeError, match="no episode 'other'; it has episode_000003"):
        read_episode_look(path.parent / 'other')
