# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PlaceAppleFromBowlIntoBin: one arm takes an apple out of a bowl and puts it on a shelf; another puts it into a bin.

Bowl, shelf and bin stand side by side: the bowl on the left as the cameras see it, on the side of the first arm, the
bin on the right, the shelf between them where the arms hand over. Frames of bowl and bin: origin at the centre of the
foot, z up. Frame of the apple: origin at its centre, z towards the stalk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.cell.tasks.task import Stage, Task, draw_position, tilt, unmet
from robot4d_core.errors import ExpertError
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance

if TYPE_CHECKING:
    from robot4d_core.cell.cell_arm import CellArm
    from robot4d_core.cell.robot_cell import RobotCell

APPLE_RADIUS = 0.030  # metres, as all lengths here
BOWL_SIDES = 24
BOWL_PROFILE = np.array([[0.010, 0.010], [0.075, 0.027], [0.096, 0.058]])  # radius and height along the inner face
BOWL_WALL = 0.006
SHELF_CENTRE = np.array([0.04, 0.0])
SHELF_SIZE = np.array([0.15, 0.19, 0.11])
SHELF_BOARD = 0.012  # thickness
SHELF_LIP = 0.006  # height of its rim
BIN_INNER = 0.15
BIN_WALL = 0.008
BIN_HEIGHT = 0.115

BOWL_REGION = ((-0.04, 0.10), (-0.36, -0.24))  # x, y of the bowl's centre at the start
BIN_REGION = ((-0.02, 0.10), (0.25, 0.33))

GRASP_ABOVE_CENTRE = 0.007  # so that the fingertips clear the bowl
PRE_GRASP_DISTANCE = 0.09
CARRY_HEIGHT = 0.22  # of the apple's centre, above the rim of everything
DROP_HEIGHT = 0.002  # of the apple above the shelf when it is let go
BIN_RELEASE_HEIGHT = BIN_HEIGHT - 0.01  # of the apple's centre
RETREAT_HEIGHT = 0.25  # of the tool
OWN_SIDE = 0.18  # an arm whose tool is farther than this from the middle leaves room for the other
GRASPED_OPENING = (2 * APPLE_RADIUS - 0.012, 2 * APPLE_RADIUS + 0.004)
SETTLE = 1.2  # seconds at rest while the gripper moves
PATIENCE = 0.2  # seconds between two looks at what the other arm does
TILT = np.deg2rad(25.0)  # of the tool while it works: from above, but the hand does not hide the fingers from in front
TOOL_AXES = np.array([[np.cos(TILT), 0, np.sin(TILT)], [0, -1, 0], [np.sin(TILT), 0, -np.cos(TILT)]])
STILL_SPEED = 0.02  # metres per second
UPRIGHT = np.cos(np.deg2rad(10))


