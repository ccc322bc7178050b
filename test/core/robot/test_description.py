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


def test_shapes_of_a_link_whose_inertia_is_unreadable_are_not_lost(capfd):
    box = '<geometry><box size="1 2 3"/></geometry>'
    robot = RobotDescription(f'<robot name="r"><link name="a"><inertial><mass value="1"/></inertial><visual>{box}'
                             f'</visual><collision>{box}</collision></link></robot>')
    np.testing.assert_allclose(robot.surface('a')[0].extents, [1, 2, 3])
    assert len(robot.collision_shapes.geometryObjects) == 1


def test_links_are_painted_as_gazebo_is_told_unless_their_shapes_have_a_material():
    box = '<geometry><box size="1 2 3"/></geometry>'
    urdf = f"""<robot name="r"><mujoco><compiler discardvisual="false" fusestatic="false"/></mujoco>
      <link name="a"><visual>{box}</visual></link>
      <link name="b"><visual>{box}<material name="m"><color rgba="0 1 0 1"/></material></visual></link>
      <joint name="j" type="fixed"><parent link="a"/><child link="b"/></joint>
      <gazebo reference="a"><visual><material><diffuse>1 0.5 0 1</diffuse></material></visual></gazebo>
      <gazebo reference="b"><visual><material><diffuse>1 0.5 0 1</diffuse></material></visual></gazebo>
      <gazebo reference="a"><mu1>0.2</mu1></gazebo><gazebo><plugin filename="p" name="p"/></gazebo></robot>"""
    robot = RobotDescription(urdf)
    model = robot.to_mujoco().compile()
    for number, colour in enumerate([(1, 0.5, 0), (0, 1, 0)]):
        np.testing.assert_allclose(robot.surface('ab'[number])[1], colour)
        np.testing.assert_allclose(model.geom_rgba[number, :3], colour)


def test_when_a_shape_is_unreadable_expect_its_link_named(capfd):
    robot = RobotDescription('<robot name="r"><link name="a"><visual><geometry><box size="1 two 3"/></geometry>'
                             '</visual></link></robot>')
    with pytest.raises(RobotDescriptionError, match="link 'a'.*<visual> shapes cannot be read"):
        robot.surface('a')


def test_prefixes_that_nobody_declares_are_part_of_names_as_ros_reads_them(tmp_path):
    file = tmp_path / 'robot.urdf'
    file.write_text(TREE.replace('upper="0.4"', 'upper="0.4" drake:acceleration="2"')
                    .replace('</robot>', '<drake:filter name="x"/></robot>'))
    assert RobotDescription.from_file(file).position_limits('rise') == (-0.1, 0.4)


def test_xacro_finds_packages_in_the_paths_given_and_takes_arguments(tmp_path):
    package = tmp_path / 'some where' / 'my_arm'
    package.mkdir(parents=True)
    (package / 'arm.xacro').write_text(
        '<robot xmlns:xacro="http://ros.org/wiki/xacro"><xacro:arg name="lift" default="0.4"/>'
        + TREE.split('\n', 2)[2].replace('"0.4"', '"$(arg lift)"'))
    file = tmp_path / 'robot.urdf.xacro'
    file.write_text('<robot name="r" xmlns:xacro="http://ros.org/wiki/xacro">'
                    '<xacro:include filename="$(find my_arm)/arm.xacro"/></robot>')
    robot = RobotDescription.from_file(file, {'lift': 0.7}, [tmp_path / 'some where'])
    assert robot.position_limits('rise') == (-0.1, 0.7)
    with pytest.raises(RobotDescriptionError, match="robot.urdf.xacro.*package 'my_arm' is not in package_paths"):
        RobotDescription.from_file(file)


def test_when_a_plain_urdf_gets_arguments_expect_them_named(tmp_path):
    file = tmp_path / 'robot.urdf'
    file.write_text(TREE)
    with pytest.raises(RobotDescriptionError, match='robot.urdf is a URDF, which has no arguments, but got lift'):
        RobotDescription.from_file(file, {'lift': 1})


