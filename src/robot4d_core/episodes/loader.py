# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Training windows out of an episode store, for torch's DataLoader; numpy only, so that no reader waits for torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from robot4d_core.episodes.episode import LAYOUT, Episode
from robot4d_core.episodes.splits import training_cameras
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import Window, downsample_mask, draw_cameras, read_window, window_starts
from robot4d_core.errors import NoWindowError, ShortEpisodeError

VALID_SHARE = 0.5  # of a latent cell's pixels must be known


class WindowDataset:
    """Every window of the episodes of a split, by one number; a map-style dataset.

    The number is epoch * len(dataset) + k: the k-th window of the split, seen in that epoch by two of the cameras that
    cameras(count) allows, in random order. What it gives depends on seed and number only, whoever reads it.
    latent_factor: pixels per cell of the latent masks, along both axes.
    Raises NoWindowError when the split has no window or fewer than two cameras, ShortEpisodeError naming an episode.
    """

    def __init__(
        self, store: EpisodeStore, split: str = 'training', cameras: Callable[[int], range] = training_cameras,
        *, seed: int = 0, latent_factor: int = 8,
    ) -> None:
        self._store, self._seed, self._latent_factor = store, seed, latent_factor
        self._cameras = cameras(store.settings['cameras'])
        if len(self._cameras) < 2:
            raise NoWindowError(
                f"of the {store.settings['cameras']} cameras of {store.folder}, {cameras.__name__} are "
                f'{list(self._cameras)}, a window needs two; record with more cameras')
        self._windows = [(name, int(start)) for name in episodes_of(store, split) for start in _starts(store, name)]
        if not self._windows:
            raise NoWindowError(f"no gripper moves in the split '{split}' of {store.folder}; record more episodes")
        self._open: dict[str, Episode] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, number: int) -> dict[str, np.ndarray]:
        """Return the arrays of a window.

        As in Window: rgb, pointmap, observed_pointmap_m, gripper, T_n_m. Also valid: (2, 11, H, W) bool, where points
        are known; latent_gripper, latent_valid: (2, 11, h, w) bool, any of the gripper, most pixels known;
        intrinsics: (2, 3, 3); number: ().
        """
        name, start, n, m = self.locate(number)
        if name not in self._open:
            self._open[name] = self._store.read(name)
        return self._arrays(read_window(self._open[name], start, n, m)) | {'number': np.int64(number)}

    def locate(self, number: int) -> tuple[str, int, int, int]:
        """Return what a number stands for: the episode's name, the first step, the cameras n and m."""
        epoch, k = divmod(number, len(self))
        name, start = self._windows[k]
        return name, start, *draw_cameras(self._cameras, np.random.default_rng([self._seed, epoch, k]))

    def _arrays(self, window: Window) -> dict[str, np.ndarray]:
        valid = window.valid
        return {
            'rgb': window.rgb, 'pointmap': window.pointmap, 'observed_pointmap_m': window.observed_pointmap_m,
            'valid': valid, 'latent_valid': downsample_mask(valid, self._latent_factor, VALID_SHARE),
            'gripper': window.gripper, 'latent_gripper': downsample_mask(window.gripper, self._latent_factor, 0.0),
            'intrinsics': np.stack([camera.matrix for camera in window.cameras]), 'T_n_m': window.T_n_m,
        }


class WindowSampler:
    """The numbers of a WindowDataset's windows, shuffled anew in every epoch; for DataLoader(sampler=...).

    epoch: of the first iteration, to continue a training.
    """

    def __init__(self, dataset: WindowDataset, seed: int = 0, epoch: int = 0) -> None:
        self._count, self._seed, self.epoch = len(dataset), seed, epoch

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng([self._seed, self.epoch]).permutation(self._count)
        first = self.epoch * self._count
        self.epoch += 1
        return iter((first + order).tolist())


def episodes_of(store: EpisodeStore, split: str) -> list[str]:
    """Return the names of a split's episodes, sorted. Raises NoWindowError when there is none."""
    splits = {name: store.attributes(name).get('split') for name in store.names}
    names = [name for name, its in splits.items() if its == split]
    if not names:
        raise NoWindowError(
            f"{store.folder} has no episode of the split '{split}' among {len(splits)} (it has "
            f'{sorted(set(map(str, splits.values())))}); record more seeds')
    return names


def read_seen_by(store: EpisodeStore, name: str, cameras: Callable[[int], range]) -> Episode:
    """Read an episode into memory as those cameras alone saw it that cameras(count) allows."""
    arrays = vars(store.read(name))
    allowed = cameras(store.settings['cameras'])
    per_camera = {array for array, (_, axes) in LAYOUT.items() if axes[0] == 'cameras'}
    return Episode(**{
        array: values[allowed.start:allowed.stop] if array in per_camera else values[:]
        for array, values in arrays.items()
    })


def _starts(store: EpisodeStore, name: str) -> np.ndarray:
    try:
        return window_starts(store.read(name))
    except ShortEpisodeError as error:
        raise ShortEpisodeError(f"episode '{name}' of {store.folder}: {error}") from error
