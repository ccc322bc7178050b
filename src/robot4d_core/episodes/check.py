# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Find what is corrupt or inconsistent in a store of episodes, by reading every byte of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from robot4d_core.episodes.episode import IMAGES, common_sizes, layout_problems
from robot4d_core.episodes.segments import MOST_ARMS, MOST_OBJECTS, segment_names
from robot4d_core.episodes.splits import SPLITS, split_of
from robot4d_core.episodes.store import LOOKS_KIND, EpisodeStore
from robot4d_core.episodes.windows import WINDOW_STEPS
from robot4d_core.errors import CalibrationError, EpisodeError, RobotDescriptionError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.prediction import FRAME_INTERVAL
from robot4d_core.robot.urdf import parse_urdf

DEPTH_MEDIANS = (0.1, 10.0)  # metres; with a median outside, depth is in another unit
TIME_TOLERANCE = 0.01  # seconds, of simulated steps; those of real cameras are twice as far as their source says
RIGID_TOLERANCE = 1e-4  # of each number of R^T R and of the last row

ATTRIBUTES = {
    'task': str, 'instruction': str, 'success': bool, 'split': str, 'cameras': list, 'grippers': list, 'objects': list,
}
"""What every episode has; simulated ones have seed and scene too, imported ones source and robot."""


@dataclass(frozen=True)
class _Expected:
    """sizes: as common_sizes; labels: those that a segmentation may have; time_tolerance: of a step, seconds.

    joints: how many each arm has, None where all have the same number.
    """

    sizes: dict[str, int]
    labels: np.ndarray
    time_tolerance: float
    joints: list[int] | None


def check_episode(store: EpisodeStore, name: str) -> list[str]:
    """Return what is wrong with an episode: what was expected, what came; nothing when it is right."""
    problems = []
    try:
        attributes = store.attributes(name)
        problems += _attribute_problems(attributes, store.settings)
    except EpisodeError as error:
        problems.append(str(error))
        attributes = {}
    arrays, unreadable = store.open_arrays(name)
    expected = _expected(store.settings, attributes, common_sizes(arrays))
    misshapen = layout_problems(arrays, expected.sizes)
    problems += unreadable + [f'{array}: {what}' for array, what in misshapen.items()]
    for array_name, array in arrays.items():
        if array_name not in misshapen:
            problems += _content_problems(array_name, array, expected)
    return problems


def _attribute_problems(attributes: dict, settings: dict) -> Iterator[str]:
    for key, kind in ATTRIBUTES.items():
        if not isinstance(attributes.get(key), kind):
            came = repr(attributes[key]) if key in attributes else 'nothing'
            yield f'attributes: {key}: expected {kind.__name__}, got {came}'
    if attributes.get('task') != settings.get('task'):
        yield f"attributes: task: expected {settings.get('task')!r} as the store, got {attributes.get('task')!r}"
    if 'look' in attributes or (settings.get('kind') == LOOKS_KIND and 'source' not in attributes):
        yield from _look_problems(attributes, settings)
    if 'robot' in attributes:
        yield from _robot_problems(attributes)
    if 'seed' in attributes:
        yield from _seed_problems(attributes)
    elif 'source' not in attributes:
        yield 'attributes: expected seed and scene (simulated) or source (imported), got neither'
    elif attributes.get('split') not in SPLITS:
        yield f"attributes: split: expected one of {', '.join(SPLITS)}, got {attributes.get('split')!r}"


def _look_problems(attributes: dict, settings: dict) -> Iterator[str]:
    """Say what is wrong with the attribute that simulated looks have, and demonstrations have not."""
    if ('look' in attributes) != (settings.get('kind') == LOOKS_KIND):
        yield f"attributes: look: expected in stores of looks only; the store's kind is {settings.get('kind')!r}"
        return
    try:
        displacement = np.array(attributes['look']['displacement'], float)
        state = np.array(attributes['look']['state'], float)
    except (KeyError, TypeError, ValueError) as error:
        yield f'attributes: look: expected displacement and state in numbers, got {error!r}'
        return
    if displacement.shape != (len(attributes['grippers']), 2) or not np.isfinite(displacement).all():
        yield (f"attributes: look: expected metres and radians for each of {attributes['grippers']}, got "
               f'{displacement.tolist()}')
    if state.ndim != 1 or not state.size or not np.isfinite(state).all():
        yield f'attributes: look: expected a state of finite numbers, got {state.size} numbers'
    rejected = attributes['look'].get('rejected')
    if not isinstance(rejected, list) or not all(isinstance(reason, str) for reason in rejected):
        yield f'attributes: look: expected rejected to be a list of reasons, got {rejected!r}'