def gripper(mimics: str = '') -> RobotDescription:
    """Return fingers a, b, c that slide along x; mimics: the <mimic> of b."""
    parts = ['<link name="hand"/>']
    for finger, tag in (('a', ''), ('b', mimics), ('c', '<mimic joint="b_joint" multiplier="-1" offset="0.3"/>')):
        parts.append(f'<link name="{finger}"/><joint name="{finger}_joint" type="prismatic"><parent link="hand"/>'
                     f'<child link="{finger}"/><axis xyz="1 0 0"/>{tag}'
                     '<limit lower="-1" upper="1" velocity="1" effort="1"/></joint>')
    return RobotDescription(f'<robot name="g">{"".join(parts)}</robot>')


@pytest.mark.parametrize('positions', [{'a_joint': 0.1}, {'b_joint': 0.25}, {'c_joint': 0.05},
                                       {'c_joint': 0.05, 'a_joint': 0.1}])
def test_mimic_joints_follow_whichever_of_them_is_told(positions):
    robot = gripper('<mimic joint="a_joint" multiplier="2" offset="0.05"/>')
    found = [robot.pose(link, positions)[0, 3] for link in 'abc']
    np.testing.assert_allclose(found, [0.1, 0.25, 0.05], atol=1e-12)
    assert robot.mimicked_by('c_joint') == 'a_joint' and robot.mimicked_by('a_joint') is None


def test_when_a_mimic_joint_is_told_to_be_elsewhere_expect_both_named():
    robot = gripper('<mimic joint="a_joint" multiplier="2" offset="0.05"/>')
    with pytest.raises(RobotDescriptionError, match="'b_joint' is said to be at 0.500, but follows 'a_joint' to 0.250"):
        robot.pose('b', {'a_joint': 0.1, 'b_joint': 0.5})


@pytest.mark.parametrize(('mimic', 'message'), [
    ('<mimic joint="d_joint"/>', "'b_joint' mimics 'd_joint', which is no movable joint"),
    ('<mimic joint="c_joint"/>', "joint '[bc]_joint' mimics itself"),
    ('<mimic joint="a_joint" multiplier="two"/>', "joint 'b_joint': <mimic> is not in numbers"),
])
def test_when_a_joint_cannot_mimic_expect_it_named(mimic, message):
    with pytest.raises(RobotDescriptionError, match=message):
        gripper(mimic)


def test_limits_of_continuous_joints_are_none_and_missing_ones_are_named():
    tree = RobotDescription(TREE)
    assert tree.position_limits('turn') == (-np.inf, np.inf)
    assert tree.velocity_limit('rise') == 1.0
    with pytest.raises(RobotDescriptionError, match="'turn' has no velocity limit .* joint_velocity_limits: {turn: "):
        tree.velocity_limit('turn')
    with pytest.raises(RobotDescriptionError, match="'rise' has no velocity limit .* or one of 0"):
        RobotDescription(TREE.replace('velocity="1"', 'velocity="0"')).velocity_limit('rise')
    with pytest.raises(RobotDescriptionError, match="joint 'turn' is revolute but has no <limit>"):
        RobotDescription(TREE.replace('continuous', 'revolute'))


def test_an_arms_links_do_not_depend_on_the_order_of_its_joints():
    tree = RobotDescription(TREE)
    assert tree.links_of_arm(['rise', 'turn']) == tree.links_of_arm(['turn', 'rise'])
    assert tree.joints_above('lift') == ('turn', 'rise') and tree.joints_above('base') == ()


def test_what_a_joint_carries_without_collision_shapes_collides_as_it_is_seen():
    box = '<geometry><box size="0.1 0.1 0.1"/></geometry>'
    seen = TREE.replace('<link name="lift"/>', f'<link name="lift"><visual>{box}</visual></link>')
    seen = seen.replace('<link name="turntable"/>', f'<link name="turntable"><collision>{box}</collision></link>')
    seen = seen.replace('<link name="camera"/>', f'<link name="camera"><visual>{box}</visual></link>')
    robot = RobotDescription(seen)
    links = [robot.model.frames[shape.parentFrame].name for shape in robot.collision_shapes.geometryObjects]
    assert sorted(links) == ['lift', 'turntable']  # the camera is fixed to the turntable, which has a shape
