# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Bags of robots as others describe them, with the truth of every step; kinematics and labels are this file's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import open3d as o3d
import trimesh
import yaml
from scipy.spatial.transform import Rotation

from core.chain_robot import chain_robot
from core.episodes.bags.recorded_bags import Change, ChangingWriter, keep
from published_grippers import GRIPPERS, published_description
from published_robots import PACKAGES, PANDA, ur5e_with_2f85
from robot4d_core.episodes.segments import PARTS
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import invert_pose, look_at, make_pose
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.names import ArmNames, GripperNames
from robot4d_core.robot.package_files import find_file
from robot4d_core.robot.urdf import mesh_tags, parse_urdf

CAMERA = PinholeCamera.from_field_of_view(np.deg2rad(50), 160, 128)
STEPS, INTERVAL, FIRST_STAMP = 12, 0.5, 100.0
INSTRUCTION = 'close the gripper'


@dataclass(frozen=True)
class PublishedRobot:
    """description; names of the arm; links of what is seen by part; a pose (rad); what each finger does (from, to).

    moves: how far the joints move, rad; file: as published, None where it was changed.
    """

    description: RobotDescription
    arm: ArmNames
    base: str
    parts: dict[str, set[str]]
    start: tuple[float, ...]
    fingers: tuple[float, float]
    moves: float = 0.4
    file: Path | None = None


def panda() -> PublishedRobot:
    """Franka's Panda: seven joints, prismatic fingers of which one mimics the other."""
    return PublishedRobot(
        published_description('panda'),
        ArmNames('arm', tuple(f'panda_joint{number}' for number in range(1, 8)), GRIPPERS['panda']), 'panda_link0',
        {'arm': {f'panda_link{number}' for number in range(8)}, 'hand': {'panda_hand'},
         'finger_left': {'panda_leftfinger'}, 'finger_right': {'panda_rightfinger'}},
        (0.2, -0.3, 0.1, -2.2, 0.1, 1.9, 0.6), (0.038, 0.004), file=PANDA)


def ur5e_2f85() -> PublishedRobot:
    """Universal Robots' UR5e with Robotiq's 2F-85: six joints, a linkage of one driven and five mimic joints."""
    description = ur5e_with_2f85()
    sides = {side: {f'gripper_{side}_{link}' for link in (
        'outer_knuckle', 'outer_finger', 'inner_finger', 'inner_finger_pad')} for side in ('left', 'right')}
    gripper = GripperNames(
        'gripper', 'gripper_base_link', ('gripper_left_inner_finger_pad', 'gripper_right_inner_finger_pad'),
        ('gripper_finger_joint',), 'tcp')
    return PublishedRobot(
        description, ArmNames('arm', description.joints[:6], gripper), 'base_link',
        {'arm': {'base_link_inertia', 'shoulder_link', 'upper_arm_link', 'forearm_link', 'wrist_1_link', 'wrist_2_link',
                 'wrist_3_link'},
         'hand': {'gripper_base_link', 'gripper_base_link_inertia', 'gripper_left_inner_knuckle',
                  'gripper_right_inner_knuckle'},
         'finger_left': sides['left'], 'finger_right': sides['right']},
        (0.3, -1.4, 1.6, -1.7, -1.5, 0.2), (0.05, 0.75))


def so101() -> PublishedRobot:
    """The SO-101: five joints, one moving jaw."""
    description = published_description('so101')
    return PublishedRobot(
        description, ArmNames('arm', description.joints[:5], GRIPPERS['so101']), 'base_link',
        {'arm': {'base_link', 'shoulder_link', 'upper_arm_link', 'lower_arm_link', 'wrist_link'},
         'hand': {'gripper_link'}, 'finger_left': {'moving_jaw_so101_v1_link'}, 'finger_right': set()},
        (0.2, -0.4, 0.4, 0.8, 0.3), (1.2, 0.1), moves=0.7)


def boxes() -> PublishedRobot:
    """A robot of boxes, which is read in no time."""
    robot = chain_robot(6)
    (arm,) = robot.arms
    links = [link for link in robot.links if link != arm.gripper.tcp]
    return PublishedRobot(
        robot.description, arm, 'base',
        {'arm': {link for link in links if link not in (arm.gripper.hand, *arm.gripper.fingers)},
         'hand': {arm.gripper.hand}, 'finger_left': {arm.gripper.fingers[0]}, 'finger_right': {arm.gripper.fingers[1]}},
        (0.2, 0.5, 0.1, 0.6, -0.2, 0.7), (0.038, 0.004), moves=0.8)