def _robot_problems(attributes: dict) -> Iterator[str]:
    try:
        grippers = [arm['gripper']['name'] for arm in attributes['robot']['arms']]
        parse_urdf(attributes['robot']['urdf'])
    except (KeyError, TypeError, RobotDescriptionError) as error:
        yield f'attributes: robot: expected a URDF and the names of arms, got {error!r}'
    else:
        if grippers != attributes.get('grippers'):
            yield f"attributes: robot: expected the grippers {attributes.get('grippers')!r}, got {grippers}"


def _seed_problems(attributes: dict) -> Iterator[str]:
    seed, split = attributes['seed'], attributes.get('split')
    if not isinstance(seed, int) or split != split_of(seed):
        yield f'attributes: expected a seed and the split that it belongs to, got seed {seed!r} and split {split!r}'
    try:
        scene_seed = json.loads(attributes['scene'])['seed']
    except (ValueError, KeyError, TypeError) as error:
        yield f'attributes: scene: expected JSON with a seed, got {error!r}'
    else:
        if scene_seed != seed:
            yield f'attributes: scene: expected seed {seed!r}, got {scene_seed!r}'


def _expected(settings: dict, attributes: dict, sizes: dict[str, int]) -> _Expected:
    sizes = dict(sizes)
    if 'cameras' in settings:
        sizes['cameras'] = settings['cameras'] + len(settings.get('outside_shell', ()))
    if 'size' in settings:
        sizes['width'], sizes['height'] = settings['size']
    arms, objects, joints = MOST_ARMS, [''] * MOST_OBJECTS, _joints_of_arms(attributes)
    if isinstance(attributes.get('grippers'), list):
        sizes['grippers'] = arms = len(attributes['grippers'])
    if isinstance(attributes.get('objects'), list):
        objects = attributes['objects']
    if joints:
        sizes['joints'] = max(joints)
    source = attributes.get('source')
    imported = isinstance(source, dict) and isinstance(source.get('tolerance'), int | float)
    return _Expected(
        sizes, np.array(list(segment_names(arms, objects))),
        TIME_TOLERANCE + 2 * source['tolerance'] if imported else TIME_TOLERANCE, joints)


def _joints_of_arms(attributes: dict) -> list[int] | None:
    """Return how many joints each arm has, None where the attributes do not say so."""
    try:
        return [len(arm['joints']) for arm in attributes['robot']['arms']]
    except (KeyError, TypeError):
        return None


def _content_problems(name: str, array, expected: _Expected) -> Iterator[str]:
    """Read an array, images camera by camera, and look at its numbers."""
    look = _LOOKS.get(name, lambda values, expected: ())
    for part in range(array.shape[0]) if name in IMAGES else [...]:
        where = name if part is ... else f'{name}: camera {part}'
        try:
            values = array[part]
        except EpisodeError as error:
            yield f'{where}: expected the bytes that were written, got {error.__cause__!r}'
        else:
            yield from (f'{where}: {what}' for what in look(values, expected))


def _depth_problems(depth: np.ndarray, expected: _Expected) -> Iterator[str]:
    valid = depth > 0
    empty = np.flatnonzero(~valid.any(axis=(1, 2)))
    if len(empty):
        yield f'expected valid pixels at every step, got none at {len(empty)} of {len(depth)}, the first is {empty[0]}'
    median = np.median(depth[valid]) / 1000 if valid.any() else np.nan
    low, high = DEPTH_MEDIANS
    if median < low or median > high:
        yield (f'expected millimetres with a median of {low} to {high} m, got a median of {median:g} m; '
               'record it again in the right unit')


