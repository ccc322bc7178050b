# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Arms that nobody here described are planned for, or refused by name before anything could move."""

from __future__ import annotations

from uuid import uuid4

import numpy as np
import pytest

from published_grippers import published_model
from published_robots import BAXTER, PANDA, ROBOTS, SO101, description, ur5e_with_2f85
from robot4d_core.errors import PlanRejected, RobotDescriptionError
from robot4d_core.executor.motion import ArmMotion
from robot4d_core.executor.motion_planner import MotionPlanner
from robot4d_core.executor.robot_arms import RobotArm, RobotArms
from robot4d_core.executor.safety import SafetyLimits
from robot4d_core.geometry.poses import make_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.robot.clearance import Clearance
from robot4d_core.robot.kinematics import ArmKinematics

KINOVA = ROBOTS / 'kinova_description/robots/kinova.urdf'
GRIPPER = published_model('robotiq_2f_85').gripper  # whatever the arm
LIMITS = SafetyLimits(workspace_low=(-1.0, -1.0, 0.0), workspace_high=(1.0, 1.0, 1.5))
CASES = {
    'panda': (description(PANDA), 'panda_hand_tcp', [0, -0.785, 0, -2.356, 0, 1.571, 0.785]),
    'ur5e': (ur5e_with_2f85(), 'tcp', [0, -1.6, 1.6, -1.6, -1.6, 0]),
    'kinova': (description(KINOVA), 'j2s6s200_end_effector', [7.0, 2.9, 1.3, -2.07, 1.4, 9.0]),
}


def robot(name: str) -> RobotArms:
    """Return a robot with one arm that has GRIPPER."""
    urdf, tip, _ = CASES[name]
    joints = urdf.joints_above(tip)
    kinematics = ArmKinematics(urdf, joints, tip, urdf.links[0])
    return RobotArms((RobotArm(GRIPPER, kinematics),), Clearance(urdf, [joints]), kinematics.velocity_limits)


def plan(poses: np.ndarray) -> GripperPlan:
    steps = len(poses)
    return GripperPlan(
        GRIPPER.name, 1.0, 'camera', uuid4(), 'test', 0.5 * np.arange(1, steps + 1), poses, np.full(steps, 0.08),
        np.zeros(steps, bool), np.ones(steps), ('reference',) * steps, poses[0], False)


@pytest.mark.parametrize('name', CASES)
def test_motion_is_planned_along_a_line(name):
    arms, start = robot(name), np.array(CASES[name][2], float)
    kinematics = arms.arms[0].kinematics
    begin = kinematics.fk(start)
    poses = np.stack([begin @ make_pose(np.eye(3), [0.0, 0.005 * k, -0.01 * k]) for k in range(1, 6)])
    motion = MotionPlanner(arms, LIMITS).plan([plan(poses)], np.eye(4), start, [0.08])
    (segment,) = [part for part in motion.segments if isinstance(part, ArmMotion)]
    np.testing.assert_array_equal(segment.positions[0], start)
    distance, turn = pose_distance(kinematics.fk(segment.positions[-1]), poses[-1])
    assert distance < 1e-3 and turn < 5e-3
    assert (np.abs(segment.velocities) <= LIMITS.velocity_share * arms.velocity_limits * 1.000001).all()


def test_when_a_five_joint_arm_cannot_follow_expect_rejection_not_a_mistake():
    urdf = description(SO101)
    joints = urdf.joints_above('gripper_frame_link')
    kinematics = ArmKinematics(urdf, joints, 'gripper_frame_link', 'base_link')
    start = np.array([0.0, -0.5, 0.5, 0.5, 0.0])
    sideways = kinematics.fk(start)
    sideways[1, 3] += 0.05  # without turning towards it
    arms = RobotArms((RobotArm(GRIPPER, kinematics),), None, kinematics.velocity_limits)
    with pytest.raises(PlanRejected, match='reach: .* with 5 joints not every orientation is within reach'):
        MotionPlanner(arms, LIMITS).plan([plan(sideways[None])], np.eye(4), start, [0.08])


def test_when_something_else_moves_the_tool_expect_it_named():
    baxter = description(BAXTER)
    joints = baxter.joints_above('left_gripper')
    with pytest.raises(RobotDescriptionError, match=f"joint '{joints[0]}' moves 'left_gripper', but is not in"):
        ArmKinematics(baxter, joints[1:], 'left_gripper', 'base')
    with pytest.raises(RobotDescriptionError, match=f"'left_gripper' moves: joint '{joints[-1]}' carries it"):
        ArmKinematics(baxter, joints, 'left_gripper', 'left_gripper')
