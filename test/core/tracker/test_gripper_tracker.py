# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The gripper's path out of a 4-D video whose truth is known."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.box_world import GRIPPER, GRIPPER_URDF, Box, camera_pose, gripper, observe, predict, table_scene
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import depth_in_metres, resize_pointmap
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.observation import Observation
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.tracker.gripper_tracker import GripperTracker, TrackerSettings, track_grippers

MODEL = GripperModel.from_description(RobotDescription(GRIPPER_URDF), GRIPPER)
CAMERAS = {'reference': camera_pose(-25), 'second': camera_pose(30)}
T_REFERENCE_WORLD = invert_pose(CAMERAS['reference'])
SCENE = table_scene(3)
SHARED = Path(os.environ.get('ROBOT4D_SHARED', Path(__file__).resolve().parents[4] / 'shared'))


def world_pose(x, y, z, yaw_degrees=0.0, tilt_degrees=0.0) -> np.ndarray:
    """Return T_world_tcp of a gripper that points down."""
    turn = Rotation.from_euler('zyx', [yaw_degrees, tilt_degrees, 180.0], degrees=True)
    return make_pose(turn, (x, y, z))


START = world_pose(-0.05, 0.1, 0.3, 20)
PATH = [
    world_pose(-0.05 + 0.012 * k**1.4, 0.1 - 0.03 * k, 0.3 - 0.025 * k, 20 + 9 * k, 5 * np.sin(k)) for k in range(1, 6)
]
OPENINGS = [0.08, 0.08, 0.06, 0.02, 0.02]


def make_prediction(path=PATH, openings=OPENINGS, extra=()):
    worlds = [[*SCENE, *gripper(pose, opening), *extra] for pose, opening in zip(path, openings, strict=True)]
    return predict(worlds, CAMERAS)


PREDICTION = make_prediction()
OBSERVATION = observe([*SCENE, *gripper(START, 0.08)], CAMERAS)


def track(prediction=PREDICTION, observation=OBSERVATION, start=START, opening=0.08, mode='fused'):
    tracker = GripperTracker(MODEL, TrackerSettings(mode=mode))
    return tracker.track(prediction, T_REFERENCE_WORLD @ start, opening, observation)


def errors(plan, path=PATH) -> tuple[np.ndarray, np.ndarray]:
    """Return metres and degrees per frame."""
    pairs = [pose_distance(found, T_REFERENCE_WORLD @ true) for found, true in zip(plan.poses, path, strict=True)]
    metres, radians = np.array(pairs).T
    return metres, np.degrees(radians)


@pytest.mark.parametrize('mode', ['fused', 'best_view'])
@pytest.mark.parametrize('observation', [OBSERVATION, None], ids=['learned colours', 'described colours'])
def test_a_perfect_prediction_is_read_exactly(mode, observation):
    plan = track(mode=mode, observation=observation)
    metres, degrees = errors(plan)
    assert metres.max() < 0.008
    assert degrees.max() < 4.0
    assert np.median(metres) < 0.003
    assert np.abs(plan.opening - OPENINGS).max() < 0.006
    np.testing.assert_array_equal(plan.closed, [False, False, True, True, True])  # 6 cm may be an apple
    assert np.median(plan.confidence) > 0.9  # lower beside a box of the colour of a finger
    assert plan.confidence.min() > 0.4
    assert set(plan.source_view) <= {'reference', 'second'}
    assert not plan.lost
    assert plan.message == ''


def test_the_plan_carries_the_identity_of_its_prediction():
    plan = track()
    assert (plan.stamp, plan.frame_id, plan.prediction_id, plan.model, plan.gripper) == (
        PREDICTION.stamp, PREDICTION.frame_id, PREDICTION.id, 'truth', 'gripper')
    np.testing.assert_array_equal(plan.time_from_start, PREDICTION.time_from_start)


def test_the_same_prediction_is_read_the_same_twice():
    first, second = track(), track()
    np.testing.assert_array_equal(first.poses, second.poses)
    np.testing.assert_array_equal(first.confidence, second.confidence)


def test_a_jump_of_15_cm_and_40_degrees_is_followed():
    path = [world_pose(0.08, 0.03, 0.26, 60)]
    metres, degrees = errors(track(make_prediction(path, [0.08])), path)
    assert metres[0] < 0.008
    assert degrees[0] < 3.0


def test_noise_flying_pixels_and_holes_at_low_resolution_are_survived():
    random = np.random.default_rng(0)
    views = []
    for view in PREDICTION.views:
        points = np.stack([resize_pointmap(frame, 160, 128) for frame in view.pointmap])
        points += random.normal(0, 0.006, points.shape).astype(np.float32)
        flying = random.random(points.shape[:3]) < 0.02
        points[flying] += random.normal(0, 0.2, (flying.sum(), 3)).astype(np.float32)
        points[random.random(points.shape[:3]) < 0.05] = np.nan
        rgb = np.stack([cv2.resize(frame, (160, 128), interpolation=cv2.INTER_AREA) for frame in view.rgb])
        views.append(replace(view, camera=view.camera.resized(160, 128), rgb=rgb, pointmap=points))
    plan = track(replace(PREDICTION, views=tuple(views)))
    metres, degrees = errors(plan)
    assert np.median(metres) < 0.012
    assert np.median(degrees) < 6.0
    assert metres.max() < 0.03
    assert plan.closed.tolist() == [False, False, True, True, True]
    assert not plan.lost


