# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Training windows: one observed step and the ten that follow, seen by two cameras of an episode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.episodes.store import Episode
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.prediction import FRAMES

GRIPPER_SEGMENTS = tuple(SEGMENTS.index(name) for name in ('hand', 'finger_left', 'finger_right'))


@dataclass(frozen=True)
class Window:
    """Two views (0: n, the reference; 1: m) over 1 + FRAMES steps, step 0 observed.

    rgb: (2, 11, H, W, 3) uint8; pointmap: (2, 11, H, W, 3) float32 metres, both in the frame of camera n, NaN invalid;
    observed_pointmap_m: (H, W, 3) step 0 of view m in its own frame; gripper: (2, 11, H, W) bool; cameras: n and m;
    T_n_m: (4, 4), never an input of a model.
    """

    rgb: np.ndarray
    pointmap: np.ndarray
    observed_pointmap_m: np.ndarray
    gripper: np.ndarray
    cameras: tuple[PinholeCamera, PinholeCamera]
    T_n_m: np.ndarray  # noqa: N815


def camera_of(episode: Episode, index: int) -> PinholeCamera:
    """Return the intrinsics of one of the episode's cameras."""
    height, width = episode.rgb.shape[2:4]
    return PinholeCamera.from_matrix(episode.intrinsics[index], width, height)


def pointmaps_of(episode: Episode, index: int, steps=slice(None)) -> np.ndarray:
    """Return the pointmaps (T, H, W, 3) of one camera in its own frame, NaN where depth is invalid."""
    depth = np.asarray(episode.depth[index])[steps].astype(np.float32) / 1000
    return pointmap_from_depth(np.where(depth > 0, depth, np.float32(np.nan)), camera_of(episode, index))


def relative_pose(episode: Episode, n: int, m: int) -> np.ndarray:
    """Return T_n_m (4, 4) of two cameras of an episode."""
    return invert_pose(np.asarray(episode.camera_poses[n])) @ np.asarray(episode.camera_poses[m])


def gripper_mask(segmentation: np.ndarray) -> np.ndarray:
    """Return where the hand or a finger is seen, same shape, bool."""
    return np.isin(segmentation, GRIPPER_SEGMENTS)


def window_steps(start, length: int) -> np.ndarray:
    """Return the indices (..., 1 + FRAMES) of windows that start at start; past the end the last step stays."""
    return np.minimum(np.asarray(start)[..., None] + np.arange(1 + FRAMES), length - 1)


def downsample_mask(mask: np.ndarray, factor: int, share: float) -> np.ndarray:
    """Return (..., H/factor, W/factor) bool: more than share of the cell's pixels are set (share 0: any)."""
    height, width = mask.shape[-2] // factor, mask.shape[-1] // factor
    return mask.reshape(*mask.shape[:-2], height, factor, width, factor).mean(axis=(-3, -1)) > share


def read_window(episode: Episode, start: int, n: int, m: int) -> Window:
    """Cut a window that starts at a step of an episode; n, m: indices of the cameras."""
    steps = window_steps(start, episode.times.shape[0])
    T_n_m = relative_pose(episode, n, m)  # noqa: N806
    own = [pointmaps_of(episode, index, steps) for index in (n, m)]
    return Window(
        rgb=np.stack([np.asarray(episode.rgb[index])[steps] for index in (n, m)]),
        pointmap=np.stack([own[0], transform_points(T_n_m, own[1])]),
        observed_pointmap_m=own[1][0],
        gripper=np.stack([gripper_mask(np.asarray(episode.segmentation[index])[steps]) for index in (n, m)]),
        cameras=(camera_of(episode, n), camera_of(episode, m)),
        T_n_m=T_n_m,
    )


def sample_windows(episodes: list[Episode], count: int, rng: np.random.Generator) -> list[Window]:
    """Draw windows: a random episode, a random start, two distinct cameras in random order."""
    windows = []
    for _ in range(count):
        episode = episodes[rng.integers(len(episodes))]
        n, m = rng.choice(episode.rgb.shape[0], 2, replace=False)
        windows.append(read_window(episode, int(rng.integers(episode.times.shape[0] - 1)), int(n), int(m)))
    return windows