def write_files(robot: PublishedRobot, folder: Path) -> list[str]:
    """Write its names and, unless it is as published, its URDF with absolute meshes; return the options of commands."""
    file = robot.file or folder / 'robot.urdf'
    if robot.file is None:
        root = parse_urdf(robot.description.urdf)
        for mesh in mesh_tags(root):
            mesh.set('filename', str(find_file(mesh.get('filename'), robot.description.folder, PACKAGES)))
        file.write_text(ElementTree.tostring(root, 'unicode'))
    gripper = robot.arm.gripper
    (folder / 'robot.yaml').write_text(yaml.safe_dump({'/**': {'ros__parameters': {
        'base_frame': robot.base, 'arms': [robot.arm.name], robot.arm.name: {
            'joint_names': list(robot.arm.joints), 'gripper': gripper.name, 'hand_link': gripper.hand,
            'finger_links': list(gripper.fingers), 'finger_joints': list(gripper.finger_joints),
            'tcp_frame': gripper.tcp}}}}))
    return ['--robot', str(folder / 'robot.yaml'), '--urdf', str(file), '--package-path', str(PACKAGES[0])]


@dataclass(frozen=True)
class Truth:
    """Of every step: positions by joint, T_base_tcp (4, 4), and labels of both cameras (2, H, W)."""

    positions: list[dict[str, float]]
    tools: np.ndarray
    labels: np.ndarray


def make_recording(robot: PublishedRobot, folder: Path, change: Change = keep) -> Truth:
    """Record the robot while it moves and closes its gripper, a post before it, without segmentation."""
    root = parse_urdf(robot.description.urdf)
    reach = np.linalg.norm(forward(root, _positions(robot, 0.0))[robot.arm.gripper.tcp][:3, 3])
    poses = {name: look_at(1.6 * reach * np.array([0.8, side, 0.7]), [0.35 * reach, 0, 0.35 * reach])
             for name, side in (('left', 0.6), ('right', -0.7))}
    scene = _Scene(robot, root, reach)
    positions, tools, labels = [], [], []
    with ChangingWriter(folder, change=change) as bag:
        bag.write_text(FIRST_STAMP, '/instruction', INSTRUCTION)
        bag.write_transforms(
            FIRST_STAMP, {(robot.base, f'{name}_optical'): pose for name, pose in poses.items()}, static=True)
        for step in range(STEPS):
            stamp, known = FIRST_STAMP + step * INTERVAL, _positions(robot, step / (STEPS - 1))
            links = forward(root, known)
            tool = invert_pose(links[robot.base]) @ links[robot.arm.gripper.tcp]
            for names in (robot.arm.joints[::-1], robot.arm.gripper.finger_joints):  # their order means nothing
                bag.write_joint_states(stamp, names, [known[name] for name in names])
            bag.write_transforms(stamp, {(robot.base, robot.arm.gripper.tcp): tool})
            seen = {name: scene.look(links, T) for name, T in poses.items()}
            for name, (rgb, depth, _) in seen.items():
                bag.write_view(stamp, CameraView(name, CAMERA, rgb, depth), f'{name}_optical')
            positions.append(known)
            tools.append(tool)
            labels.append([label for _, _, label in seen.values()])
    return Truth(positions, np.array(tools), np.array(labels).swapaxes(0, 1))


