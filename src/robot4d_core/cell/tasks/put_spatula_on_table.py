# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PutSpatulaOnTable: take the spatula out of the utensil crock and lay it on the table, on the right-hand side.

Frame of the spatula: origin at the tip of the blade, z towards the end of the handle, x normal to the blade.
Frame of the crock: origin at the centre of its foot, z up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.cell.tasks.task import Stage, Task, draw_position, tilt, unmet
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance, shifted

if TYPE_CHECKING:
    from robot4d_core.cell.cell_arm import CellArm
    from robot4d_core.cell.robot_cell import RobotCell

BLADE = np.array([0.008, 0.050, 0.090])  # metres, full sizes
HANDLE = np.array([0.016, 0.020, 0.215])
LENGTH = 0.300
CROCK_HEIGHT = 0.130
CROCK_RADIUS = 0.031  # inner
CROCK_WALL = 0.010
CROCK_SIDES = 12

CROCK_REGION = ((-0.16, 0.00), (0.05, 0.25))  # x, y of the crock's centre at the start
YAW_RANGE = np.deg2rad([-15.0, 75.0])
LEAN = np.deg2rad(6.0)  # to some side, so that the spatula settles against the rim at once
PLACE_CENTRE = np.array([0.05, -0.21])  # where the middle of the spatula goes
PLACE_YAW = np.deg2rad(60.0)  # where the blade points, from x; this way the wrist can bend so far
PLACE_SIDE = -0.06  # the middle of the spatula lies at y below this

GRASP_HEIGHT = 0.272  # along the spatula
LYING_GRASP_HEIGHT = 0.200
FINGERTIP_CLEARANCE = 0.010  # of a lying handle the pads hold the upper half, so that the tips stay off the table
PRE_GRASP_DISTANCE = 0.08
PLACE_TILT = np.deg2rad(60.0)  # from upright
CLEARANCE = 0.05
TOPPLED = 10.0  # degrees
TIP_ON_TABLE = 0.006
GRASPED_OPENING = (0.008, 0.035)  # the gripper holds the handle between these, even if one pad just lifts off
SETTLE = 1.2  # seconds at rest while the gripper moves
DOWN = np.array([0.0, 0.0, -1.0])


