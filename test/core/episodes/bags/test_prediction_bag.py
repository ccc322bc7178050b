# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A prediction survives the way into a rosbag2 and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from core.chain_robot import chain_robot
from core.episodes.bags.recorded_bags import make_bag
from core.saved_predictions import assert_same_paths, saved_prediction
from robot4d_core.episodes.bags.look import read_bag_look
from robot4d_core.episodes.bags.prediction_bag import read_prediction_bag, write_prediction_bag
from robot4d_core.errors import EpisodeError, PredictionFileError
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.robot import Robot


def test_everything_comes_back(tmp_path):
    saved = saved_prediction(tmp_path / 'store', grippers=2)
    write_prediction_bag(saved, tmp_path / 'bag')
    read = read_prediction_bag(tmp_path / 'bag')
    assert (read.seed, read.steps, read.look.source) == (7, 3, saved.look.source)
    for key in ('id', 'model', 'frame_id'):
        assert getattr(read.prediction, key) == getattr(saved.prediction, key)
    assert read.prediction.stamp == pytest.approx(saved.prediction.stamp, abs=1e-6)
    np.testing.assert_allclose(read.prediction.time_from_start, saved.prediction.time_from_start)
    for before, after in zip(saved.prediction.views, read.prediction.views):
        assert (before.name, before.camera) == (after.name, after.camera)
        np.testing.assert_array_equal(before.rgb, after.rgb)
        np.testing.assert_array_equal(before.pointmap, after.pointmap)
    assert_same_paths(read.prediction.paths, saved.prediction.paths)
    for before, after in zip(saved.look.views, read.look.views):
        np.testing.assert_array_equal(before.rgb, after.rgb)
        np.testing.assert_allclose(before.depth, after.depth, rtol=1e-6)
    for key in ('T_n_m', 'gripper_poses', 'openings'):
        np.testing.assert_allclose(getattr(read.look, key), getattr(saved.look, key), atol=1e-9)


def test_what_the_recording_did_not_know_stays_unknown(tmp_path):
    saved = saved_prediction(tmp_path / 'store')
    saved = replace(saved, look=replace(saved.look, T_n_m=None, gripper_poses=None, openings=None))
    write_prediction_bag(saved, tmp_path / 'bag')
    look = read_prediction_bag(tmp_path / 'bag').look
    assert (look.T_n_m, look.gripper_poses, look.openings) == (None, None, None)


def test_its_recording_can_be_predicted_from_again(tmp_path):
    saved = saved_prediction(tmp_path / 'store')
    write_prediction_bag(saved, tmp_path / 'bag')
    look = read_bag_look(tmp_path / 'bag', 0.0, tuple(view.name for view in saved.look.views))
    np.testing.assert_array_equal(look.observation.views[1].rgb, saved.look.observation.views[1].rgb)
    assert look.future == saved.look.future


def test_no_bag_is_overwritten(tmp_path):
    (tmp_path / 'bag').mkdir()
    with pytest.raises(EpisodeError, match='exists'):
        write_prediction_bag(saved_prediction(tmp_path / 'store'), tmp_path / 'bag')


def test_a_bag_without_a_prediction_is_refused(tmp_path):
    with pytest.raises(PredictionFileError, match="without a prediction of 'robot4d predict'; its topics are .*tf"):
        read_prediction_bag(make_bag(tmp_path / 'bag', seconds=0.2))


def test_the_robot_comes_back_whatever_it_is(tmp_path):
    saved, robot = saved_prediction(tmp_path / 'store'), chain_robot(5)
    write_prediction_bag(replace(saved, look=replace(saved.look, described_robot=robot)), tmp_path / 'bag')
    look = read_prediction_bag(tmp_path / 'bag').look
    assert look.described_robot.arms == robot.arms and look.described_robot.base_frame == 'base'
    np.testing.assert_allclose(look.openings, saved.look.openings, atol=1e-8)
    np.testing.assert_allclose(look.gripper_poses, saved.look.gripper_poses, atol=1e-9)


def test_a_robot_whose_meshes_are_gone_is_unknown_for_that_reason(tmp_path):
    mesh = tmp_path / 'hand.stl'
    trimesh.creation.box((0.05, 0.16, 0.04)).export(mesh)
    boxes = chain_robot(5)
    urdf = boxes.description.urdf.replace('<box size="0.05 0.16 0.04"/>', f'<mesh filename="{mesh}"/>')
    saved = saved_prediction(tmp_path / 'store')
    robot = Robot(RobotDescription(urdf), boxes.arms, boxes.base_frame)
    write_prediction_bag(replace(saved, look=replace(saved.look, described_robot=robot)), tmp_path / 'bag')
    mesh.unlink()
    look = read_prediction_bag(tmp_path / 'bag').look
    assert (look.described_robot, look.robot, look.openings) == (None, None, None)
    assert 'cannot be rebuilt' in look.robot_unknown and 'hand.stl' in look.robot_unknown
    np.testing.assert_array_equal(look.views[0].rgb, saved.look.views[0].rgb)