def forward(root: ElementTree.Element, positions: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Return T_root_link of every link of a URDF, mimic joints following, straight from its text."""
    joints = root.findall('joint')
    known = dict(positions)
    for joint in joints:
        if (mimic := joint.find('mimic')) is not None:
            known[joint.get('name')] = float(mimic.get('multiplier', 1)) * positions.get(
                mimic.get('joint'), 0.0) + float(mimic.get('offset', 0))
    children = {joint.find('child').get('link') for joint in joints}
    (top,) = {link.get('name') for link in root.findall('link')} - children
    poses, waiting = {top: np.eye(4)}, joints
    while waiting:
        for joint in [joint for joint in waiting if joint.find('parent').get('link') in poses]:
            origin = joint.find('origin')
            numbers = {key: [float(x) for x in (
                origin.get(key, '0 0 0') if origin is not None else '0 0 0').split()] for key in ('xyz', 'rpy')}
            pose = make_pose(Rotation.from_euler('xyz', numbers['rpy']), numbers['xyz'])
            axis = np.array([float(x) for x in joint.find('axis').get('xyz').split()]) \
                if joint.find('axis') is not None else np.array([1.0, 0, 0])
            moved = known.get(joint.get('name'), 0.0) * axis
            if joint.get('type') in ('revolute', 'continuous'):
                pose = pose @ make_pose(Rotation.from_rotvec(moved), np.zeros(3))
            elif joint.get('type') == 'prismatic':
                pose = pose @ make_pose(Rotation.identity(), moved)
            poses[joint.find('child').get('link')] = poses[joint.find('parent').get('link')] @ pose
        waiting = [joint for joint in waiting if joint.find('child').get('link') not in poses]
    return poses


def _positions(robot: PublishedRobot, share: float) -> dict[str, float]:
    """Return where the arm's and the finger's joint are, a share of the way."""
    start = np.array(robot.start)
    arm = start + robot.moves * share * np.cos(np.arange(len(start)))
    first, last = robot.fingers
    fingers = dict.fromkeys(robot.arm.gripper.finger_joints, first + share * (last - first))
    return dict(zip(robot.arm.joints, arm.tolist(), strict=True)) | fingers


class _Scene:
    """The robot over a floor, behind a post."""

    def __init__(self, robot: PublishedRobot, root: ElementTree.Element, reach: float) -> None:
        self._base = robot.base
        part_of = {link: 1 + PARTS.index(part) for part, links in robot.parts.items() for link in links}
        surfaces = {link.get('name'): robot.description.surface(link.get('name')) for link in root.findall('link')}
        self._meshes = {link: (surface[0], part_of[link]) for link, surface in surfaces.items() if surface is not None}
        floor = trimesh.creation.box((6, 6, 0.02), make_pose(Rotation.identity(), [0, 0, -0.05]))
        size = 0.03 * reach
        post = trimesh.creation.box((size, size, 1.2 * reach), make_pose(
            Rotation.identity(), [reach, 0.67 * reach, 0.6 * reach]))
        self._still = trimesh.util.concatenate([floor, post])

    def look(self, links: Mapping[str, np.ndarray], T_base_optical: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return rgb (H, W, 3), depth (H, W) metres and labels (H, W)."""
        scene, label_of_mesh = o3d.t.geometry.RaycastingScene(), []
        T_base_root = invert_pose(links[self._base])
        for mesh, pose, label in [(self._still, np.eye(4), 0), *(
            (mesh, T_base_root @ links[link], label) for link, (mesh, label) in self._meshes.items()
        )]:
            vertices = np.asarray(trimesh.transform_points(mesh.vertices, pose), np.float32)
            scene.add_triangles(vertices, np.asarray(mesh.faces, np.uint32))
            label_of_mesh.append(label)
        rows, columns = np.indices((CAMERA.height, CAMERA.width))
        directions = np.stack([(columns - CAMERA.cx) / CAMERA.fx, (rows - CAMERA.cy) / CAMERA.fy,
                               np.ones(rows.shape)], axis=-1) @ T_base_optical[:3, :3].T
        origins = np.broadcast_to(T_base_optical[:3, 3], directions.shape)
        hits = scene.cast_rays(o3d.core.Tensor(np.concatenate([origins, directions], -1).astype(np.float32)))
        depth, which = hits['t_hit'].numpy(), hits['geometry_ids'].numpy()
        hit = np.isfinite(depth)
        labels = np.where(hit, np.array(label_of_mesh)[np.where(hit, which, 0)], 0).astype(np.uint8)
        shade = 80 + 120 * np.abs(hits['primitive_normals'].numpy()[..., 2])
        rgb = np.where(hit, shade, 20)[..., None] * np.array([1.0, 0.9, 0.8])
        return rgb.astype(np.uint8), np.where(hit, depth, np.nan).astype(np.float32), labels
