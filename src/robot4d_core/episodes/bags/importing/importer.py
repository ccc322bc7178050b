# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Bring demonstrations of a real robot, recorded as rosbag2, into an episode store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from robot4d_core.episodes.bags.importing.demonstration import read_demonstration
from robot4d_core.episodes.bags.importing.settings import ImportSettings
from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.store import LOOKS_KIND, EpisodeStore
from robot4d_core.errors import EpisodeError, Robot4dError, StoreSettingsError
from robot4d_core.prediction import FRAME_INTERVAL

RECORDED = {'recorded': True}
"""The sensor of a store that real cameras filled."""


@dataclass(frozen=True)
class ImportedBag:
    """What became of one bag: 'imported', 'already there' or 'refused' for a reason."""

    bag: Path
    outcome: str
    steps: int = 0
    reason: str = ''


def import_bags(bags: Sequence[Path], folder: Path, settings: ImportSettings) -> list[ImportedBag]:
    """Add every bag as one episode, named like the bag, to the store in folder; shows progress with time left.

    A bag that is refused leaves no trace, and the others are still imported. One that was imported before is not
    imported again, so that an interrupted import continues.
    """
    outcomes = []
    columns = TextColumn('{task.description}'), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns) as progress:
        bar = progress.add_task('importing', total=len(bags))
        for index, bag in enumerate(bags):
            progress.update(bar, description=f'importing {episode_name(bag)}')

            def advance(share: float, index=index) -> None:
                progress.update(bar, completed=index + share)

            outcomes.append(_import_bag(bag, Path(folder), settings, advance))
            advance(1.0)
    return outcomes


def episode_name(bag: Path) -> str:
    """Return the name of the episode that a bag becomes: its folder's, or its file's without the extension."""
    bag = Path(bag).resolve()
    return bag.name if bag.is_dir() else bag.stem


def _import_bag(bag: Path, folder: Path, settings: ImportSettings, advance: Callable[[float], None]) -> ImportedBag:
    name = episode_name(bag)
    try:
        with BagReader(bag) as reader:
            source = {'bag': name, 'sha256': reader.fingerprint()}
            recorded = reader.note.get('settings', {'sensor': RECORDED})
            kind = LOOKS_KIND if settings.looks else recorded.get('kind')
            before = _imported_before(folder, source, kind)
            if before:
                return ImportedBag(bag, 'already there', EpisodeStore(folder).read(before).times.shape[0],
                                   '' if before == name else f"as '{before}'")
            episode, attributes = read_demonstration(reader, settings, _share_of_two_readings(reader, advance))
        store = EpisodeStore(folder, {
            'task': attributes['task'], 'cameras': len(attributes['cameras']),
            'size': list(episode.rgb.shape[3:1:-1]), 'interval': FRAME_INTERVAL, 'sensor': recorded['sensor'],
            **({'kind': kind} if kind else {})})
        with store.recording():
            store.write(name, episode, **{**attributes, 'source': source | attributes['source']})
    except Robot4dError as error:
        return ImportedBag(bag, 'refused', reason=f'{type(error).__name__}: {error}')
    return ImportedBag(bag, 'imported', len(episode.times), '; '.join(reader.skipped.values()))


def _imported_before(folder: Path, source: dict, kind: str | None) -> str | None:
    """Return the episode that the same recording became, whatever its folder was called.

    Raises StoreSettingsError when the store is of another kind than the recording, EpisodeError when another recording
    has taken the name.
    """
    if not (folder / 'zarr.json').exists():
        return None
    store = EpisodeStore(folder)
    kinds = kind, store.settings.get('kind')
    if kinds[0] != kinds[1]:
        ours, theirs = ('looks' if one == LOOKS_KIND else 'demonstrations' for one in kinds)
        raise StoreSettingsError(
            f'{folder} holds {theirs}, the bag is imported as {ours}; give each a store of its own with --output, and '
            'import looks with --looks')
    sources = {name: store.attributes(name).get('source') or {} for name in store.names}
    same = [name for name, other in sources.items() if other.get('sha256') == source['sha256']]
    if not same and source['bag'] in sources:
        raise EpisodeError(f"the store has another episode '{source['bag']}'; rename the bag's folder")
    return same[0] if same else None


def _share_of_two_readings(reader: BagReader, advance: Callable[[float], None]) -> Callable[[], None]:
    """Return what counts messages and now and then advances to their share in reading the bag twice."""
    count = 0

    def on_message() -> None:
        nonlocal count
        count += 1
        if count % 50 == 0:
            advance(min(count / (2 * reader.message_count), 1.0))

    return on_message
