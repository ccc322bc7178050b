# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot description means the same to every library that reads it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import mujoco
import numpy as np
import pinocchio as pin
import pytest
import trimesh

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


TREE = """
<robot name="tree">
  <link name="base"/><link name="turntable"/><link name="lift"/><link name="camera"/>
  <joint name="turn" type="continuous"><parent link="base"/><child link="turntable"/><axis xyz="0 0 1"/></joint>
  <joint name="rise" type="prismatic"><parent link="turntable"/><child link="lift"/><origin xyz="0.5 0 0"/>
    <axis xyz="0 0 1"/><limit lower="-0.1" upper="0.4" velocity="1" effort="1"/></joint>
  <joint name="mount" type="fixed"><parent link="turntable"/><child link="camera"/><origin xyz="0 0.2 0"/></joint>
</robot>
"""


def test_links_and_joints_are_found_by_name():
    tree = RobotDescription(TREE)
    assert set(tree.links) == {'base', 'turntable', 'lift', 'camera'} and tree.links[0] == 'base'
    assert set(tree.joints) == {'turn', 'rise'}
    assert (tree.link_moved_by('turn'), tree.link_moved_by('rise')) == ('turntable', 'lift')
    assert [tree.link_above(link) for link in ('base', 'turntable', 'camera')] == [None, 'base', 'turntable']
    assert set(tree.links_below('turntable')) == {'turntable', 'lift', 'camera'}
    assert tree.links_below('lift') == ('lift',)
    assert tree.rigid_with('lift') == ('lift',) and set(tree.rigid_with('camera')) == {'turntable', 'camera'}
    assert tree.position_limits('rise') == (-0.1, 0.4)


@pytest.mark.parametrize('turns', [0.0, 0.3, -2.0, 9.0])
def test_poses_follow_joints_of_every_kind_given_in_any_order(turns):
    tree = RobotDescription(TREE)
    expected = [0.5 * np.cos(turns), 0.5 * np.sin(turns), 0.25]
    for positions in ({'turn': turns, 'rise': 0.25}, {'rise': 0.25, 'turn': turns}):
        np.testing.assert_allclose(tree.pose('lift', positions)[:3, 3], expected, atol=1e-12)
    np.testing.assert_allclose(tree.pose('camera')[:3, 3], [0, 0.2, 0], atol=1e-12)


@pytest.mark.parametrize('ask', [
    lambda tree: tree.pose('lift', {'tilt': 1.0}), lambda tree: tree.link_moved_by('tilt'),
    lambda tree: tree.mimicked_by('mount'), lambda tree: tree.position_limits('tilt'),
])
def test_when_a_joint_is_not_there_expect_those_that_are(ask):
    with pytest.raises(RobotDescriptionError, match='no movable joint .*; it has: (turn, rise|rise, turn)'):
        ask(RobotDescription(TREE))


def test_when_a_joint_names_a_link_that_is_not_there_expect_both_named():
    with pytest.raises(RobotDescriptionError, match="no link 'turntable'; it has: base, .*; joint 'turn' names it"):
        RobotDescription(TREE.replace('<link name="turntable"/>', ''))


def test_meshes_are_read_scaled_from_paths_and_packages(tmp_path, monkeypatch):
    package = tmp_path / 'my_robot'
    (package / 'meshes').mkdir(parents=True)
    (package / 'package.xml').write_text('<package><name>my_robot</name></package>')
    trimesh.creation.box((100, 200, 300)).export(package / 'meshes' / 'block.stl')
    monkeypatch.setenv('ROS_PACKAGE_PATH', str(tmp_path))
    for place in (package / 'meshes' / 'block.stl', f'file://{package}/meshes/block.stl',
                  'package://my_robot/meshes/block.stl'):
        urdf = ('<robot name="r"><link name="a"><visual><origin xyz="0 0 1"/><geometry>'
                f'<mesh filename="{place}" scale="0.001 0.001 0.001"/></geometry></visual></link></robot>')
        mesh, colour = RobotDescription(urdf).surface('a')
        np.testing.assert_allclose(mesh.bounds, [[-0.05, -0.1, 0.85], [0.05, 0.1, 1.15]], atol=1e-6)
        np.testing.assert_allclose(colour, 0.5)
