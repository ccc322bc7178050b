# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Looks: short demonstrations that begin at rest, off the expert's way, as a robot stands when it is asked to act.

Demonstrations never show an arm that rests before a plan, or one that a plan has left beside the way. So of one scene
the expert's way is taken to several moments; there the arms are moved aside at random and come to rest, with what they
hold, or now and then with an empty gripper closed, as after a grasp beside the object; then cameras film how the
expert, who takes over from there, goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.cell.cell_arm import CellArm
from robot4d_core.cell.demonstration import IMAGE_SIZE, MAX_SECONDS, attributes_of, begin, sample_scene
from robot4d_core.cell.expert import Expert, ToolKinematics, minimum_jerk
from robot4d_core.cell.film import Film
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.sensor import SensorModel
from robot4d_core.episodes.episode import Episode
from robot4d_core.errors import ExpertError, LookError
from robot4d_core.geometry.poses import make_pose, pose_distance
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES
from robot4d_core.robot.names import CELL

LOOKS = 10  # of one scene
SHIFTS = (0.008, 0.02, 0.04)  # metres, standard deviations of each coordinate, one of which is drawn
TURNS = np.deg2rad([2.0, 5.0, 10.0])  # about each axis, with the shift of the same place
MISSED = 0.1  # chance that a gripper closes, unless it holds something
MOVE_SECONDS, SETTLE_SECONDS, CLOSE_SECONDS = 1.0, 0.5, 1.0
TICK = 0.02  # seconds between two commands
AT_REST = 0.02  # rad/s of every joint
PUSHED = (0.02, np.deg2rad(15.0))  # metres and radians by which nothing that is not held may be moved
TRIES = 10  # draws of a moment and a displacement, before a look is given up

_LOOK = 6  # what a seed's random numbers are for


def take_looks(
    task: str, seed: int, cameras: int, size: tuple[int, int] = IMAGE_SIZE, sensor: SensorModel | None = None,
    on_step: Callable[[], None] = lambda: None, robot: str = CELL,
) -> Iterator[tuple[Episode, dict] | LookError]:
    """Yield the LOOKS of the scene of a seed: an episode of 1 + FRAMES steps and its attributes, or why there is none.

    The attribute `look` says at which second of the expert's way it was taken, how far the tools are from it (metres,
    rad), why draws before it were rejected, and what the simulator's state was. The moments are spread over the way,
    one in each of as many parts. on_step is called after each filmed step; robot: a name in robot.names.SHIPPED. Raises
    ExpertError when the expert fails on its way.
    """
    cell = RobotCell(sample_scene(task, seed, cameras, size, robot=robot))
    try:
        way = _walk(cell)
        for number, part in enumerate(np.array_split(np.arange(len(way)), LOOKS)):
            rng = np.random.default_rng([seed, _LOOK, number])
            moments = [way[index] for index in part] or way[-1:]
            try:
                time, displacement, rejected = _displace(cell, moments, rng)
                start = cell.state()
                film = Film(cell, sensor, take=(number,))
                _film_expert(cell, film, on_step)
            except (ExpertError, LookError) as error:
                yield LookError(f'look {number}, in {moments[0][0]:.1f} to {moments[-1][0]:.1f} s of the way: {error}')
                continue
            look = {'time': time, 'displacement': displacement, 'rejected': rejected, 'state': start.tolist()}
            yield film.episode(), {**attributes_of(cell), 'look': look}
    finally:
        cell.close()


def replay_look(scene: Scene, state: Sequence[float], step: int) -> RobotCell:
    """Return a cell in the state that a look filmed at a step; state: its attribute. Raises ExpertError."""
    cell = RobotCell(scene)
    cell.restore(np.array(state))
    expert = Expert(cell)
    for _ in range(step):
        expert.advance(FRAME_INTERVAL)
    return cell


def _walk(cell: RobotCell) -> list[tuple[float, np.ndarray]]:
    """Let the expert do the task; returns time and state every FRAME_INTERVAL, the last when all is done."""
    expert, way = begin(cell), [(cell.time, cell.state())]
    while not expert.done and cell.time < MAX_SECONDS:
        expert.advance(FRAME_INTERVAL)
        way.append((cell.time, cell.state()))
    return way


