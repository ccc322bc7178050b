# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Recorded demonstrations on disk: a folder of episodes, each a Zarr (v3) group, compressed, chunked by frames.

An episode appears under its final name only when it is complete and on disk, so a recording that is killed, or that
fills the disk, leaves no half episode behind. Every chunk carries a checksum.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.errors import ContainsGroupError

from robot4d_core.episodes.episode import IMAGES, Episode, common_sizes, layout_problems
from robot4d_core.errors import DiskFullError, EpisodeError, StoreBusyError, StoreError, StoreSettingsError

SCHEMA = 2
LOOKS_KIND = 'looks'  # the setting `kind` of a store whose episodes are looks: short, from rest, off the way

FRAMES_PER_CHUNK = 8  # compresses what stands still once; a training window then touches two or three chunks
_UNFINISHED = '.unfinished'
_FAILED = '.failed.json'


class StoredArray:
    """An array of an episode on disk; what is sliced is read. Raises EpisodeError naming it when that cannot be."""

    def __init__(self, array: zarr.Array, name: str) -> None:
        self._array, self._name = array, name
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index) -> np.ndarray:
        try:
            return self._array[index]
        except IndexError:
            raise
        except Exception as error:  # whatever broken bytes make zarr and its codecs raise
            raise EpisodeError(
                f'{self._name} cannot be read: {error}; see `robot4d dataset check`, delete the episode and record '
                'it again') from error

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.asarray(self[...], dtype)


