# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A model is measured with the second camera inside the training shell and outside, each time beside hold."""

from __future__ import annotations

import json
from pathlib import Path

from core.evaluation.made_reports import made_measurement, made_scores
from robot4d_core.cell.cameras import OUTSIDE_SHELL
from robot4d_core.evaluation.generation.protocol import Protocol
from robot4d_core.evaluation.generation.tables.outside_shell import contenders_by_second_camera, write_outside_shell


def test_only_the_second_camera_changes():
    protocol = Protocol(count=7, seed=3)
    inside, *outside = (its.follows(protocol) for its in contenders_by_second_camera(Path('model'), 2))
    assert inside == Protocol(count=7, seed=3, steps=2)
    assert outside == [Protocol(count=7, seed=3, steps=2, second_camera=name) for name in OUTSIDE_SHELL]


def test_every_place_has_its_own_hold(tmp_path, capsys):
    write_outside_shell([
        made_measurement('inside', [made_scores(mIoU=0.7)] * 2, [made_scores(mIoU=0.9)] * 2),
        made_measurement('lower', [made_scores(mIoU=0.2)] * 2, [made_scores(mIoU=0.6)] * 2),
    ], 'robot4d evaluate outside', tmp_path)
    rows = json.loads((tmp_path / 'outside.json').read_text())['tasks']['PutSpatulaOnTable']
    assert {name: row['columns']['mIoU']['value'] for name, row in rows.items()} == {
        'inside': 0.7, 'inside, hold': 0.9, 'lower': 0.2, 'lower, hold': 0.6}
    assert '| lower, hold | 0.60<br>' in (tmp_path / 'outside.md').read_text()
    assert 'by where camera m stands' in capsys.readouterr().out