def _displace(
    cell: RobotCell, moments: list[tuple[float, np.ndarray]], rng: np.random.Generator
) -> tuple[float, list[list[float]], list[str]]:
    """Bring the cell to rest near one of a few moments of the way, given by time and state.

    Returns the moment's time, metres and radians off the way for every arm, and why the draws before were rejected.
    Raises LookError when all draws are.
    """
    rejected = []
    while len(rejected) < TRIES:
        time, state = moments[rng.integers(len(moments))]
        cell.restore(state)
        on_way = [arm.gripper_pose() for arm in cell.arms]
        try:
            _move_aside(cell, [_aside(pose, rng) for pose in on_way], rng.random(len(on_way)) < MISSED)
        except LookError as error:
            rejected.append(str(error))
        else:
            displacement = [list(pose_distance(pose, arm.gripper_pose())) for pose, arm in zip(on_way, cell.arms)]
            return time, displacement, rejected
    reasons = ', '.join(f'{count} x {reason}' for reason, count in Counter(rejected).most_common())
    raise LookError(f'no displacement in {TRIES} draws: {reasons}')


def _aside(pose: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = rng.integers(len(SHIFTS))
    turn = Rotation.from_rotvec(rng.normal(0, TURNS[size], 3)).as_matrix()
    return make_pose(turn @ pose[:3, :3], pose[:3, 3] + rng.normal(0, SHIFTS[size], 3))


def _move_aside(cell: RobotCell, tools: list[np.ndarray], missed: np.ndarray) -> None:
    """Move all arms at once to T_world_tcp (4, 4) and let them settle; missed: (arms,) bool, whose grippers close then.

    A gripper that holds something stays as it is.

    Raises LookError when one is out of reach, hits something, drops what it holds, pushes what it does not hold, or
    does not come to rest.
    """
    held = {name for name in cell.task.objects if any(arm.fingers_touching(name) == 2 for arm in cell.arms)}
    contacts, poses = cell.contacts(), {name: cell.pose(name) for name in cell.task.objects}
    starts = [arm.commands.copy() for arm in cell.arms]
    try:
        goals = [
            ToolKinematics(cell.model, arm).solve(tool, start) for arm, tool, start in zip(cell.arms, tools, starts)]
    except ExpertError as error:
        raise LookError('an arm cannot reach so far') from error
    for elapsed in np.arange(TICK, MOVE_SECONDS + SETTLE_SECONDS, TICK):
        share = minimum_jerk(np.minimum(elapsed / MOVE_SECONDS, 1.0))
        for arm, start, goal in zip(cell.arms, starts, goals):
            arm.command(start + share * (goal - start))
        cell.advance(TICK)
        _refuse_hits(cell, held, cell.contacts() - contacts)
    empty = [arm for arm, miss in zip(cell.arms, missed) if miss and not any(map(arm.fingers_touching, held))]
    if empty:
        contacts |= _close(cell, empty)
        _refuse_hits(cell, held, cell.contacts() - contacts)
    _refuse_what_moved(cell, held, poses)
    if max(np.abs(arm.velocities).max() for arm in cell.arms) > AT_REST:
        raise LookError('an arm did not come to rest')


def _close(cell: RobotCell, arms: list[CellArm]) -> set[frozenset[str]]:
    """Close the grippers of arms; returns the contacts that this makes when nothing is between the fingers."""
    for arm in arms:
        arm.command_gripper(0.0)
    cell.advance(CLOSE_SECONDS)
    return {frozenset(arm.names.gripper.fingers) for arm in arms}


def _refuse_hits(cell: RobotCell, held: set[str], contacts: set[frozenset[str]]) -> None:
    """Raise LookError when an arm, or what it holds, has one of these contacts; objects may touch each other."""
    for pair in sorted(map(sorted, contacts)):
        if any(name in held or name not in (*cell.task.objects, 'table', 'world') for name in pair):
            raise LookError(f"{' and '.join(pair)} touched")


def _refuse_what_moved(cell: RobotCell, held: set[str], before: dict[str, np.ndarray]) -> None:
    for name in cell.task.objects:
        distance, turn = pose_distance(before[name], cell.pose(name))
        if name in held and not any(arm.fingers_touching(name) for arm in cell.arms):
            raise LookError(f'the {name} was dropped')
        if name not in held and (distance > PUSHED[0] or turn > PUSHED[1]):
            raise LookError(f'the {name} was pushed')


def _film_expert(cell: RobotCell, film: Film, on_step: Callable[[], None]) -> None:
    """Film the moment and what an expert does next; raises ExpertError when it cannot go on from there."""
    film.take_step()
    on_step()
    expert = Expert(cell)
    for _ in range(FRAMES):
        expert.advance(FRAME_INTERVAL)
        film.take_step()
        on_step()
