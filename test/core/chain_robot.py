# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Robots of boxes with any number of arms, each a chain of any number of joints that carries a parallel gripper."""

from __future__ import annotations

from functools import cache

from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.names import ArmNames, GripperNames
from robot4d_core.robot.robot import Robot

STROKE = 0.08  # metres, of each gripper


def _link(name: str, box: str = '', xyz: str = '0 0 0') -> str:
    seen = f'<visual><origin xyz="{xyz}"/><geometry><box size="{box}"/></geometry></visual>' if box else ''
    return f'<link name="{name}">{seen}</link>'


def _joint(name: str, kind: str, parent: str, child: str, xyz: str, axis: str = '0 0 1', limits: str = '-3 3') -> str:
    lower, upper = limits.split()
    return (f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/><origin xyz="{xyz}"/>'
            f'<axis xyz="{axis}"/><limit lower="{lower}" upper="{upper}" velocity="1" effort="1"/></joint>')


def _arm(name: str, joints: int, place: str) -> str:
    parts = [_link(f'{name}_base', '0.1 0.1 0.1'), _joint(f'{name}_mount', 'fixed', 'base', f'{name}_base', place)]
    above = f'{name}_base'
    for number in range(joints):
        link = f'{name}_link{number}'
        axis = '0 0 1' if number % 2 == 0 else '0 1 0'
        parts += [_link(link, '0.04 0.04 0.1', '0 0 0.05'),
                  _joint(f'{name}_joint{number}', 'revolute', above, link, '0 0 0.1', axis)]
        above = link
    hand = f'{name}_hand'
    parts += [_link(hand, '0.05 0.16 0.04'), _joint(f'{name}_flange', 'fixed', above, hand, '0 0 0.12'),
              _link(f'{name}_tcp'), _joint(f'{name}_tool', 'fixed', hand, f'{name}_tcp', '0 0 0.07')]
    for side, sign in (('left', 1), ('right', -1)):
        finger = f'{name}_finger_{side}'
        parts += [_link(finger, '0.02 0.02 0.06', f'0 {0.01 * sign} 0.03'), _joint(
            f'{finger}_joint', 'prismatic', hand, finger, '0 0 0.02', f'0 {sign} 0', f'0 {STROKE / 2}')]
    return ''.join(parts)


def _names(name: str, joints: int) -> ArmNames:
    fingers = f'{name}_finger_left', f'{name}_finger_right'
    return ArmNames(name, tuple(f'{name}_joint{number}' for number in range(joints)), GripperNames(
        f'{name}_gripper', f'{name}_hand', fingers, tuple(f'{finger}_joint' for finger in fingers), f'{name}_tcp'))


@cache
def chain_robot(*joints: int) -> Robot:
    """Return a robot whose arms, arm_0 and so on, have so many joints each."""
    arms = ''.join(_arm(f'arm_{number}', count, f'0 {0.5 * number} 0') for number, count in enumerate(joints))
    description = RobotDescription(f'<robot name="chains">{_link("base")}{arms}</robot>')
    return Robot(description, tuple(_names(f'arm_{number}', count) for number, count in enumerate(joints)), 'base')
