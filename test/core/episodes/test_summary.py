# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The summary counts what the store holds, also when some of it is broken or missing."""

from __future__ import annotations

import shutil

from core.episodes.synthetic_episodes import SETTINGS, make_store
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.summary import summarise


def test_everything_is_counted(tmp_path):
    store = make_store(tmp_path / 'store', [0, 1, 8, 19])
    store.write_failure('episode_000002', 'the arm cannot reach')
    (store.folder / 'episode_000003.7.unfinished').mkdir()
    shutil.rmtree(store.folder / 'episode_000001' / 'rgb')
    lines = summarise(EpisodeStore(store.folder))
    size = sum(path.stat().st_size for path in store.folder.glob('episode_0000[01][089]/**/*') if path.is_file())
    assert lines == {
        'store': f'{store.folder}, schema 2', 'task': 'Test', 'instruction': '3 x put the spatula on the table',
        'episodes': '3: 1 x training, 1 x validation, 1 x held_out_objects',
        'unreadable': 'episode_000001; see `robot4d dataset check`',
        'failed': '1: episode_000002 (the arm cannot reach)', 'unfinished': 'episode_000003.7.unfinished',
        'steps': '36 of 0.5 s, 0:00:18 in all; per episode 12 to 12, median 12',
        'cameras': '2 of 10x8 pixels, 2 to train with, 0 held out', 'sensor': 'ideal', 'grippers': '3 x gripper',
        'objects': '3 x spatula, crock',
        'bytes': f'{size / 1e6:.1f} MB in all, {size / 3e6:.2f} MB per episode',
    }


def test_an_empty_store_has_a_summary(tmp_path):
    lines = summarise(EpisodeStore(tmp_path / 'store', {**SETTINGS, 'sensor': {'near': 0.2, 'far': 3.0, 'shadows': 0}}))
    assert lines['episodes'].startswith('0') and lines['sensor'] == 'near 0.2, far 3' and 'bytes' not in lines


def test_many_failures_are_counted_not_all_listed(tmp_path):
    store = make_store(tmp_path / 'store')
    for seed in range(1, 9):
        store.write_failure(f'episode_{seed:06d}', 'dropped')
    assert summarise(store)['failed'].startswith('8: episode_000001 (dropped);')
    assert summarise(store)['failed'].endswith('episode_000005 (dropped); and 3 more')
