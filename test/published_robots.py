# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Robots as others describe them: example-robot-data and airo-models of PyPI, which the sandbox installs."""

from __future__ import annotations

from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from xml.etree import ElementTree

from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.urdf import mesh_tags, parse_urdf

ROBOTS = Path(distribution('example-robot-data').locate_file('cmeel.prefix/share/example-robot-data/robots'))
MODELS = Path(distribution('airo-models').locate_file('airo_models'))
PACKAGES = (ROBOTS.parents[1],)

PANDA = ROBOTS / 'panda_description/urdf/panda.urdf'
SO101 = ROBOTS / 'so_arm_description/urdf/so101.urdf'
UR5E = MODELS / 'arms/ur5e/ur5e.urdf'
ROBOTIQ_2F85 = MODELS / 'grippers/robotiq_2f_85/urdf/robotiq_2f_85.urdf'
SCHUNK_EGK40 = MODELS / 'grippers/schunk_egk40/urdf/schunk_egk40.urdf'
BAXTER = ROBOTS / 'baxter_description/urdf/baxter.urdf'

ARMS = {
    'panda': (PANDA, 'panda_hand_tcp'),
    'ur5e': (UR5E, 'tool0'),
    'xarm7': (ROBOTS / 'xarm_description/urdf/xarm7.urdf', 'link_eef'),
    'kinova': (ROBOTS / 'kinova_description/robots/kinova.urdf', 'j2s6s200_end_effector'),
    'baxter_left': (BAXTER, 'left_gripper'),
    'baxter_right': (BAXTER, 'right_gripper'),
    'so101': (SO101, 'gripper_frame_link'),
}
"""The file and the tool frame of each arm."""


def files() -> list[Path]:
    """Return the URDF and xacro files of all robots of both packages."""
    return sorted(path for folder in (ROBOTS, MODELS) for path in folder.rglob('*')
                  if path.suffix in ('.urdf', '.xacro'))


@cache
def description(path: Path) -> RobotDescription:
    """Return the description of a robot."""
    return RobotDescription.from_file(path, package_paths=PACKAGES)


def arm(name: str) -> ArmKinematics:
    """Return one of ARMS, in the frame of its robot's root."""
    path, tip = ARMS[name]
    robot = description(path)
    return ArmKinematics(robot, robot.joints_above(tip), tip, robot.links[0])


@cache
def ur5e_with_2f85() -> RobotDescription:
    """Return the two descriptions joined, the gripper's names with a prefix; its tcp is between the pads."""
    root = _with_absolute_meshes(UR5E)
    gripper = _with_absolute_meshes(ROBOTIQ_2F85)
    for tag in gripper.iter():
        for attribute in {'link', 'joint'} & set(tag.attrib):
            tag.set(attribute, 'gripper_' + tag.get(attribute))
        if tag.tag in ('link', 'joint') and 'name' in tag.attrib:
            tag.set('name', 'gripper_' + tag.get('name'))
    root.extend(part for part in gripper if part.tag in ('link', 'joint'))
    ElementTree.SubElement(root, 'link', name='tcp')
    for name, parent, child, xyz, rpy in (
        ('gripper_mount', 'tool0', 'gripper_base_link', '0 0 0', '0 0 0'),
        ('tcp_mount', 'gripper_base_link', 'tcp', '0 0 0.135', '0 0 1.5707963'),
    ):
        joint = ElementTree.SubElement(root, 'joint', name=name, type='fixed')
        ElementTree.SubElement(joint, 'parent', link=parent)
        ElementTree.SubElement(joint, 'child', link=child)
        ElementTree.SubElement(joint, 'origin', xyz=xyz, rpy=rpy)
    return RobotDescription(ElementTree.tostring(root, 'unicode'))


def _with_absolute_meshes(path: Path) -> ElementTree.Element:
    root = parse_urdf(path.read_bytes())
    for mesh in mesh_tags(root):
        mesh.set('filename', str(path.parent / mesh.get('filename')))
    return root
