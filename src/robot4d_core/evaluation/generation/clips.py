# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The clips that predictions are judged on: windows of a store that no model trained on, and what is true of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from robot4d_core.episodes.loader import WindowDataset
from robot4d_core.episodes.recorded_robot import recorded_robot, robot_of
from robot4d_core.episodes.segments import PARTS, label_of
from robot4d_core.episodes.splits import held_out_cameras, training_cameras
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import WINDOW_STEPS, Window, read_window
from robot4d_core.errors import EpisodeError, NoWindowError
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.observation import RobotState

CAMERAS = {'held_out': held_out_cameras, 'training': training_cameras}
SPLITS = ('held_out_objects', 'validation')
VISIBLE_SHARE = 1e-3  # of the image's pixels, from which on a gripper counts as in sight


@dataclass(frozen=True)
class Clip:
    """A window of an episode from a step on, seen by cameras (n, m), with G grippers.

    segmentation: (2, 11, H, W), see segments.py; poses: (G, 11, 4, 4) T_n_tcp; openings: (G, 11) metres; robot: its
    state at the first step, None where the episode does not know it.
    """

    episode: str
    start: int
    cameras: tuple[int, int]
    window: Window
    segmentation: np.ndarray
    poses: np.ndarray
    openings: np.ndarray
    robot: RobotState | None

    @cached_property
    def masks(self) -> np.ndarray:
        """Hand and fingers of each gripper in both views, (G, 2, 11, H, W) bool."""
        return np.stack([
            np.isin(self.segmentation, [label_of(arm, part) for part in PARTS if part != 'arm'])
            for arm in range(len(self.poses))])

    @property
    def in_sight(self) -> np.ndarray:
        """Whether each gripper is in sight, (G, 2, 11) bool."""
        return self.masks.mean(axis=(-2, -1)) > VISIBLE_SHARE


def draw_clips(
    store: EpisodeStore, split: str, cameras: str, count: int, seed: int, second_camera: str | None = None,
) -> list[tuple[str, int, int, int]]:
    """Draw (episode, step, n, m) of clips; every episode once before any comes twice, every window likewise.

    cameras: a key of CAMERAS; second_camera: the name of the camera that is m in every clip instead, n stays the same.
    Raises NoWindowError when the split or the cameras give none.
    """
    dataset = WindowDataset(store, split, CAMERAS[cameras], seed=seed)
    rng = np.random.default_rng(seed)
    epochs = -(-count // len(dataset))
    order = np.concatenate([epoch * len(dataset) + rng.permutation(len(dataset)) for epoch in range(epochs)])
    drawn, turn = Counter(), []
    for number in order:
        episode = dataset.locate(int(number))[0]
        turn.append(drawn[episode])
        drawn[episode] += 1
    places = [dataset.locate(int(number)) for number in order[np.argsort(turn, kind='stable')][:count]]
    if second_camera is None:
        return places
    return [(episode, start, n, _camera_called(second_camera, store, episode)) for episode, start, n, _ in places]


def _camera_called(name: str, store: EpisodeStore, episode: str) -> int:
    names = store.attributes(episode).get('cameras', [])
    if name not in names:
        raise NoWindowError(
            f"episode '{episode}' of {store.folder} has no camera '{name}', it has {', '.join(names)}; record with "
            '`robot4d record --outside-shell` for cameras that stand where none does in training')
    return names.index(name)


def read_clip(store: EpisodeStore, episode: str, start: int, n: int, m: int) -> Clip:
    """Read what draw_clips drew."""
    arrays = store.read(episode)
    steps = slice(start, start + WINDOW_STEPS)
    poses = invert_pose(np.asarray(arrays.camera_poses[n])) @ np.asarray(arrays.gripper_poses[steps])
    return Clip(
        episode, start, (n, m), read_window(arrays, start, n, m),
        segmentation=np.stack([arrays.segmentation[index, steps] for index in (n, m)]),
        poses=poses.swapaxes(0, 1), openings=np.asarray(arrays.opening[steps]).T,
        robot=_robot(store, episode, start, n),
    )


def _robot(store: EpisodeStore, episode: str, start: int, n: int) -> RobotState | None:
    try:
        return recorded_robot(store.read(episode), robot_of(store.attributes(episode)), start, n)
    except EpisodeError:
        return None
