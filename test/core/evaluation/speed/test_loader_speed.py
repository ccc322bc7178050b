# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The loader's benchmark counts what it reads."""

from __future__ import annotations

import json

import pytest

from core.episodes.analytic_episodes import analytic_store
from core.manual_clock import ManualClock
from robot4d_core.cli import main
from robot4d_core.episodes.loader import WindowDataset
from robot4d_core.evaluation.speed import loader_speed
from robot4d_core.evaluation.speed.loader_speed import benchmark_loader, measure


def test_the_first_window_is_not_counted_and_rates_are_per_second(monkeypatch):
    clock = ManualClock()
    monkeypatch.setattr(loader_speed, 'time', clock)

    def windows():
        clock.sleep(1.0)
        while True:
            yield 4, 5_000_000
            clock.sleep(0.02)

    assert measure(windows(), 0.5) == pytest.approx((200, 250))


def test_every_way_reads_whole_windows(tmp_path):
    store = analytic_store(tmp_path / 'store', seeds=[0, 1, 2], steps=12)
    speeds = benchmark_loader(store, batch=2, workers=1, seconds=0.2, json_path=tmp_path / 'speed.json')
    written = json.loads((tmp_path / 'speed.json').read_text())
    assert [entry['way'] for entry in written['speeds']] == [speed.way for speed in speeds]
    assert written['machine']['cores'] >= 1 and written['machine']['cpu'] and written['settings'] == store.settings
    window = sum(array.nbytes for array in WindowDataset(store)[0].values()) / 1e6
    images = 2 * 11 * 32 * 40 * (3 + 2 + 1) / 1e6
    for speed, size in zip(speeds, (window, window, images, images)):
        assert speed.megabytes_per_second == pytest.approx(speed.windows_per_second * size, rel=1e-6), speed.way


def test_when_the_store_has_no_window_expect_one_sentence(tmp_path, capsys):
    analytic_store(tmp_path / 'store', seeds=[8], steps=12)
    assert main(['benchmark', 'loader', str(tmp_path / 'store')]) == 2
    assert "no episode of the split 'training'" in capsys.readouterr().err
