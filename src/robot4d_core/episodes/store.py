# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Recorded demonstrations on disk: one Zarr (v3) group per episode, compressed, chunked by frame.

An episode appears under its final name only when it is complete, so a killed recording leaves no half episode behind.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import zarr

from robot4d_core.errors import EpisodeError

SCHEMA = 2

_UNFINISHED = '.unfinished'


@dataclass(frozen=True)
class Episode:
    """One demonstration: C cameras, T frames FRAME_INTERVAL apart, G grippers. Numpy arrays, or Zarr arrays to slice.

    rgb: (C, T, H, W, 3) uint8; depth: (C, T, H, W) uint16 millimetres, 0 invalid; segmentation: (C, T, H, W) uint8,
    labelled as SEGMENTS; intrinsics: (C, 3, 3); camera_poses: (C, 4, 4) T_world_optical;
    gripper_poses: (T, G, 4, 4) T_world_tcp; opening: (T, G) metres; joints: (T, G, 7) rad;
    commands: (T, G, 8), the commanded joint positions in rad and opening in metres, NaN where unknown;
    times: (T,) seconds.
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


class EpisodeStore:
    """A folder of episodes recorded with the same settings.

    settings: what the recording depends on (JSON values). Raises EpisodeError when the folder was recorded with other
    settings or by another schema version.
    """

    def __init__(self, folder: Path, settings: dict | None = None) -> None:
        self._folder = Path(folder)
        if (self._folder / 'zarr.json').exists():
            self._check(settings)
        elif settings is None:
            raise EpisodeError(f'{folder} holds no episodes; record some with `robot4d record {folder}`')
        else:
            zarr.create_group(str(self._folder), attributes={'schema': SCHEMA, 'settings': settings})

    @property
    def settings(self) -> dict:
        """What the episodes were recorded with."""
        return dict(zarr.open_group(str(self._folder), mode='r').attrs['settings'])

    @property
    def names(self) -> list[str]:
        """The complete episodes, sorted."""
        return sorted(p.name for p in self._folder.iterdir() if p.is_dir() and p.suffix != _UNFINISHED)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Episode]:
        return (self.read(name) for name in self.names)

    def read(self, name: str) -> Episode:
        """Open an episode; its arrays are read from disk where they are sliced. Raises EpisodeError naming it."""
        try:
            group = zarr.open_group(str(self._folder / name), mode='r')
            return Episode(**{entry.name: group[entry.name] for entry in fields(Episode)})
        except (KeyError, FileNotFoundError, ValueError) as error:
            raise EpisodeError(
                f"episode '{name}' of {self._folder} cannot be read: {error}; delete it and record again") from error

    def write(self, name: str, episode: Episode, **attributes) -> None:
        """Add an episode; attributes (JSON values) say where it came from."""
        unfinished = self._folder / (name + _UNFINISHED)
        shutil.rmtree(unfinished, ignore_errors=True)
        group = zarr.create_group(str(unfinished), attributes=attributes)
        for entry in fields(Episode):
            values = np.ascontiguousarray(getattr(episode, entry.name))
            images = values.ndim >= 4 and entry.name in ('rgb', 'depth', 'segmentation')
            group.create_array(
                entry.name, data=values,
                chunks=(1, 1, *values.shape[2:]) if images else values.shape,
                shards=(1, *values.shape[1:]) if images else None,
            )
        unfinished.rename(self._folder / name)

    def attributes(self, name: str) -> dict:
        """Return where an episode came from."""
        return dict(zarr.open_group(str(self._folder / name), mode='r').attrs)

    def _check(self, settings: dict | None) -> None:
        attributes = zarr.open_group(str(self._folder), mode='r').attrs
        if attributes.get('schema') != SCHEMA:
            raise EpisodeError(
                f"{self._folder} has schema {attributes.get('schema')}, this version reads {SCHEMA}; record again")
        if settings is not None and dict(attributes['settings']) != settings:
            raise EpisodeError(
                f"{self._folder} was recorded with {dict(attributes['settings'])}, not {settings}; "
                'use the same settings or another folder')