class EpisodeStore:
    """A folder of episodes recorded with the same settings.

    settings: what the recording depends on (JSON values); a folder that does not exist, or is empty, becomes a store.
    Raises StoreSettingsError when the folder was recorded with other settings, StoreError when it is no store, half
    written or of another schema version.
    """

    def __init__(self, folder: Path, settings: dict | None = None) -> None:
        self.folder = Path(folder)
        if settings is not None and not self._root.exists():
            self._create(settings)
        attributes = self._read_root()
        self.settings = attributes['settings']
        if settings is not None:
            self._refuse_other(settings)

    @property
    def names(self) -> list[str]:
        """The complete episodes, sorted."""
        return sorted(p.name for p in self.folder.iterdir() if p.is_dir() and p.suffix != _UNFINISHED)

    @property
    def failures(self) -> dict[str, str]:
        """Why a demonstration failed, by the name that its episode would have had."""
        return {path.name.removesuffix(_FAILED): self._reason(path) for path in sorted(self.folder.glob(f'*{_FAILED}'))}

    @property
    def unfinished(self) -> list[Path]:
        """What a recording that was killed left, or one that is under way is writing."""
        return sorted(self.folder.glob(f'*{_UNFINISHED}'))

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Episode]:
        return (self.read(name) for name in self.names)

    def read(self, name: str) -> Episode:
        """Open an episode; its arrays are read from disk where they are sliced. Raises EpisodeError naming it."""
        arrays, problems = self.open_arrays(name)
        if problems:
            raise EpisodeError(self._unreadable(name, '; '.join(problems)))
        return Episode(**arrays)

    def open_arrays(self, name: str) -> tuple[dict[str, StoredArray], list[str]]:
        """Open the arrays of an episode that can be opened; the second value is what is wrong with the others."""
        arrays, problems = {}, []
        for entry in fields(Episode):
            path = self.folder / name / entry.name
            if not path.exists():
                problems.append(f'{entry.name}: the array is missing')
                continue
            try:
                array = zarr.open_array(str(path), mode='r', zarr_format=3)
                files = [path / array.metadata.encode_chunk_key(chunk) for chunk in np.ndindex(_grid(array))]
                missing = sum(not file.is_file() or file.stat().st_size == 0 for file in files)
            except Exception as error:  # whatever broken metadata makes zarr raise
                problems.append(f'{entry.name}: its zarr.json cannot be read: {error!r}')
                continue
            if missing:
                problems.append(f'{entry.name}: {missing} of {len(files)} files of chunks are missing or empty')
            else:
                arrays[entry.name] = StoredArray(array, f"{entry.name} of episode '{name}' of {self.folder}")
        return arrays, problems

    def attributes(self, name: str) -> dict:
        """Return where an episode came from. Raises EpisodeError naming it."""
        try:
            return json.loads((self.folder / name / 'zarr.json').read_text('utf-8'))['attributes']
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EpisodeError(self._unreadable(name, f'its zarr.json: {error!r}')) from error

    def write(self, name: str, episode: Episode, **attributes) -> None:
        """Add an episode; attributes (JSON values) say where it came from.

        Raises EpisodeError when there is one of that name or the arrays contradict LAYOUT, DiskFullError.
        """
        if (self.folder / name).exists():
            raise EpisodeError(f"{self.folder} has an episode '{name}'; delete it first or choose another name")
        arrays = {entry.name: np.asarray(getattr(episode, entry.name)) for entry in fields(Episode)}
        if problems := layout_problems(arrays, common_sizes(arrays)):
            listed = '; '.join(f'{array}: {what}' for array, what in problems.items())
            raise EpisodeError(f"episode '{name}' contradicts itself and is not written: {listed}")
        with self._appearing(name) as unfinished:
            group = zarr.create_group(str(unfinished), attributes=attributes)
            for array_name, values in arrays.items():
                _write_array(group, array_name, values)

    def write_failure(self, name: str, reason: str) -> None:
        """Remember that the demonstration that would have become an episode failed. Raises DiskFullError."""
        with self._appearing(name + _FAILED) as unfinished:
            unfinished.write_text(json.dumps({'reason': reason}), 'utf-8')

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Keep other recordings out, and clear away what a killed one left. Raises StoreBusyError."""
        with (self.folder / '.lock').open('w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreBusyError(
                    f'another recording is writing into {self.folder}; wait for its end or choose another folder'
                ) from error
            for path in self.unfinished:
                _remove(path)
            yield

    @contextmanager
    def _appearing(self, name: str) -> Iterator[Path]:
        """Give a path to write to, which gets its name when all is on disk and is removed when that fails."""
        unfinished = self.folder / f'{name}.{os.getpid()}{_UNFINISHED}'
        with _named_when_full(self.folder):
            try:
                yield unfinished
                _flush(unfinished)
                unfinished.rename(self.folder / name)
                _flush_one(self.folder)
            finally:
                _remove(unfinished)

    @property
    def _root(self) -> Path:
        return self.folder / 'zarr.json'

    def _create(self, settings: dict) -> None:
        others = [p.name for p in self.folder.iterdir() if p.suffix != '.partial'] if self.folder.is_dir() else []
        if others and not self._root.exists():
            raise StoreError(
                f'{self.folder} is no episode store but holds {len(others)} other files ({others[0]}, ...); '
                'choose an empty or a new folder')
        with _named_when_full(self.folder.parent), suppress(ContainsGroupError):  # when another is just making it
            zarr.create_group(str(self.folder), attributes={'schema': SCHEMA, 'settings': settings})

    def _read_root(self) -> dict:
        try:
            attributes = json.loads(self._root.read_text('utf-8'))['attributes']
            schema, _ = attributes['schema'], attributes['settings'].items()
        except FileNotFoundError as error:
            raise StoreError(
                f'{self.folder} is no episode store (it has no zarr.json); '
                f'record one with `robot4d record {self.folder}`') from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f'{self._root} is not what an episode store begins with: {error!r}; record into a new folder'
            ) from error
        if schema != SCHEMA:
            raise StoreError(f'{self.folder} has schema {schema}, this version reads {SCHEMA}; record it again')
        return attributes

    def _refuse_other(self, settings: dict) -> None:
        asked = json.loads(json.dumps(settings))
        differences = [
            f'{key}: expected {asked.get(key)}, got {self.settings.get(key)}'
            for key in sorted(asked.keys() | self.settings.keys()) if asked.get(key) != self.settings.get(key)
        ]
        if differences:
            raise StoreSettingsError(
                f"{self.folder} was recorded with other settings ({'; '.join(differences)}); "
                'ask for the settings it has, or choose another folder')

    def _reason(self, path: Path) -> str:
        try:
            return str(json.loads(path.read_text('utf-8'))['reason'])
        except (ValueError, KeyError, TypeError) as error:
            raise EpisodeError(f'{path} cannot be read: {error!r}; delete it and record again') from error

    def _unreadable(self, name: str, why: str) -> str:
        return f"episode '{name}' of {self.folder} cannot be read: {why}; delete it and record again"


def _grid(array: zarr.Array) -> tuple[int, ...]:
    """Return how many files of chunks lie along each axis; zarr reads zeros where one is missing or empty."""
    return tuple(-(-size // length) for size, length in zip(array.shape, array.shards or array.chunks))


def _write_array(group: zarr.Group, name: str, values: np.ndarray) -> None:
    chunks, shards = values.shape, None
    if name in IMAGES:
        steps, image = values.shape[1], values.shape[2:]
        length = min(FRAMES_PER_CHUNK, steps)
        chunks, shards = (1, length, *image), (1, -(-steps // length) * length, *image)
    group.create_array(
        name, data=values, chunks=chunks, shards=shards, config={'write_empty_chunks': True},
        compressors=[ZstdCodec(level=9), Crc32cCodec()],
    )


@contextmanager
def _named_when_full(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        free = shutil.disk_usage(folder).free
        raise DiskFullError(
            f'the disk is full: {free / 1e6:.1f} MB are free under {folder}; make room, then record again: '
            'complete episodes are kept, the recording continues after them') from error


def _flush(path: Path) -> None:
    """Wait until a file, or a folder and all in it, is on disk."""
    for folder, _, files in os.walk(path):
        for name in files:
            _flush_one(Path(folder, name))
        _flush_one(Path(folder))
    if path.is_file():
        _flush_one(path)


def _flush_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
