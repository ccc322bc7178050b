# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What one recorded demonstration consists of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LAYOUT = {
    'rgb': (np.uint8, ('cameras', 'steps', 'height', 'width', 3)),
    'depth': (np.uint16, ('cameras', 'steps', 'height', 'width')),
    'segmentation': (np.uint8, ('cameras', 'steps', 'height', 'width')),
    'intrinsics': (np.float64, ('cameras', 3, 3)),
    'camera_poses': (np.float64, ('cameras', 4, 4)),
    'gripper_poses': (np.float64, ('steps', 'grippers', 4, 4)),
    'opening': (np.float64, ('steps', 'grippers')),
    'joints': (np.float64, ('steps', 'grippers', 'joints')),
    'commands': (np.float64, ('steps', 'grippers', 'commands')),
    'times': (np.float64, ('steps',)),
}
"""The type and the shape of every array of an episode."""

IMAGES = ('rgb', 'depth', 'segmentation')


@dataclass(frozen=True)
class Episode:
    """One demonstration: C cameras, T frames FRAME_INTERVAL apart, G grippers. Numpy arrays, or StoredArrays to slice.

    rgb: (C, T, H, W, 3) uint8; depth: (C, T, H, W) uint16 millimetres, 0 invalid; segmentation: (C, T, H, W) uint8,
    labelled as segments.py says; intrinsics: (C, 3, 3) as the sensor claims them;
    camera_poses: (C, 4, 4) T_world_optical; gripper_poses: (T, G, 4, 4) T_world_tcp; opening: (T, G) metres between the
    pads; joints: (T, G, J) rad or metres, J those of the arm with most, NaN behind the last of an arm with fewer;
    commands: (T, G, J + 1), the commanded joint positions likewise, and last the opening, NaN where unknown;
    times: (T,) seconds. Everything but the images is float64.
    """

    rgb: np.ndarray
    depth: np.ndarray
    segmentation: np.ndarray
    intrinsics: np.ndarray
    camera_poses: np.ndarray
    gripper_poses: np.ndarray
    opening: np.ndarray
    joints: np.ndarray
    commands: np.ndarray
    times: np.ndarray


def common_sizes(arrays: dict) -> dict[str, int]:
    """Return how many cameras, steps, grippers and pixels (height, width) most of the arrays, by name, have."""
    claims: dict[str, list[int]] = {}
    for name, array in arrays.items():
        axes = LAYOUT[name][1]
        if array.ndim == len(axes):
            for axis, size in zip(axes, array.shape):
                claims.setdefault(axis, []).append(size)
    return {axis: Counter(claimed).most_common(1)[0][0] for axis, claimed in claims.items() if isinstance(axis, str)}


def layout_problems(arrays: dict, sizes: dict[str, int]) -> dict[str, str]:
    """Return what contradicts LAYOUT and the sizes in arrays, by name; nothing when all fit."""
    problems = {}
    sizes = sizes | {'commands': sizes.get('joints', 0) + 1}
    for name, array in arrays.items():
        dtype, axes = LAYOUT[name]
        shape = tuple(sizes.get(axis, axis) for axis in axes)
        if array.shape != shape or array.dtype != dtype:
            named = ', '.join(str(n) if axis == n else f'{axis} {n}' for axis, n in zip(axes, shape))
            problems[name] = f'expected {np.dtype(dtype)} ({named}), got {array.dtype} {array.shape}'
    return problems


def side_by_side(of_arms: Sequence[np.ndarray]) -> np.ndarray:
    """Return (T, G, J) of what each arm's joints did (T, J of the arm), NaN behind the last of an arm with fewer."""
    most = max(values.shape[1] for values in of_arms)
    return np.stack([
        np.pad(values, ((0, 0), (0, most - values.shape[1])), constant_values=np.nan) for values in of_arms], axis=1)


def told_closed(episode: Episode, stroke: float) -> np.ndarray:
    """Return where grippers were told to be closed (T, G), or where that is unknown, were; stroke: metres when open."""
    commands = np.asarray(episode.commands)[..., -1]
    return np.where(np.isnan(commands), np.asarray(episode.opening), commands) < stroke / 2


def every(stride: int, episode: Episode) -> Episode:
    """Return a copy of an episode of every stride-th step only."""
    thin = {'steps': slice(None, None, stride)}
    return Episode(**{
        name: values[tuple(thin.get(axis, slice(None)) for axis in LAYOUT[name][1])].copy()
        for name, values in vars(episode).items()
    })
