# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""StoreCerealBoxUnderShelf: take the cereal box from the top of the shelf and put it into the shelf, below the top.

Frame of the box: origin at the centre of its bottom, x across its narrow side, y along its wide side, z up.
Frame of the shelf: origin on the table below the front edge of the top, x into the shelf, y to the left, z up.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.cell.tasks.task import Stage, Task, draw_position, unmet
from robot4d_core.errors import ExpertError
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance, shifted

if TYPE_CHECKING:
    from robot4d_core.cell.cell_arm import CellArm
    from robot4d_core.cell.robot_cell import RobotCell

BOX = np.array([0.050, 0.110, 0.150])  # metres, full sizes
SHELF_DEPTH = 0.150  # inner
SHELF_WIDTH = 0.270  # inner
BOARD, BACK = 0.014, 0.006  # thickness of boards and walls, and of the back
COMPARTMENT_HEIGHT = 0.190
CEILING = BOARD + COMPARTMENT_HEIGHT  # above the table
TOP = CEILING + BOARD

T_WORLD_SHELF = make_pose(Rotation.from_euler('z', 90, degrees=True), [0.02, 0.06, 0.0])  # open to the right
T_SHELF_STORED = make_pose(Rotation.from_euler('z', -90, degrees=True), [0.075, 0.0, BOARD])

WALNUT = [0.40, 0.25, 0.14, 1]
GREEN, WHITE, RED, YELLOW = [0.16, 0.62, 0.24, 1], [0.95, 0.94, 0.90, 1], [0.80, 0.10, 0.10, 1], [1.0, 0.85, 0.1, 1]

BOX_REGION = ((0.065, 0.085), (-0.09, 0.09))  # x, y of the box on the shelf at the start
YAW_RANGE = np.deg2rad([-15.0, 15.0])
TIPPED = np.deg2rad(15.0)

TILT = np.deg2rad(30.0)  # of the gripper, down from horizontal, so that the wrist stays above the table
T_BOX_GRASP = make_pose(
    np.array([[0, -np.sin(TILT), -np.cos(TILT)], [-1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)]]).T, [0.0, -0.044, 0.085])
PRE_GRASP_DISTANCE = 0.09
CLEARANCE = 0.04
GAP = 0.018  # below the box while it moves in, a little less than above it
TOUCHING = 0.003
GRASPED_OPENING = (BOX[0] - 0.008, BOX[0] + 0.012)
SETTLE = 1.2  # seconds at rest while the gripper moves