def test_a_gripper_half_hidden_is_still_followed():
    screen = Box(make_pose(np.eye(3), (0.12, 0.0, 0.17)), (0.01, 0.16, 0.34), (60, 90, 60))
    metres, _ = errors(track(make_prediction(extra=[screen])))
    assert np.median(metres) < 0.01
    assert metres.max() < 0.03


def test_fingers_out_of_sight_keep_their_opening():
    lid = Box(START, (0.12, 0.2, 0.078), (60, 90, 60))
    plan = track(predict([[*SCENE, *gripper(START, 0.08), lid]] * 3, CAMERAS))
    np.testing.assert_allclose(plan.opening, 0.08)
    assert not plan.closed.any()


def test_no_gripper_where_the_arm_reports_it_is_lost_from_the_start():
    plan = track(start=world_pose(0.2, -0.3, 0.4), observation=OBSERVATION)
    assert plan.lost
    np.testing.assert_array_equal(plan.confidence, 0.0)
    assert set(plan.source_view) == {''}
    assert plan.message.startswith('no gripper in view of reference, second: ')
    assert 'expected surface points found' in plan.message


def test_a_prediction_without_a_gripper_is_lost_even_without_an_observation():
    plan = track(predict([SCENE] * 3, CAMERAS), observation=None)
    assert plan.lost
    assert plan.message.startswith('no gripper in view of reference, second: ')


def test_a_gripper_that_vanishes_is_lost_where_it_vanishes_and_not_followed_elsewhere():
    worlds = [[*SCENE, *gripper(pose, 0.08)] for pose in PATH[:3]] + [SCENE, SCENE]
    plan = track(predict(worlds, CAMERAS))
    assert (plan.confidence[:3] > 0.5).all()
    np.testing.assert_array_equal(plan.confidence[3:], 0.0)
    np.testing.assert_array_equal(plan.poses[3:], plan.poses[[2, 2]])
    assert plan.message.startswith('gripper lost in 2 of 5 predicted frames, first in frame 4')


def test_a_second_view_that_contradicts_itself_is_left_out():
    random = np.random.default_rng(1)
    broken = replace(
        PREDICTION.views[1],
        pointmap=random.uniform(0.3, 1.5, PREDICTION.views[1].pointmap.shape).astype(np.float32))
    plan = track(replace(PREDICTION, views=(PREDICTION.views[0], broken)))
    assert set(plan.source_view) == {'reference'}
    assert np.median(errors(plan)[0]) < 0.008


def test_confidence_falls_as_the_prediction_gets_worse():
    random = np.random.default_rng(2)
    confidences = []
    for sigma in (0.0, 0.01, 0.03):
        views = tuple(
            replace(view, pointmap=view.pointmap + random.normal(0, sigma, view.pointmap.shape).astype(np.float32))
            for view in PREDICTION.views
        )
        confidences.append(track(replace(PREDICTION, views=views)).confidence.mean())
    assert confidences[0] > confidences[1] > confidences[2]


def test_unknown_modes_are_refused():
    with pytest.raises(ValueError, match="'fused'.*'both'|fused, got 'both'"):
        TrackerSettings(mode='both')


@pytest.mark.parametrize('folder', sorted((SHARED / 'data' / 'real_rgbd_pairs').glob('pair_*'))[:3], ids=str)
def test_real_rooms_without_a_robot_are_lost(folder):
    matrix = json.loads((folder / 'meta.json').read_text())['K']
    rgb = cv2.cvtColor(cv2.imread(str(folder / 'n_color.jpg')), cv2.COLOR_BGR2RGB)
    depth = depth_in_metres(cv2.imread(str(folder / 'n_depth.png'), cv2.IMREAD_UNCHANGED), '16UC1')
    view = CameraView('reference', PinholeCamera.from_matrix(matrix, 640, 480), rgb, depth)
    from robot4d_core.generator.engines.hold import HoldEngine
    observation = Observation(0.0, 'reference_color_optical_frame', (view,))
    prediction = HoldEngine(320, 240).predict(observation)
    in_view = make_pose(Rotation.from_euler('x', 150, degrees=True), (0.0, 0.1, 1.0))
    for seen in (observation, None):
        plan = GripperTracker(MODEL).track(prediction, in_view, 0.08, seen)
        assert (plan.confidence == 0).all()
        assert 'no gripper in view of reference' in plan.message


def test_a_gripper_out_of_sight_does_not_keep_the_other_from_being_followed():
    plans = track_grippers(
        [GripperTracker(MODEL)] * 2, PREDICTION,
        [T_REFERENCE_WORLD @ START, T_REFERENCE_WORLD @ world_pose(0.0, 0.0, 3.0)], [0.08, 0.08], OBSERVATION)
    assert [plan.lost for plan in plans] == [False, True] and 'no gripper in view' in plans[1].message
    assert errors(plans[0])[0].max() < 0.008
