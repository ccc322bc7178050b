# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Robots that nobody here described: they load with all their shapes, or a sentence says why not; their arms reach."""

from __future__ import annotations

import numpy as np
import pytest

from published_robots import ARMS, BAXTER, PANDA, ROBOTS, SO101, UR5E, arm, description, files, ur5e_with_2f85
from robot4d_core.errors import InverseKinematicsError, RobotDescriptionError
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.robot.clearance import Clearance
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.urdf import parse_urdf

REFUSED = {
    'quadrotor_base.urdf.xacro': 'has no link',  # a macro
    'quadrotor_base.xacro': 'No such file or directory',
    'ur3.urdf': 'has no link',  # nothing but comments
    'alex_psyonic_hands.urdf': "joint 'Left_index_q2' mimics 'index_q1', which is no movable joint",
    'romeo_laas_small.urdf': 'file:///usr/Romeo/.* is no file',
    # its materials are missing
    'anymal_b_simple_description/robots/anymal.urdf': 'anymal_foot.dae has parts that cannot be joined',
    'anymal-kinova.urdf': 'anymal_foot.dae has parts that cannot be joined',
}
NUMBER = 1000


def random_positions(kinematics: ArmKinematics, rng: np.random.Generator) -> np.ndarray:
    low, high = kinematics.position_limits
    return rng.uniform(np.where(kinematics.continuous, -np.pi, low), np.where(kinematics.continuous, np.pi, high))


def found(kinematics: ArmKinematics, number: int) -> int:
    """Return of how many reachable poses ik finds positions from a seed that has nothing to do with them."""
    rng, reached = np.random.default_rng(1), 0
    low, high = kinematics.position_limits
    for _ in range(number):
        goal, seed = kinematics.fk(random_positions(kinematics, rng)), random_positions(kinematics, rng)
        try:
            positions = kinematics.ik(goal, seed)
        except InverseKinematicsError:
            continue
        distance, turn = pose_distance(kinematics.fk(positions), goal)
        reached += distance <= 5e-4 and turn <= 2e-3 and (low <= positions).all() and (positions <= high).all()
    return reached


@pytest.mark.parametrize('name', ['panda', 'ur5e', 'so101', 'kinova'])
def test_arms_of_any_number_of_joints_reach_what_is_within_reach(name):
    assert found(arm(name), 15) == 15


@pytest.mark.slow
@pytest.mark.parametrize('name', ARMS)
def test_inverse_kinematics_finds_99_of_100_reachable_poses(name):
    assert found(arm(name), NUMBER) >= 0.99 * NUMBER


def test_the_published_pose_of_the_ur5e():
    """At zero it lies along -x: 0.425 + 0.3922 m; the tool is 0.1625 - 0.0997 m high and 0.1333 + 0.0996 m beside."""
    reached = arm('ur5e').fk(np.zeros(6))[:3, 3]
    np.testing.assert_allclose(np.abs(reached), [0.425 + 0.3922, 0.1333 + 0.0996, 0.1625 - 0.0997], atol=1e-4)


def test_visual_and_collision_meshes_of_the_panda_have_one_size():
    """The first are .dae, the second .stl."""
    panda = description(PANDA)
    for link in [f'panda_link{number}' for number in range(8)]:
        shape = next(shape for shape in panda.collision_shapes.geometryObjects
                     if panda.model.frames[shape.parentFrame].name == link)
        np.testing.assert_allclose(
            panda.surface(link)[0].extents, np.ptp(shape.geometry.vertices(), axis=0), atol=0.01)


def test_meshes_of_several_materials_are_whole():
    """Of .obj and .dae files: every vertex belongs to a triangle."""
    ur5e, baxter = description(UR5E), description(BAXTER)
    for mesh in (ur5e.surface('shoulder_link')[0], ur5e.surface('forearm_link')[0],
                 baxter.surface('left_upper_elbow')[0]):
        assert len(np.unique(mesh.faces)) == len(mesh.vertices)
    np.testing.assert_allclose(ur5e.surface('forearm_link')[0].extents, [0.4894, 0.1158, 0.1099], atol=1e-4)


def test_the_linkage_of_a_2f85_follows_one_joint():
    robot = ur5e_with_2f85()
    pads = ['gripper_left_inner_finger_pad', 'gripper_right_inner_finger_pad']
    widths, tilts = [], []
    for turn in np.linspace(0.0, 0.8, 5):
        left, right = (robot.pose(pad, {'gripper_finger_joint': turn}) for pad in pads)
        widths.append(np.linalg.norm(left[:3, 3] - right[:3, 3]))
        tilts.append(left[:3, 2] @ right[:3, 2])
    assert widths[0] - widths[-1] == pytest.approx(0.085, abs=3e-3) and (np.diff(widths) < 0).all()
    np.testing.assert_allclose(tilts, tilts[0], atol=1e-9)  # the pads stay parallel


def test_clearance_of_the_ur5e_with_its_gripper_can_be_judged():
    robot = ur5e_with_2f85()
    joints = robot.joints_above('tcp')
    gap, between = Clearance(robot, [joints]).nearest(np.array([0, -1.6, 1.6, -1.6, -1.6, 0]))
    assert 0.01 < gap.distance < 0.2 and between is None
    folded, _ = Clearance(robot, [joints]).nearest(np.array([0, -1.6, 3.1, -1.6, -1.6, 0]))
    assert folded.distance <= 0.0


def test_when_a_five_joint_arm_cannot_take_an_orientation_expect_that_said():
    so101 = arm('so101')
    goal = so101.fk(np.zeros(5))
    goal[:3, :3] = goal[:3, :3] @ np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    goal[:3, 3] += [0.0, 0.05, 0.0]
    with pytest.raises(InverseKinematicsError, match='with 5 joints not every orientation is within reach'):
        so101.ik(goal, np.zeros(5))


@pytest.mark.slow
@pytest.mark.parametrize('path', files(), ids=lambda path: path.name)
def test_every_robot_loads_with_all_its_shapes_or_is_refused_with_a_sentence(path, monkeypatch):
    monkeypatch.setenv('ROS_PACKAGE_PATH', str(ROBOTS.parents[1]))
    if reason := next((why for end, why in REFUSED.items() if str(path).endswith(f'/{end}')), None):
        with pytest.raises(RobotDescriptionError, match=reason):
            robot = RobotDescription.from_file(path)
            for link in robot.links:
                robot.surface(link)
        return
    robot = RobotDescription.from_file(path)
    assert np.isfinite(robot.poses({})).all()
    links = parse_urdf(path.read_bytes()).findall('link')
    seen = {link.get('name') for link in links if {'visual', 'collision'} & {part.tag for part in link}}
    assert {link for link in robot.links if robot.surface(link) is not None} >= seen
    assert len(robot.collision_shapes.geometryObjects) >= sum(len(link.findall('collision')) for link in links)


def test_names_of_both_packages_are_known():
    assert {PANDA, SO101, UR5E} <= set(files())
