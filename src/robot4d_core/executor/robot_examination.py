# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Whether a robot is described and named so that it can be moved, and what is wrong where it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.clearance import Clearance
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.names import ArmNames

Part = TypeVar('Part')


@dataclass(frozen=True)
class RobotExamination:
    """What was understood of a robot, arm by arm; None in the place of what was not.

    problems: a sentence for each: what was expected, what came, what to do. With none, nothing is None.
    """

    grippers: tuple[Gripper | None, ...]
    kinematics: tuple[ArmKinematics | None, ...]
    clearance: Clearance | None
    problems: tuple[str, ...]


def examine_robot(
    description: RobotDescription, names: Sequence[ArmNames], base_frame: str = 'world',
    velocity_limits: Mapping[str, float] | None = None,
) -> RobotExamination:
    """Make of a description all that it takes to move the robot, and list every problem on the way.

    The grippers count as open in clearance. velocity_limits: see ArmKinematics.
    """
    velocity_limits, problems = velocity_limits or {}, []

    def tried(make: Callable[..., Part], *arguments) -> Part | None:
        try:
            return make(*arguments)
        except RobotDescriptionError as error:
            if str(error) not in problems:
                problems.append(str(error))
            return None

    grippers = [tried(Gripper, description, arm.gripper) for arm in names]
    kinematics = [tried(ArmKinematics, description, arm.joints, arm.gripper.tcp, base_frame, velocity_limits)
                  for arm in names]
    for arm in filter(None, kinematics):
        for joint in arm.joint_names:
            tried(arm.velocity_limit, joint)
    joints = [joint for arm in names for joint in arm.joints]
    problems += [f"joint_velocity_limits names '{joint}', which is no joint of an arm; those are: {', '.join(joints)}"
                 for joint in velocity_limits if joint not in joints]
    clearance = None
    if all(kinematics):
        fingers: dict[str, float] = {}
        for gripper in filter(None, grippers):
            fingers |= gripper.positions(gripper.open_width)
        clearance = tried(Clearance, description, [arm.joints for arm in names], fingers)
    return RobotExamination(tuple(grippers), tuple(kinematics), clearance, tuple(problems))
