# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot description means the same to every library that reads it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import mujoco
import numpy as np
import pinocchio as pin
import pytest

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.geometry.poses import make_pose
from robot4d_core.robot.description import RobotDescription
from robot4d_core.share import share_directory

ARM_JOINTS = [f'arm_joint{i}' for i in range(1, 8)]
JOINTS = [*ARM_JOINTS, 'gripper_finger_left_joint', 'gripper_finger_right_joint']


@pytest.fixture(scope='module')
def urdf():
    return RobotDescription.shipped().urdf


def tcp_by_pinocchio(urdf, joints):
    model = pin.buildModelFromXML(urdf)
    data = model.createData()
    q = pin.neutral(model)
    for name, value in joints.items():
        q[model.joints[model.getJointId(name)].idx_q] = value
    pin.framesForwardKinematics(model, data, q)
    return data.oMf[model.getFrameId('gripper_tcp')].homogeneous


def tcp_by_mujoco(urdf, joints):
    model = mujoco.MjSpec.from_string(urdf).compile()
    data = mujoco.MjData(model)
    for name, value in joints.items():
        data.joint(name).qpos[0] = value
    mujoco.mj_kinematics(model, data)
    body = data.body('gripper_tcp')
    return make_pose(body.xmat.reshape(3, 3), body.xpos)


def tcp_by_published_dh(positions):
    """Franka's control parameters, modified (Craig) DH: a, d, alpha per joint, then the flange and Franka's hand."""
    parameters = [
        (0, 0.333, 0), (0, 0, -np.pi / 2), (0, 0.316, np.pi / 2), (0.0825, 0, np.pi / 2),
        (-0.0825, 0.384, -np.pi / 2), (0, 0, np.pi / 2), (0.088, 0, np.pi / 2), (0, 0.107, 0), (0, 0.1034, 0),
    ]
    pose = make_pose(np.eye(3), [-0.55, 0, 0])
    for (a, d, alpha), theta in zip(parameters, [*positions, -np.pi / 4, 0], strict=True):
        ca, sa, ct, st = np.cos(alpha), np.sin(alpha), np.cos(theta), np.sin(theta)
        pose = pose @ np.array([
            [ct, -st, 0, a], [st * ca, ct * ca, -sa, -d * sa], [st * sa, ct * sa, ca, d * ca], [0, 0, 0, 1],
        ])
    return pose


def test_all_libraries_agree_with_the_published_kinematics(urdf):
    rng = np.random.default_rng(0)
    model = pin.buildModelFromXML(urdf)
    for _ in range(20):
        positions = rng.uniform(model.lowerPositionLimit, model.upperPositionLimit)
        joints = dict(zip(model.names[1:], positions, strict=True))
        expected = tcp_by_published_dh([joints[name] for name in ARM_JOINTS])
        np.testing.assert_allclose(tcp_by_pinocchio(urdf, joints), expected, atol=1e-5)
        np.testing.assert_allclose(tcp_by_mujoco(urdf, joints), expected, atol=1e-5)


def test_tool_points_down_in_the_ready_pose(urdf):
    ready = dict(zip(ARM_JOINTS, [0, -np.pi / 4, 0, -3 * np.pi / 4, 0, np.pi / 2, np.pi / 4], strict=True))
    pose = tcp_by_pinocchio(urdf, ready)
    np.testing.assert_allclose(pose[:3, 3], [0.3069 - 0.55, 0, 0.4869], atol=1e-3)
    np.testing.assert_allclose(pose[:3, :3], np.diag([1, -1, -1]), atol=1e-5)


def test_limits_are_the_published_ones(urdf):
    model = pin.buildModelFromXML(urdf)
    assert list(model.names[1:]) == JOINTS
    np.testing.assert_allclose(
        model.upperPositionLimit, [2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973, 0.04, 0.04])
    np.testing.assert_allclose(
        model.lowerPositionLimit, [-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973, 0, 0])
    np.testing.assert_allclose(model.velocityLimit, [2.175] * 4 + [2.61] * 3 + [0.2] * 2)


def test_arguments_reach_xacro():
    moved = tcp_by_pinocchio(RobotDescription.shipped(base_x=0.0).urdf, {})
    assert moved[0, 3] - tcp_by_pinocchio(RobotDescription.shipped().urdf, {})[0, 3] == pytest.approx(0.55)


def test_share_directory_holds_the_description():
    assert (share_directory() / 'urdf' / 'cell.urdf.xacro').is_file()


@pytest.mark.parametrize('content', [None, '<robot', '<robot xmlns:xacro="http://www.ros.org/wiki/xacro">${no}</robot>'])
def test_unusable_description_is_named(tmp_path, content):
    path = tmp_path / 'my_robot.urdf.xacro'
    if content:
        path.write_text(content)
    with pytest.raises(RobotDescriptionError, match='my_robot'):
        RobotDescription.from_file(path)


def test_threads_may_expand_it_at_once(urdf):
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: RobotDescription.shipped().urdf, range(4))) == {urdf}
