# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The arms that a node knows: their number and, under the name of each, the names of its parts and controllers."""

from __future__ import annotations

from dataclasses import dataclass

from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor

from robot4d_core.errors import ParameterError
from robot4d_core.executor.gripper_command import GRIPPER_TYPES, POSITIONS
from robot4d_core.robot.names import ArmNames, GripperNames, read_arm_names, require_different
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.parameters import parameter

_SHIPPED = {arm.name: arm for arm in read_arm_names()}
_NO_NAME = ''


@dataclass(frozen=True)
class ArmParameters:
    """The parameters of one arm; those of robot4d's own arms have defaults, those of others must be set."""

    joint_names: list[str] = parameter(
        [_NO_NAME], 'Joints of the arm, from base to tool, as its controller names them', at_configure=True)
    gripper: str = parameter(
        _NO_NAME, 'Name of the gripper in plans; its topics and predicted tf frames begin with it', read_only=True)
    hand_link: str = parameter(_NO_NAME, 'Link of the hand in the URDF', at_configure=True)
    finger_links: list[str] = parameter(
        [_NO_NAME], 'Links in the URDF that carry the two pads; of a gripper with one moving jaw that alone',
        at_configure=True)
    finger_joints: list[str] = parameter(
        [_NO_NAME], 'Joints that drive the fingers; mimic joints follow', at_configure=True)
    tcp_frame: str = parameter(_NO_NAME, 'Tool centre frame between the finger pads, in tf', at_configure=True)
    open_width: float = parameter(
        0.0, 'Opening of the open gripper, metres between the pads; 0: as far as it opens', low=0.0, high=1.0,
        at_configure=True)

    @classmethod
    def of_arm(cls, name: str) -> ArmParameters:
        """Return the defaults for an arm."""
        if name not in _SHIPPED:
            return cls()
        arm = _SHIPPED[name]
        return cls(list(arm.joints), arm.gripper.name, arm.gripper.hand, list(arm.gripper.fingers),
                   list(arm.gripper.finger_joints), arm.gripper.tcp, arm.gripper.open_width)

    def names(self, arm: str) -> ArmNames:
        """Return the names for robot4d_core; raises ParameterError when one is missing."""
        for field in ('joint_names', 'gripper', 'hand_link', 'finger_links', 'finger_joints', 'tcp_frame'):
            value = getattr(self, field)
            if _NO_NAME in ([value] if isinstance(value, str) else value):
                raise ParameterError(
                    f"the parameter arms lists '{arm}', but {arm}.{field} does not name anything; set it as "
                    'config/robot.yaml does')
        gripper = GripperNames(
            self.gripper, self.hand_link, tuple(self.finger_links), tuple(self.finger_joints), self.tcp_frame,
            self.open_width or None)
        return ArmNames(arm, tuple(self.joint_names), gripper)


@dataclass(frozen=True)
class ControllerParameters:
    """The controllers of one arm."""

    arm_action: str = parameter(
        _NO_NAME, 'Action of the arm controller (FollowJointTrajectory)', at_configure=True)
    gripper_action: str = parameter(_NO_NAME, 'Action of the gripper controller', at_configure=True)
    gripper_type: str = parameter(
        'GripperCommand', 'Type of that action; ParallelGripperCommand is told the positions of all finger joints',
        choices=GRIPPER_TYPES, at_configure=True)
    gripper_position: str = parameter(
        'finger', 'What a GripperCommand tells: pads: metres between the pads; finger: half of that; joint: rad or '
        'metres of the first finger joint; share: 0 closed to 1 open; closure: 0 open to 1 closed',
        choices=tuple(POSITIONS), at_configure=True)
    gripper_effort: float = parameter(
        20.0, 'Largest force of one finger, newtons; not every controller obeys', low=0.0)

    @classmethod
    def of_arm(cls, arm: str, gripper: str) -> ControllerParameters:
        """Return the defaults for an arm and its gripper, both by name."""
        return cls(f'{arm}_controller/follow_joint_trajectory', f'{gripper}_controller/gripper_cmd')


def arms_parameter():
    """Make the field `arms` of a node's table."""
    return parameter(
        ['arm'], 'Names of the arms; the names of what belongs to each are parameters under its own', read_only=True)


class ArmsOfNode:
    """Declares the parameters of every arm in the node's parameter `arms`, and reads them.

    Raises ParameterError when arms lists an arm twice, a name is missing, or two grippers have the same name.
    """

    def __init__(self, node: Robot4dNode) -> None:
        self._node = node
        self._arms = node.parameters.arms
        require_different('arms', self._arms)
        for arm in self._arms:
            node.declare_table(ArmParameters.of_arm(arm), prefix=f'{arm}.')
        require_different('the grippers', [arm.gripper.name for arm in self.names()])

    @property
    def grippers(self) -> list[str]:
        """The name of each gripper."""
        return [arm.gripper for arm in self._tables(ArmParameters)]

    def names(self) -> list[ArmNames]:
        """Return the names of each arm; raises ParameterError when one is missing."""
        return [table.names(arm) for arm, table in zip(self._arms, self._tables(ArmParameters), strict=True)]

    def velocity_limits(self) -> dict[str, float]:
        """Return the speed limits, rad/s, that replace those of the robot description, by joint."""
        limits = {}
        for joint in (joint for arm in self.names() for joint in arm.joints):
            name = f'joint_velocity_limits.{joint}'
            if not self._node.has_parameter(name):
                self._node.declare_parameter(name, 0.0, ParameterDescriptor(
                    description='Replaces the velocity limit of the robot description, rad/s or m/s; 0: does not',
                    floating_point_range=[FloatingPointRange(from_value=0.0, to_value=100.0)]))
            if limit := self._node.get_parameter(name).value:
                limits[joint] = limit
        return limits

    def declare_controllers(self) -> None:
        """Declare ControllerParameters of each arm."""
        for arm, gripper in zip(self._arms, self.grippers, strict=True):
            self._node.declare_table(ControllerParameters.of_arm(arm, gripper), prefix=f'{arm}.')

    def controllers(self) -> list[ControllerParameters]:
        """Return the controllers of each arm."""
        return self._tables(ControllerParameters)

    def _tables(self, table: type) -> list:
        return [self._node.read_table(table, prefix=f'{arm}.') for arm in self._arms]
