# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Grippers as others describe them: example-robot-data and airo-models from PyPI, with a tcp frame where they lack one.

Where a robot's description is only that of its gripper, a tcp frame, of the EGK40 also fingertips, are added.
"""

from __future__ import annotations

from functools import cache

import pytest

from published_robots import BAXTER, PACKAGES, PANDA, ROBOTIQ_2F85, SCHUNK_EGK40, SO101
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.robot.names import GripperNames

GRIPPERS = {
    'panda': GripperNames(
        'panda', 'panda_hand', ('panda_leftfinger', 'panda_rightfinger'), ('panda_finger_joint1',), 'panda_hand_tcp'),
    'robotiq_2f_85': GripperNames(
        'robotiq_2f_85', 'base_link', ('left_inner_finger_pad', 'right_inner_finger_pad'), ('finger_joint',), 'tcp'),
    'schunk_egk40': GripperNames(
        'schunk_egk40', 'base_link', ('left_finger_mount', 'right_finger_mount'),
        ('left_finger_mount_joint', 'right_finger_mount_joint'), 'tcp'),
    'baxter': GripperNames(
        'baxter', 'left_gripper_base_link', ('l_gripper_l_finger', 'l_gripper_r_finger'), ('l_gripper_l_finger_joint',),
        'left_gripper'),
    'so101': GripperNames('so101', 'gripper_link', ('moving_jaw_so101_v1_link',), ('gripper',), 'tcp'),
}
SLOW = ('schunk_egk40', 'baxter', 'so101')
EACH = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in GRIPPERS]
FILES = {
    'panda': PANDA, 'robotiq_2f_85': ROBOTIQ_2F85, 'schunk_egk40': SCHUNK_EGK40, 'baxter': BAXTER, 'so101': SO101}


def _fixed(child: str, parent: str, xyz: str, rpy: str = '0 0 0', size: str = '') -> str:
    shape = f'<visual><geometry><box size="{size}"/></geometry></visual>' if size else ''
    return (f'<link name="{child}">{shape}</link><joint name="{child}_joint" type="fixed"><parent link="{parent}"/>'
            f'<child link="{child}"/><origin xyz="{xyz}" rpy="{rpy}"/></joint>')


ADDED = {
    'robotiq_2f_85': _fixed('tcp', 'base_link', '0 0 0.135', '0 0 1.5707963'),
    'schunk_egk40': _fixed('tcp', 'base_link', '0 0 0.13', '0 0 -1.5707963')
                    + _fixed('right_tip', 'right_finger_mount', '-0.006 -0.0171 0.03', size='0.012 0.02 0.06')
                    + _fixed('left_tip', 'left_finger_mount', '0.006 0.0171 0.03', size='0.012 0.02 0.06'),
    'so101': _fixed('tcp', 'gripper_frame_link', '0 0 0', '0 0 1.5707963'),  # it closes along x
}


@cache
def published_description(name: str) -> RobotDescription:
    """Return the description of a robot with the gripper."""
    urdf = FILES[name].read_text().replace('</robot>', f'{ADDED.get(name, "")}</robot>')
    return RobotDescription(urdf, FILES[name].parent, PACKAGES)


@cache
def published_model(name: str) -> GripperModel:
    """Return the model of the gripper."""
    return GripperModel.from_description(published_description(name), GRIPPERS[name])