class StoreCerealBoxUnderShelf(Task):
    """See the module."""

    name = 'StoreCerealBoxUnderShelf'
    instruction = 'store the cereal box under the shelf'
    objects = ('cereal_box',)

    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the shelf, which is part of the table, and the box."""
        _add_shelf(spec)
        _add_box(spec)

    def object_poses(self, rng: np.random.Generator, held_out: bool) -> dict[str, np.ndarray]:
        """Stand the box somewhere on top of the shelf, its narrow side to the front."""
        position = np.array([*draw_position(rng, BOX_REGION, held_out), TOP + 0.001])
        turn = Rotation.from_euler('z', rng.uniform(*YAW_RANGE) - np.pi / 2)
        return {'cereal_box': T_WORLD_SHELF @ make_pose(turn, position)}

    def missing(self, cell: RobotCell) -> tuple[str, ...]:
        """Done when all of the box is inside the shelf, at rest and let go."""
        return unmet({
            'the cereal box is not all inside the shelf': _stored(cell),
            'the cereal box still moves': cell.speed('cereal_box') < 0.02,
            'the gripper still touches the cereal box': cell.arms[0].fingers_touching('cereal_box') == 0,
        })

    def next_stage(self, cell: RobotCell, arm: CellArm) -> Stage:
        """Decide from the poses of gripper and box, and from whether the gripper holds the box.

        Raises ExpertError when the box has toppled over, or stands where the shelf is in the way.
        """
        box = cell.pose('cereal_box')
        if arm.fingers_touching('cereal_box') and GRASPED_OPENING[0] < arm.gripper_opening < GRASPED_OPENING[1]:
            return self._next_while_holding(box, arm)
        if _stored(cell):
            return self._next_when_stored(arm)
        _refuse_out_of_the_way(box)
        return self._next_to_grasp(box, arm)

    @staticmethod
    def _next_to_grasp(box: np.ndarray, arm: CellArm) -> Stage:
        tcp = arm.gripper_pose()
        grasp = box @ T_BOX_GRASP
        ahead = _ahead(grasp)
        along = (tcp - grasp)[:3, 3] @ ahead
        aside = np.linalg.norm((tcp - grasp)[:3, 3] - along * ahead)
        turned = pose_distance(grasp, tcp)[1]
        if abs(along) < 0.012 and aside < 0.012 and turned < 0.15:
            return Stage('grasp', opening=0.0, rest=SETTLE, precise=True)
        if arm.is_open and -1.5 * PRE_GRASP_DISTANCE < along < 0.012 and aside < 0.02 and turned < 0.2:
            return Stage('reach', pose=grasp, precise=True)
        if -0.7 * PRE_GRASP_DISTANCE < along:
            return Stage('withdraw', pose=shifted(tcp, -(PRE_GRASP_DISTANCE + along) * ahead), precise=True)
        if not arm.is_open:
            return Stage('open', opening=arm.gripper.open_width, rest=SETTLE, precise=True)
        return Stage('approach', pose=shifted(grasp, -PRE_GRASP_DISTANCE * ahead))

    @staticmethod
    def _next_while_holding(box: np.ndarray, arm: CellArm) -> Stage:
        tcp = arm.gripper_pose()
        T_box_tcp = invert_pose(box) @ tcp
        T_shelf_box = invert_pose(T_WORLD_SHELF) @ box

        def bring(name: str, x: float, z: float, precise: bool = True) -> Stage:
            goal = make_pose(T_SHELF_STORED[:3, :3], [x, T_SHELF_STORED[1, 3], z])
            return Stage(name, pose=T_WORLD_SHELF @ goal @ T_box_tcp, precise=precise)

        stored_x, in_front = T_SHELF_STORED[0, 3], -BOX[1] / 2 - CLEARANCE
        x, y, bottom = T_shelf_box[:3, 3]
        aligned = abs(y) < 0.01 and pose_distance(T_shelf_box, T_SHELF_STORED)[1] < 0.1
        if x < -BOX[1] / 2 - 0.01 and not (aligned and abs(bottom - BOARD - GAP) < 0.5 * GAP):
            return bring('lower', in_front, BOARD + GAP)
        if bottom + BOX[2] < CEILING:
            if not aligned:
                return bring('pull out', in_front, BOARD + GAP)
            if abs(x - stored_x) > 0.01:
                return bring('insert', stored_x, BOARD + GAP)
            if bottom > BOARD + 2 * TOUCHING:
                return bring('put down', stored_x, BOARD + TOUCHING)
            return Stage('release', opening=arm.gripper.open_width, rest=SETTLE, precise=True)
        if bottom < TOP + 0.6 * CLEARANCE:
            return Stage('lift', pose=shifted(tcp, [0, 0, TOP + CLEARANCE - bottom]), precise=True)
        return bring('carry', in_front, bottom, precise=False)

    @staticmethod
    def _next_when_stored(arm: CellArm) -> Stage:
        tcp = arm.gripper_pose()
        if not arm.is_open:
            return Stage('release', opening=arm.gripper.open_width, rest=SETTLE, precise=True)
        if arm.is_home:
            return Stage('hold', rest=1.0)
        x = (invert_pose(T_WORLD_SHELF) @ tcp)[0, 3]
        if tcp[2, 3] < TOP and x > -0.08:
            return Stage('withdraw', pose=shifted(tcp, -(0.10 + x) * T_WORLD_SHELF[:3, 0]), precise=True)
        return Stage('home', pose=arm.home_pose)


def _stored(cell: RobotCell) -> bool:
    """Tell whether every corner of the box is in the compartment."""
    corners = np.array(list(product([-1, 1], [-1, 1], [0, 2]))) * BOX / 2
    T_shelf_box = invert_pose(T_WORLD_SHELF) @ cell.pose('cereal_box')
    x, y, z = T_shelf_box[:3, :3] @ corners.T + T_shelf_box[:3, 3:]
    return bool(
        (x > 0).all() and (x < SHELF_DEPTH).all()
        and (np.abs(y) < SHELF_WIDTH / 2).all()
        and (z > BOARD - 0.005).all() and (z < CEILING).all()
    )


def _refuse_out_of_the_way(box: np.ndarray) -> None:
    x, y, bottom = (invert_pose(T_WORLD_SHELF) @ box)[:3, 3]
    if box[2, 2] < np.cos(TIPPED):
        state = 'has toppled over'
    elif bottom < CEILING and x > -BOX[1] / 2 and (abs(y) > SHELF_WIDTH / 2 or x > SHELF_DEPTH):
        state = 'stands beside or behind the shelf'
    else:
        return
    raise ExpertError(
        f'the cereal box {state}, at {np.round(box[:3, 3], 3)} m; the expert grasps it standing on the shelf or '
        'in front of it; reset the cell')


def _ahead(tcp: np.ndarray) -> np.ndarray:
    """Return the horizontal direction (3,) in which a gripper points."""
    ahead = np.array([*tcp[:2, 2], 0.0])
    return ahead / np.linalg.norm(ahead)


def _add_shelf(spec: mujoco.MjSpec) -> None:
    turn = Rotation.from_matrix(T_WORLD_SHELF[:3, :3]).as_quat()[[3, 0, 1, 2]]
    side, middle, width = (SHELF_WIDTH + BOARD) / 2, SHELF_DEPTH / 2, SHELF_WIDTH + 2 * BOARD
    boards = {  # full sizes and centres
        'top': ([SHELF_DEPTH, width, BOARD], [middle, 0, CEILING + BOARD / 2]),
        'floor': ([SHELF_DEPTH, SHELF_WIDTH, BOARD], [middle, 0, BOARD / 2]),
        'left_wall': ([SHELF_DEPTH, BOARD, CEILING], [middle, side, CEILING / 2]),
        'right_wall': ([SHELF_DEPTH, BOARD, CEILING], [middle, -side, CEILING / 2]),
        'back': ([BACK, width, TOP], [SHELF_DEPTH + BACK / 2, 0, TOP / 2]),
    }
    for name, (size, centre) in boards.items():
        spec.worldbody.add_geom(
            name=f'shelf_{name}', type=mujoco.mjtGeom.mjGEOM_BOX, size=np.array(size) / 2,
            pos=(T_WORLD_SHELF @ [*centre, 1])[:3], quat=turn, rgba=WALNUT, condim=4, contype=2, conaffinity=3)


def _add_box(spec: mujoco.MjSpec) -> None:
    box = spec.worldbody.add_body(name='cereal_box')
    box.add_freejoint(name='cereal_box')
    spec.add_material(name='cereal_box', emission=0.3)
    box.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, size=BOX / 2, pos=[0, 0, BOX[2] / 2], rgba=GREEN, material='cereal_box',
        condim=4, contype=2, conaffinity=3, density=250, friction=[1.0, 0.02, 0.0001])
    _print_on(box)


def _print_on(box: mujoco.MjsBody) -> None:
    """Print a band around the box with a bar for the name, and a ring of cereal on both wide sides."""
    ink = {'contype': 0, 'conaffinity': 0, 'density': 0, 'material': 'cereal_box'}
    under, over = BOX[0] / 2 + 0.0003, BOX[0] / 2 + 0.0006
    for colour, size in ((WHITE, [under, BOX[1] / 2 + 0.0003, 0.020]), (RED, [over, 0.038, 0.008])):
        box.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=[0, 0, 0.117], size=size, rgba=colour, **ink)
    for colour, size in ((YELLOW, [0.036, under, 0]), (GREEN, [0.014, over, 0])):
        box.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CYLINDER, pos=[0, 0, 0.052], quat=[np.sqrt(0.5), 0, np.sqrt(0.5), 0],
            size=size, rgba=colour, **ink)
