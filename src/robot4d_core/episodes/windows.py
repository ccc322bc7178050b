# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Training windows: one observed step and the ten that follow, seen by two cameras of an episode.

A window lies within its episode and begins where a gripper moves, as in the method's released code (lzylucy/4dgen:
`pad_after: 0` in config/task/video-gen.yaml, `apply_static_filter` in common/sampler.py), which draws again until the
hand of an arm is further than 4 cm from where it was after the first four steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.segments import MOST_ARMS, PARTS, label_of
from robot4d_core.errors import NoWindowError, ShortEpisodeError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES

WINDOW_STEPS = 1 + FRAMES
MOTION_STEPS = 4  # after the first
MOTION_SPEED = 0.02  # m/s

_IS_GRIPPER = np.zeros(256, bool)
_IS_GRIPPER[[label_of(arm, part) for arm in range(MOST_ARMS) for part in PARTS if part != 'arm']] = True


@dataclass(frozen=True)
class Window:
    """Two views (0: n, the reference; 1: m) over 1 + FRAMES steps, step 0 observed.

    rgb: (2, 11, H, W, 3) uint8; pointmap: (2, 11, H, W, 3) float32 metres, both in the frame of camera n, NaN invalid;
    observed_pointmap_m: (H, W, 3) step 0 of view m in its own frame; gripper: (2, 11, H, W) bool, the hands and
    fingers of every arm; cameras: n and m; T_n_m: (4, 4), never an input of a model.
    """

    rgb: np.ndarray
    pointmap: np.ndarray
    observed_pointmap_m: np.ndarray
    gripper: np.ndarray
    cameras: tuple[PinholeCamera, PinholeCamera]
    T_n_m: np.ndarray  # noqa: N815

    @property
    def valid(self) -> np.ndarray:
        """Where the points are known, (2, 11, H, W) bool."""
        return np.isfinite(self.pointmap[..., 2])


def camera_of(episode: Episode, index: int) -> PinholeCamera:
    """Return the intrinsics of one of the episode's cameras."""
    height, width = episode.rgb.shape[2:4]
    return PinholeCamera.from_matrix(episode.intrinsics[index], width, height)


def lift(
    depth: np.ndarray, camera: PinholeCamera, T_frame_optical: np.ndarray | None = None, out: np.ndarray | None = None,
) -> np.ndarray:
    """Return the pointmaps (..., H, W, 3) of depth images (..., H, W) in millimetres, NaN where depth is 0.

    T_frame_optical: (4, 4) to the frame that the points are wanted in, the camera's own without it; out: where to put
    them, float32.
    """
    metres = depth * np.float32(0.001)
    metres[depth == 0] = np.nan
    T_frame_optical = (np.eye(4) if T_frame_optical is None else T_frame_optical).astype(np.float32)
    rays = camera.rays @ T_frame_optical[:3, :3].T
    points = np.empty((*depth.shape, 3), np.float32) if out is None else out
    for axis in range(3):  # three times as fast as broadcasting over the last axis
        np.multiply(rays[..., axis], metres, out=points[..., axis])
        points[..., axis] += T_frame_optical[axis, 3]
    return points


def pointmaps_of(episode: Episode, index: int, steps=slice(None)) -> np.ndarray:
    """Return the pointmaps (T, H, W, 3) of one camera in its own frame; a single step gives (H, W, 3)."""
    return lift(episode.depth[index, steps], camera_of(episode, index))


def relative_pose(episode: Episode, n: int, m: int) -> np.ndarray:
    """Return T_n_m (4, 4) of two cameras of an episode."""
    return invert_pose(np.asarray(episode.camera_poses[n])) @ np.asarray(episode.camera_poses[m])


def gripper_mask(segmentation: np.ndarray) -> np.ndarray:
    """Return where the hand or a finger of any arm is seen, same shape, bool."""
    return _IS_GRIPPER[segmentation]


def downsample_mask(mask: np.ndarray, factor: int, share: float) -> np.ndarray:
    """Return (..., H/factor, W/factor) bool: more than share of the cell's pixels are set (share 0: any).

    Share 0 is ours for the gripper: the released code takes one pixel of each cell and dilates twice by 2 x 2 cells.
    """
    height, width = mask.shape[-2] // factor, mask.shape[-1] // factor
    cells = mask.reshape(*mask.shape[:-2], height, factor, width, factor)
    rows = np.add.reduce(cells, axis=-3, dtype=np.uint8)
    return np.add.reduce(rows, axis=-1, dtype=np.uint16) > share * factor**2


def window_starts(episode: Episode) -> np.ndarray:
    """Return the steps (K,) at which a window of the episode may begin: it fits, and a gripper moves.

    Raises ShortEpisodeError.
    """
    positions = np.asarray(episode.gripper_poses[:])[..., :3, 3]
    if len(positions) < WINDOW_STEPS:
        raise ShortEpisodeError(
            f'an episode has {len(positions)} steps, a window needs {WINDOW_STEPS}; delete it, record longer ones')
    starts = np.arange(len(positions) - FRAMES)
    distance = np.linalg.norm(positions[starts + MOTION_STEPS] - positions[starts], axis=-1)
    return starts[(distance > MOTION_SPEED * MOTION_STEPS * FRAME_INTERVAL).any(axis=-1)]


def read_window(episode: Episode, start: int, n: int, m: int) -> Window:
    """Cut the window that starts at a step of an episode; n, m: indices of the cameras.

    Of an episode on disk only the steps and cameras of the window are read.
    """
    steps = slice(start, start + WINDOW_STEPS)
    depth_n, depth_m = (episode.depth[index, steps] for index in (n, m))
    camera_n, camera_m = (camera_of(episode, index) for index in (n, m))
    T_n_m = relative_pose(episode, n, m)
    pointmap = np.empty((2, *depth_n.shape, 3), np.float32)
    lift(depth_n, camera_n, out=pointmap[0])
    lift(depth_m, camera_m, T_n_m, out=pointmap[1])
    return Window(
        rgb=np.stack([episode.rgb[index, steps] for index in (n, m)]),
        pointmap=pointmap,
        observed_pointmap_m=lift(depth_m[0], camera_m),
        gripper=np.stack([gripper_mask(episode.segmentation[index, steps]) for index in (n, m)]),
        cameras=(camera_n, camera_m),
        T_n_m=T_n_m,
    )


def draw_cameras(cameras: range, rng: np.random.Generator) -> tuple[int, int]:
    """Draw two distinct cameras in random order: n, the reference, and m."""
    n, m = rng.choice(cameras, 2, replace=False)
    return int(n), int(m)


def sample_windows(episodes: list[Episode], count: int, rng: np.random.Generator) -> list[Window]:
    """Draw windows: a random start among those of all episodes, two cameras. Raises NoWindowError."""
    starts = [(episode, start) for episode in episodes for start in window_starts(episode)]
    if not starts:
        raise NoWindowError(f'no window of {len(episodes)} episodes shows a moving gripper; record other episodes')
    return [
        read_window(episode, int(start), *draw_cameras(range(episode.rgb.shape[0]), rng))
        for episode, start in (starts[k] for k in rng.integers(len(starts), size=count))
    ]
