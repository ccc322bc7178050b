# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What was understood of a robot, in words: chains, limits, reach, grippers and what their controllers are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.executor.gripper_command import POSITIONS, Controllers
from robot4d_core.executor.robot_examination import RobotExamination
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.names import ArmNames
from robot4d_core.robot.reach import reach


def positions_to_draw(found: RobotExamination) -> dict[str, float]:
    """Return joint positions by name, rad or metres: arms in the middle of their limits, grippers open."""
    positions: dict[str, float] = {}
    for arm in filter(None, found.kinematics):
        positions |= zip(arm.joint_names, arm.middle.tolist(), strict=True)
    for gripper in filter(None, found.grippers):
        positions |= gripper.positions(gripper.open_width)
    return positions


def describe_robot(
    description: RobotDescription, names: Sequence[ArmNames], base_frame: str, found: RobotExamination,
    controllers: Sequence[Controllers], positions: Mapping[str, float],
) -> Iterator[str]:
    """Yield lines of text; positions: joints by name, rad or metres, at which self-clearance is told."""
    yield f'base frame {base_frame}, the root is {description.links[0]}'
    for arm, kinematics, gripper, controller in zip(
            names, found.kinematics, found.grippers, controllers, strict=True):
        if kinematics:
            yield from _arm(description, arm, kinematics, base_frame)
            yield f'  controller {controller.arm_action or "not named here"}'
        if gripper:
            yield from _gripper(gripper, controller)
    if found.clearance:
        where = np.array([positions[joint] for arm in found.kinematics for joint in arm.joint_names])
        for gap in filter(None, found.clearance.nearest(where)):
            yield f'as drawn, {gap.links} are nearest to each other: {1e3 * gap.distance:.0f} mm' + (
                '' if gap.distance > 0 else ', they overlap: no plan may come here')


def _arm(
    description: RobotDescription, names: ArmNames, kinematics: ArmKinematics, base_frame: str,
) -> Iterator[str]:
    distance, first = reach(description, kinematics, base_frame)
    yield (f"arm '{names.name}': {len(names.joints)} joints carry {names.gripper.tcp}, which reaches {distance:.3f} m "
           f'from {first}')
    width = max(map(len, names.joints))
    for joint, low, high in zip(names.joints, *kinematics.position_limits, strict=True):
        kind = description.joint_kind(joint)
        number, unit = (1e3, 'mm') if kind == 'prismatic' else (np.degrees(1), 'deg')
        limits = 'without limits' if np.isinf(low) else f'{number * low:7.1f} to {number * high:6.1f} {unit}'
        try:
            speed = f'{number * kinematics.velocity_limit(joint):.0f} {unit}/s'
        except RobotDescriptionError:
            speed = 'no speed limit'
        yield f'  {joint:{width}}  {kind:10}  {limits:22}  {speed}'


def _gripper(gripper: Gripper, controller: Controllers) -> Iterator[str]:
    names, (low, high) = gripper.names, gripper.range
    jaws = names.fingers if len(names.fingers) == 2 else (*names.fingers, names.hand)
    yield (f"gripper '{gripper.name}': driven by {', '.join(names.finger_joints)}; the pads of {' and '.join(jaws)} "
           f'are {1e3 * low:.1f} to {1e3 * high:.1f} mm apart')
    for word, opening in (('closed', low), ('open', gripper.open_width)):
        joints = ', '.join(f'{joint} {value:.4f}' for joint, value in gripper.positions(opening).items())
        told = joints if controller.gripper_type == 'ParallelGripperCommand' else (
            f'{POSITIONS[controller.gripper_position](gripper, opening):.4f} ({controller.gripper_position})')
        yield f'  {word:6}  {1e3 * opening:5.1f} mm, {joints}; the controller is told {told}'
    yield f'  controller {controller.gripper_action or "not named here"}, {controller.gripper_type}'
    pads = ' and '.join(str(np.round(1e3 * pad, 1) + 0.0) for pad in gripper.pads(gripper.open_width))
    yield f'  tcp {names.tcp}: the open pads are at {pads} mm of it'