class PutSpatulaOnTable(Task):
    """See the module."""

    name = 'PutSpatulaOnTable'
    instruction = 'put the spatula on the table from the utensil crock'
    objects = ('crock', 'spatula')

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the crock, the spatula and a mat that marks the place side."""
        _add_crock(spec)
        _add_spatula(spec)
        spec.worldbody.add_geom(
            name='mat', type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.19, 0.13, 0.0005], pos=[*PLACE_CENTRE, 0.0005],
            rgba=[0.45, 0.66, 0.4, 1], contype=0, conaffinity=0)

    def object_poses(self, rng: np.random.Generator, held_out: bool) -> dict[str, np.ndarray]:
        """Stand the crock somewhere on the left-hand side, the spatula in it."""
        position = np.array([*draw_position(rng, CROCK_REGION, held_out), 0.0])
        turn = Rotation.from_euler('z', rng.uniform(*YAW_RANGE))
        side = rng.uniform(0, 2 * np.pi)
        lean = Rotation.from_rotvec([LEAN * np.cos(side), LEAN * np.sin(side), 0.0])
        return {
            'crock': make_pose(np.eye(3), position),
            'spatula': make_pose(lean * turn, position + [0, 0, CROCK_WALL + 0.005]),
        }

    def missing(self, cell: RobotCell) -> tuple[str, ...]:
        """Done when the spatula lies still on the place side, let go, and the crock still stands."""
        leans = tilt(cell.pose('crock'))
        return unmet({
            'the spatula does not lie on the place side': self._laid_down(cell),
            'the spatula still moves': cell.speed('spatula') < 0.02,
            'the gripper still touches the spatula': cell.arms[0].fingers_touching('spatula') == 0,
            f'the crock has toppled ({leans:.0f} degrees)': leans < TOPPLED,
        })

    def next_stage(self, cell: RobotCell, arm: CellArm) -> Stage:
        """Decide from the poses of gripper and spatula, and from whether the gripper holds the spatula."""
        if arm.fingers_touching('spatula') and GRASPED_OPENING[0] < arm.gripper_opening < GRASPED_OPENING[1]:
            return self._next_while_holding(cell, arm)
        if self._laid_down(cell):
            return self._next_when_laid_down(arm)
        return self._next_to_grasp(cell, arm)

    @staticmethod
    def _laid_down(cell: RobotCell) -> bool:
        spatula = cell.pose('spatula')
        middle = spatula[:3, 3] + spatula[:3, 2] * LENGTH / 2
        return bool(
            abs(spatula[2, 2]) < np.sin(np.deg2rad(15))
            and 0.0 < middle[2] < 0.03
            and middle[1] < PLACE_SIDE
        )

    @staticmethod
    def _next_to_grasp(cell: RobotCell, arm: CellArm) -> Stage:
        tcp = arm.gripper_pose()
        grasp = _grasp_pose(cell.pose('spatula'), tcp)
        offset = invert_pose(grasp) @ tcp
        aside, along = np.linalg.norm(offset[:2, 3]), offset[2, 3]
        turned = pose_distance(grasp, tcp)[1]
        if aside < 0.015 and abs(along) < 0.02 and turned < 0.2:
            return Stage('grasp', opening=0.0, rest=SETTLE, precise=True)
        if arm.is_open and aside < 0.03 and -1.5 * PRE_GRASP_DISTANCE < along < 0 and turned < 0.3:
            return Stage('descend', pose=grasp, precise=True)
        above = grasp @ make_pose(np.eye(3), [0, 0, -PRE_GRASP_DISTANCE])
        if tcp[2, 3] < above[2, 3] - 0.05:
            return Stage('rise', pose=shifted(tcp, [0, 0, above[2, 3] - tcp[2, 3]]), precise=True)
        if not arm.is_open:
            return Stage('open', opening=arm.gripper.open_width, rest=SETTLE, precise=True)
        return Stage('approach', pose=above)

    @staticmethod
    def _next_while_holding(cell: RobotCell, arm: CellArm) -> Stage:
        tcp, spatula = arm.gripper_pose(), cell.pose('spatula')
        T_tcp_spatula = invert_pose(tcp) @ spatula
        laid = _place_pose(spatula, upright=T_tcp_spatula[2, 2] < -0.7) @ invert_pose(T_tcp_spatula)
        aside = np.linalg.norm((laid - tcp)[:2, 3])
        height = tcp[2, 3] - laid[2, 3]
        turned = pose_distance(laid, tcp)[1]
        if aside < 0.03 and height < 0.02 and turned < 0.25:
            return Stage('release', opening=arm.gripper.open_width, rest=SETTLE, precise=True)
        if aside < 0.04 and turned < 0.3:
            return Stage('lower', pose=laid, precise=True)
        crock = cell.pose('crock')
        near_crock = np.linalg.norm((spatula - crock)[:2, 3]) < 0.10
        rise = CROCK_HEIGHT + CLEARANCE - spatula[2, 3]
        if near_crock and rise > 0.02:
            along_handle = spatula[:3, 2] * rise / max(spatula[2, 2], 0.5)
            return Stage('lift', pose=shifted(tcp, along_handle), precise=True)
        return Stage('carry', pose=shifted(laid, [0, 0, 2 * CLEARANCE]))

    @staticmethod
    def _next_when_laid_down(arm: CellArm) -> Stage:
        tcp = arm.gripper_pose()
        if not arm.is_open:
            return Stage('release', opening=arm.gripper.open_width, rest=SETTLE, precise=True)
        if arm.is_home:
            return Stage('hold', rest=1.0)
        if tcp[2, 3] < 0.15:
            return Stage('retreat', pose=shifted(tcp, [0, 0, 0.17 - tcp[2, 3]]) @ make_pose(np.eye(3), [0, 0, -0.04]))
        return Stage('home', positions=arm.home)


def _grasp_pose(spatula: np.ndarray, tcp: np.ndarray) -> np.ndarray:
    """Return T_world_tcp that grasps the handle: along it when it stands, from above when it lies."""
    handle = spatula[:3, 2]
    if abs(handle[2]) > 0.6:
        approach, along, clearance = -handle * np.sign(handle[2]), GRASP_HEIGHT, 0.0
    else:
        approach, along, clearance = DOWN, LYING_GRASP_HEIGHT, FINGERTIP_CLEARANCE
    closing = spatula[:3, 1] if abs(handle[2]) > 0.6 else np.cross(DOWN, handle)
    closing = closing - approach * (closing @ approach)
    closing *= np.sign(closing @ tcp[:3, 1]) / np.linalg.norm(closing)
    return make_pose(
        np.stack([np.cross(closing, approach), closing, approach], axis=1),
        spatula[:3, 3] + along * handle - clearance * approach)


def _place_pose(spatula: np.ndarray, *, upright: bool) -> np.ndarray:
    """Return T_world_spatula at the place: blade towards PLACE_YAW, tip just above the table.

    A spatula held along its handle stays tilted, so that the hand clears the table; it then falls flat.
    """
    tilt = PLACE_TILT if upright else np.pi / 2
    turn = Rotation.from_euler('z', PLACE_YAW)
    handle, width = turn.apply([[-np.sin(tilt), 0.0, np.cos(tilt)], [0.0, 1.0, 0.0]])
    if width @ spatula[:3, 1] < 0:
        width = -width
    if not upright and handle @ spatula[:3, 2] < 0:
        handle = -handle
    height = TIP_ON_TABLE + (0.0 if upright else HANDLE[0] / 2)
    middle = np.array([*PLACE_CENTRE, height + handle[2] * LENGTH / 2])
    return make_pose(np.stack([np.cross(width, handle), width, handle], axis=1), middle - handle * LENGTH / 2)


def _add_crock(spec: mujoco.MjSpec) -> None:
    crock = spec.worldbody.add_body(name='crock')
    crock.add_freejoint(name='crock')
    look = {'rgba': [0.13, 0.27, 0.62, 1], 'condim': 4, 'contype': 2, 'conaffinity': 3, 'density': 2000}
    outer = CROCK_RADIUS + CROCK_WALL
    crock.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[outer, CROCK_WALL / 2, 0], pos=[0, 0, CROCK_WALL / 2], **look)
    width = outer * np.tan(np.pi / CROCK_SIDES)
    for angle in 2 * np.pi * np.arange(CROCK_SIDES) / CROCK_SIDES:
        direction = np.array([np.cos(angle), np.sin(angle), 0.0])
        crock.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, size=[CROCK_WALL / 2, width, CROCK_HEIGHT / 2],
            pos=(CROCK_RADIUS + CROCK_WALL / 2) * direction + [0, 0, CROCK_HEIGHT / 2],
            quat=[np.cos(angle / 2), 0, 0, np.sin(angle / 2)], **look)


def _add_spatula(spec: mujoco.MjSpec) -> None:
    spatula = spec.worldbody.add_body(name='spatula')
    spatula.add_freejoint(name='spatula')
    common = {'type': mujoco.mjtGeom.mjGEOM_BOX, 'condim': 4, 'contype': 2, 'conaffinity': 3, 'density': 1000,
              'friction': [1.0, 0.02, 0.0001]}
    spatula.add_geom(size=BLADE / 2, pos=[0, 0, BLADE[2] / 2], rgba=[0.1, 0.1, 0.12, 1], **common)
    spatula.add_geom(size=HANDLE / 2, pos=[0, 0, LENGTH - HANDLE[2] / 2], rgba=[0.78, 0.07, 0.1, 1], **common)
