# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Several episode stores read as one, so that one model learns several tasks."""

from __future__ import annotations

from pathlib import Path

from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import StoreSettingsError


class JoinedStores:
    """What reads the stores in the folders below a folder; an episode's name is FOLDER/NAME.

    settings: those of the stores, which must agree but for the task; 'task' names all of theirs.
    Raises StoreError when one of the folders is no store, StoreSettingsError when their settings differ.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._stores = {path.name: EpisodeStore(path) for path in sorted(self.folder.iterdir()) if path.is_dir()}
        tasks, common = [], None
        for name, store in self._stores.items():
            settings = {key: value for key, value in store.settings.items() if key != 'task'}
            tasks.append(store.settings['task'])
            common = common or settings
            if settings != common:
                raise StoreSettingsError(
                    f'{self.folder / name} was recorded with other settings than its neighbours ({settings}, expected '
                    f'{common}); record it again with theirs, or move it elsewhere')
        self.settings = {**common, 'task': ', '.join(tasks)}

    @property
    def names(self) -> list[str]:
        """The complete episodes, sorted."""
        return [f'{folder}/{name}' for folder, store in self._stores.items() for name in store.names]

    def read(self, name: str) -> Episode:
        """Open an episode as EpisodeStore does."""
        store, name = self._located(name)
        return store.read(name)

    def attributes(self, name: str) -> dict:
        """Return where an episode came from."""
        store, name = self._located(name)
        return store.attributes(name)

    def _located(self, name: str) -> tuple[EpisodeStore, str]:
        folder, name = name.split('/')
        return self._stores[folder], name


def open_stores(folder: Path) -> EpisodeStore | JoinedStores:
    """Open an episode store, or a folder of several. Raises StoreError, StoreSettingsError."""
    is_store = (folder / 'zarr.json').exists() or not any(folder.glob('*/zarr.json'))
    return EpisodeStore(folder) if is_store else JoinedStores(folder)