def _segmentation_problems(labels: np.ndarray, expected: _Expected) -> Iterator[str]:
    unknown = np.setdiff1d(labels, expected.labels)
    if len(unknown):
        yield f'expected labels {expected.labels.tolist()}, got {unknown.tolist()} too'


def _intrinsics_problems(matrices: np.ndarray, expected: _Expected) -> Iterator[str]:
    width, height = expected.sizes['width'], expected.sizes['height']
    for index, matrix in enumerate(matrices):
        try:
            camera = PinholeCamera.from_matrix(matrix, width, height)
        except CalibrationError as error:
            yield f'camera {index}: {error}'
            continue
        if not np.array_equal(camera.matrix, matrix):
            yield f'camera {index}: expected K = [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], got {matrix.tolist()}'
        if not (-0.5 <= camera.cx <= width - 0.5 and -0.5 <= camera.cy <= height - 0.5):
            yield (f'camera {index}: expected a principal point inside {width}x{height} pixels, got '
                   f'({camera.cx:g}, {camera.cy:g}); record it again with the K of this image size')


def _pose_problems(poses: np.ndarray, expected: _Expected) -> Iterator[str]:
    rotations = poses[..., :3, :3]
    with np.errstate(invalid='ignore', over='ignore'):
        error = np.abs(np.swapaxes(rotations, -1, -2) @ rotations - np.eye(3)).max(axis=(-1, -2))
        error = np.maximum(error, np.abs(poses[..., 3, :] - [0, 0, 0, 1]).max(axis=-1))
        rigid = (error <= RIGID_TOLERANCE) & (np.linalg.det(rotations) > 0) & np.isfinite(poses).all(axis=(-1, -2))
    if not rigid.all():
        first = tuple(np.argwhere(~rigid)[0])
        yield (f'expected rigid transforms, got {np.count_nonzero(~rigid)} of {rigid.size} that are not, the first '
               f'at index {list(map(int, first))}: {poses[first].tolist()}')


def _number_problems(values: np.ndarray, expected: _Expected) -> Iterator[str]:
    yield from _unless(np.isfinite(values), 'finite numbers', values)


def _joint_problems(joints: np.ndarray, expected: _Expected) -> Iterator[str]:
    if expected.joints is None or len(expected.joints) != joints.shape[1]:
        yield from _number_problems(joints, expected)
        return
    of_arm = np.arange(joints.shape[2]) < np.array(expected.joints)[:, None]
    yield from _unless(
        np.isfinite(joints) == of_arm, f'finite numbers for arms with {expected.joints} joints and NaN behind them',
        joints)


def _command_problems(commands: np.ndarray, expected: _Expected) -> Iterator[str]:
    yield from _unless(~np.isinf(commands), 'finite numbers, or NaN where unknown', commands)


def _time_problems(times: np.ndarray, expected: _Expected) -> Iterator[str]:
    if len(times) < WINDOW_STEPS:
        yield f'expected at least the {WINDOW_STEPS} steps of a window, got {len(times)}'
    intervals = np.diff(times)
    right = np.abs(intervals - FRAME_INTERVAL) <= expected.time_tolerance
    yield from _unless(right, f'{FRAME_INTERVAL} s to the next step', intervals)


def _unless(right: np.ndarray, expected: str, values: np.ndarray) -> Iterator[str]:
    """Say what the first value is that is not right, and at which step."""
    if not right.all():
        first = tuple(np.argwhere(~right)[0])
        yield (f'expected {expected}, got {values[first]:g} at step {first[0]}'
               f' ({np.count_nonzero(~right)} of {right.size} are wrong)')


_LOOKS = {
    'depth': _depth_problems, 'segmentation': _segmentation_problems,
    'intrinsics': _intrinsics_problems, 'camera_poses': _pose_problems, 'gripper_poses': _pose_problems,
    'opening': _number_problems, 'joints': _joint_problems, 'commands': _command_problems, 'times': _time_problems,
}