class PlaceAppleFromBowlIntoBin(Task):
    """See the module."""

    name = 'PlaceAppleFromBowlIntoBin'
    instruction = 'place the apple from the bowl into the bin'
    objects = ('bowl', 'apple', 'bin')
    arms = 2

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the bowl, the apple, the bin and the shelf."""
        _add_bowl(spec)
        _add_apple(spec)
        _add_bin(spec)
        _add_shelf(spec)

    def object_poses(self, rng: np.random.Generator, held_out: bool) -> dict[str, np.ndarray]:
        """Stand the bowl with the apple on one side, the bin on the other."""
        bowl = np.array([*draw_position(rng, BOWL_REGION, held_out), 0.0])
        bin_ = np.array([*draw_position(rng, BIN_REGION, held_out), 0.0])
        tilt = Rotation.from_euler('zxy', [rng.uniform(0, 2 * np.pi), *rng.normal(0, 0.2, 2)])
        return {
            'bowl': make_pose(np.eye(3), bowl),
            'apple': make_pose(tilt, bowl + [0, 0, BOWL_PROFILE[0, 1] + APPLE_RADIUS]),
            'bin': make_pose(np.eye(3), bin_),
        }

    def missing(self, cell: RobotCell) -> tuple[str, ...]:
        """Done when the apple lies still in the bin, let go by both arms, and bowl and bin still stand."""
        return unmet({
            'the apple is not in the bin': _in_bin(cell),
            'the apple still moves': cell.speed('apple') < STILL_SPEED,
            'a gripper still touches the apple': not any(arm.fingers_touching('apple') for arm in cell.arms),
            **{f'the {name} has toppled ({tilt(cell.pose(name)):.0f} degrees)': cell.pose(name)[2, 2] > UPRIGHT
               for name in ('bowl', 'bin')},
        })

    def next_stage(self, cell: RobotCell, arm: CellArm) -> Stage:
        """Let the arm whose turn it is fetch the apple or carry it on; the other clears the way and waits.

        Raises ExpertError when the apple is neither held nor in the bowl, on the shelf or in the bin.
        """
        if _holds(arm):
            return _next_while_holding(cell, arm)
        if _whose_turn(cell) is arm:
            return _next_to_grasp(cell, arm)
        return _next_to_make_room(cell, arm)


def _whose_turn(cell: RobotCell) -> CellArm | None:
    """Return the arm that holds the apple or must fetch it, None when the apple is in the bin."""
    first, second = cell.arms
    for arm in cell.arms:
        if _holds(arm):
            return arm
    if _in_bin(cell):
        return None
    return second if _on_shelf(cell) else first


def _holds(arm: CellArm) -> bool:
    low, high = GRASPED_OPENING
    return arm.fingers_touching('apple') > 0 and low < arm.gripper_opening < high


def _in_bin(cell: RobotCell) -> bool:
    x, y, z = (invert_pose(cell.pose('bin')) @ cell.pose('apple'))[:3, 3]
    return bool(max(abs(x), abs(y)) < BIN_INNER / 2 and 0 < z < BIN_HEIGHT)


def _in_bowl(cell: RobotCell) -> bool:
    x, y, z = (invert_pose(cell.pose('bowl')) @ cell.pose('apple'))[:3, 3]
    return bool(np.hypot(x, y) < BOWL_PROFILE[-1, 0] and 0 < z < BOWL_PROFILE[-1, 1] + APPLE_RADIUS)


def _on_shelf(cell: RobotCell) -> bool:
    apple = cell.pose('apple')[:3, 3]
    aside = np.abs(apple[:2] - SHELF_CENTRE) < SHELF_SIZE[:2] / 2
    return bool(aside.all() and abs(apple[2] - SHELF_SIZE[2] - APPLE_RADIUS) < 0.02)


def _way_is_free(cell: RobotCell, arm: CellArm, goal: np.ndarray) -> bool:
    """Whether the other arm is away from the goal of this one: on its own side, unless the goal lies there too."""
    first, second = cell.arms
    side, other = (-1, second) if arm is first else (1, first)
    return bool(side * goal[1, 3] > OWN_SIDE or side * other.gripper_pose()[1, 3] < -OWN_SIDE)


def _next_to_grasp(cell: RobotCell, arm: CellArm) -> Stage:
    tcp, apple = arm.gripper_pose(), cell.pose('apple')[:3, 3]
    if cell.speed('apple') > STILL_SPEED and apple[2] > 0:
        return Stage('wait', rest=PATIENCE)
    if not (_in_bowl(cell) or _on_shelf(cell)):
        raise ExpertError(
            f'the apple lies at {np.round(apple, 3)} m, neither in the bowl nor on the shelf, from where alone the '
            'arms can take it; reset the cell')
    grasp = make_pose(TOOL_AXES, apple + [0, 0, GRASP_ABOVE_CENTRE])
    above = _at_height(grasp, grasp[2, 3] + PRE_GRASP_DISTANCE)
    aside, height, turned = _offset(grasp, tcp)
    if aside < 0.012 and abs(height) < 0.012 and turned < 0.2:
        return Stage('grasp', opening=0.0, rest=SETTLE, precise=True)
    if arm.is_open and aside < 0.03 and 0 < height < 1.5 * PRE_GRASP_DISTANCE and turned < 0.3:
        return Stage('descend', pose=grasp, precise=True)
    if height < PRE_GRASP_DISTANCE - 0.04:
        return Stage('rise', pose=_at_height(tcp, above[2, 3]), precise=True)
    if not arm.is_open:
        return Stage('open', opening=arm.gripper.open_width, rest=SETTLE, precise=True)
    if not _way_is_free(cell, arm, above):
        return Stage('wait', rest=PATIENCE)
    return Stage('approach', pose=above)


def _next_while_holding(cell: RobotCell, arm: CellArm) -> Stage:
    tcp, apple = arm.gripper_pose(), cell.pose('apple')[:3, 3]
    if arm is cell.arms[0]:
        goal = np.array([*SHELF_CENTRE, SHELF_SIZE[2] + APPLE_RADIUS + DROP_HEIGHT])
    else:
        goal = np.array([*cell.pose('bin')[:2, 3], BIN_RELEASE_HEIGHT])
    laid = make_pose(TOOL_AXES, tcp[:3, 3] + goal - apple)
    aside, height, turned = _offset(laid, tcp)
    if aside < 0.02 and height < 0.01 and turned < 0.2:
        return Stage('release', opening=arm.gripper.open_width, rest=SETTLE, precise=True)
    if aside < 0.04 and turned < 0.3:
        return Stage('lower', pose=laid, precise=True)
    rise = CARRY_HEIGHT - apple[2]
    if rise > 0.04:
        return Stage('lift', pose=_at_height(tcp, tcp[2, 3] + rise), precise=True)
    if not _way_is_free(cell, arm, laid):
        return Stage('wait', rest=PATIENCE)
    return Stage('carry', pose=_at_height(laid, tcp[2, 3] + rise))


def _next_to_make_room(cell: RobotCell, arm: CellArm) -> Stage:
    tcp = arm.gripper_pose()
    if not arm.is_open:
        return Stage('release', opening=arm.gripper.open_width, rest=SETTLE, precise=True)
    if arm.is_home:
        return Stage('hold', rest=1.0) if _in_bin(cell) else Stage('wait', rest=PATIENCE)
    if tcp[2, 3] < RETREAT_HEIGHT - 0.03:
        return Stage('retreat', pose=_at_height(tcp, RETREAT_HEIGHT), precise=True)
    return Stage('home', positions=arm.home)


def _offset(goal: np.ndarray, tcp: np.ndarray) -> tuple[float, float, float]:
    """Return how far a tool is from its goal: metres aside, metres above, radians turned."""
    aside = np.linalg.norm((tcp - goal)[:2, 3])
    return float(aside), float(tcp[2, 3] - goal[2, 3]), pose_distance(goal, tcp)[1]


def _at_height(pose: np.ndarray, height: float) -> np.ndarray:
    return make_pose(pose[:3, :3], [*pose[:2, 3], height])


def _add_bowl(spec: mujoco.MjSpec) -> None:
    bowl = spec.worldbody.add_body(name='bowl')
    bowl.add_freejoint(name='bowl')
    look = {'rgba': [0.86, 0.9, 0.96, 1], 'condim': 4, 'contype': 2, 'conaffinity': 3, 'density': 2000}
    bowl.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[0.045, 0.003, 0], pos=[0, 0, 0.003], **look)
    for (low_radius, low), (high_radius, high) in zip(BOWL_PROFILE[:-1], BOWL_PROFILE[1:], strict=True):
        radial, upward = high_radius - low_radius, high - low
        tilt = Rotation.from_euler('y', np.arctan2(radial, upward))
        size = [BOWL_WALL / 2, high_radius * np.tan(np.pi / BOWL_SIDES), np.hypot(radial, upward) / 2]
        middle = np.array([(low_radius + high_radius) / 2, 0, (low + high) / 2]) + tilt.apply([BOWL_WALL / 2, 0, 0])
        for angle in 2 * np.pi * np.arange(BOWL_SIDES) / BOWL_SIDES:
            turn = Rotation.from_euler('z', angle)
            bowl.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX, size=size, pos=turn.apply(middle),
                quat=(turn * tilt).as_quat()[[3, 0, 1, 2]], **look)


def _add_apple(spec: mujoco.MjSpec) -> None:
    """Add the apple: it rolls to the middle of the bowl, but not over a flat board."""
    apple = spec.worldbody.add_body(name='apple')
    apple.add_freejoint(name='apple')
    apple.add_geom(
        type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[APPLE_RADIUS, 0, 0], rgba=[0.8, 0.06, 0.09, 1], mass=0.15,
        condim=6, contype=2, conaffinity=3, friction=[1.0, 0.02, 0.001], priority=1, solref=[0.005, 1])
    seen_only = {'contype': 0, 'conaffinity': 0, 'density': 0}
    apple.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE, size=[0.0025, 0, 0], fromto=[0, 0, 0.022, 0.003, 0, 0.039],
        rgba=[0.3, 0.18, 0.07, 1], **seen_only)
    apple.add_geom(
        type=mujoco.mjtGeom.mjGEOM_ELLIPSOID, size=[0.014, 0.007, 0.002], pos=[0.014, 0, 0.034],
        quat=Rotation.from_euler('y', -20, degrees=True).as_quat()[[3, 0, 1, 2]], rgba=[0.2, 0.6, 0.15, 1],
        **seen_only)


def _add_bin(spec: mujoco.MjSpec) -> None:
    bin_ = spec.worldbody.add_body(name='bin')
    bin_.add_freejoint(name='bin')
    look = {'type': mujoco.mjtGeom.mjGEOM_BOX, 'rgba': [0.08, 0.36, 0.3, 1], 'condim': 4, 'contype': 2,
            'conaffinity': 3, 'density': 900}
    half, outer = BIN_INNER / 2, BIN_INNER / 2 + BIN_WALL
    bin_.add_geom(size=[outer, outer, BIN_WALL / 2], pos=[0, 0, BIN_WALL / 2], **look)
    for side in (-1, 1):
        at = side * (half + BIN_WALL / 2)
        bin_.add_geom(size=[BIN_WALL / 2, outer, BIN_HEIGHT / 2], pos=[at, 0, BIN_HEIGHT / 2], **look)
        bin_.add_geom(size=[half, BIN_WALL / 2, BIN_HEIGHT / 2], pos=[0, at, BIN_HEIGHT / 2], **look)


def _add_shelf(spec: mujoco.MjSpec) -> None:
    """Add a shelf of two boards between two sides, open to the front, with a lip round the upper board."""
    look = {'type': mujoco.mjtGeom.mjGEOM_BOX, 'condim': 4, 'contype': 2, 'conaffinity': 3}
    wood, dark = {'rgba': [0.58, 0.37, 0.2, 1], **look}, {'rgba': [0.42, 0.26, 0.13, 1], **look}
    half_x, half_y, top = SHELF_SIZE[0] / 2, SHELF_SIZE[1] / 2, SHELF_SIZE[2]
    board = SHELF_BOARD / 2

    def add(size, pos, kind):
        spec.worldbody.add_geom(size=size, pos=[*(SHELF_CENTRE + pos[:2]), pos[2]], **kind)

    add([half_x, half_y, board], [0, 0, top - board], wood)
    add([half_x, half_y, board], [0, 0, 0.02], wood)
    for side in (-1, 1):
        add([half_x, board, (top + SHELF_LIP) / 2], [0, side * (half_y + board), (top + SHELF_LIP) / 2], dark)
        add([board / 2, half_y, SHELF_LIP / 2], [side * (half_x - board / 2), 0, top + SHELF_LIP / 2], dark)
    add([board, half_y, top / 2], [-half_x - board, 0, top / 2], dark)
