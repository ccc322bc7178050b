# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A moment of an episode: what the engine sees, and the future for comparison."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from core.chain_robot import chain_robot
from core.episodes.analytic_episodes import analytic_store
from core.episodes.synthetic_episodes import SETTINGS, attributes_of, make_episode
from robot4d_core.episodes.recorded_look import read_episode_look
from robot4d_core.episodes.recorded_robot import robot_record
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import read_window
from robot4d_core.errors import EpisodeError, ParameterError
from robot4d_core.geometry.poses import invert_pose
from shipped_robot import ARMS


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
    np.testing.assert_allclose(look.gripper_poses, [T_n_world @ pose for pose in episode.gripper_poses[2:13]])
    np.testing.assert_array_equal(look.openings, episode.opening[2:13])


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


MESHES_ELSEWHERE = chain_robot(7, 7).description.urdf.replace(
    '<box size="0.05 0.16 0.04"/>', '<mesh filename="package://nowhere/hand.stl"/>')


def stored(folder, episode, **attributes):
    """Write an episode whose attributes are changed or, where None, missing; return its path."""
    kept = {key: value for key, value in {**attributes_of(grippers=2), **attributes}.items() if value is not None}
    EpisodeStore(folder / 'store', SETTINGS).write('one', episode, **kept)
    return folder / 'store' / 'one'


def test_the_engine_gets_every_joint_of_both_arms_and_the_pose_of_camera_n_alone(tmp_path):
    episode = make_episode(grippers=2)
    observation = read_episode_look(stored(tmp_path, episode), 3, ('1', '0')).observation
    expected = {}
    for number, arm in enumerate(ARMS):
        expected |= zip(arm.joints, episode.joints[3, number])
        expected |= dict.fromkeys(arm.gripper.finger_joints, episode.opening[3, number] / 2)
    assert observation.robot.joints == pytest.approx(expected, abs=1e-8)
    np.testing.assert_array_equal(observation.robot.T_base_reference, episode.camera_poses[1])


def test_an_imported_episode_knows_its_own_robot(tmp_path):
    robot, episode = chain_robot(7, 7), make_episode(grippers=2)
    look = read_episode_look(stored(
        tmp_path, episode, seed=None, source={}, robot=robot_record(robot),
        grippers=[arm.gripper.name for arm in robot.arms]))
    assert look.robot.joints == robot.positions(episode.joints[0], episode.opening[0])
    assert look.described_robot.arms == robot.arms


def test_an_import_of_before_that_names_joints_of_the_cell_is_of_its_robot(tmp_path):
    episode, names = make_episode(grippers=2), [list(arm.all_joints) for arm in ARMS]
    look = read_episode_look(stored(tmp_path, episode, seed=None, source={'joints': names}))
    assert look.robot.joints == look.described_robot.positions(episode.joints[0], episode.opening[0])


@pytest.mark.parametrize(('attributes', 'expected'), [
    ({'source': {'joints': [['a'], ['b']]}}, 'kept no description of its robot; import its bag again with --robot'),
    ({'robot': {'urdf': '<robot'}}, r"attribute robot is damaged: KeyError\('folder'\)"),
    ({'robot': robot_record(chain_robot(7, 7)) | {'base_frame': 'moon'}}, "cannot be rebuilt: .* no link 'moon'"),
    ({'robot': robot_record(chain_robot(7, 7)) | {'urdf': MESHES_ELSEWHERE}},
     "cannot be rebuilt: .* package 'nowhere' is not in .*--package-path"),
    ({'robot': robot_record(chain_robot(6, 6))}, 'but its robot has arms with .6, 6.'),
    ({'grippers': None}, r"the episode's grippers are \[\]"),
    ({'grippers': ['gripper', 'claw']}, r"the episode's grippers are \['gripper', 'claw'\]"),
])
def test_without_the_names_of_the_joints_there_is_no_robot_and_a_reason(tmp_path, attributes, expected):
    look = read_episode_look(stored(tmp_path, make_episode(grippers=2), **attributes))
    assert look.robot is None and look.observation.robot is None and re.search(expected, look.robot_unknown)


def test_a_joint_that_is_not_a_number_is_unknown_at_its_step_only(tmp_path):
    joints = make_episode().joints.copy()
    joints[2, 0, 4] = np.nan
    path = stored(tmp_path, replace(make_episode(), joints=joints), grippers=['gripper'])
    look = read_episode_look(path, 2)
    assert look.robot is None and f'where {ARMS[0].joints[4]} were at step 2' in look.robot_unknown
    assert read_episode_look(path, 3).robot is not None
