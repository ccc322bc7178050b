# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Our Table 1: what a cell says, what is left empty, whose numbers stand beside ours, how models are compared."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.evaluation.made_reports import made_measurement, made_scores
from robot4d_core.evaluation.generation.tables.model_table import DASH, notes, predictors_of, table_grids, write_table
from robot4d_core.evaluation.generation.tables.paper_table import paper_rows
from robot4d_core.evaluation.generation.tables.table_columns import HORIZON, Column
from robot4d_core.prediction import FRAMES

NO_POINTS = {
    name: None for name in (
        'AbsRel-n', 'AbsRel-m', 'AbsRel-m (z in n)', 'delta1-n', 'delta1-m', 'delta1-m (z in n)', 'm off, mm',
        'm off, deg')
} | {'mIoU': 0.0, 'known-n': 0.0, 'known-m': 0.0, 'm placed': 0.0, 'gripper lost': 1.0}


def grid_of(measurements, title):
    [grid] = [grid for grid in table_grids(predictors_of(measurements)) if title in grid.title]
    return {row[0]: dict(zip(grid.header[1:], row[1:], strict=True)) for row in grid.rows}


@pytest.fixture
def measurements():
    rng = np.random.default_rng(0)
    before = rng.uniform(0.2, 0.4, 25)
    return [
        made_measurement('full', [made_scores(mIoU=value + 0.3) for value in before]),
        made_measurement('no_multi_view_attention', [made_scores(mIoU=value) for value in before]),
        made_measurement('rgb_only', [made_scores(**NO_POINTS) for _ in before]),
    ]


def test_columns_take_the_step_and_the_horizon_that_they_name():
    scores = {'path, mm': [None, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]}
    path = dict(title='path', measure='path, mm', better='↓')
    assert Column(**path, at=2.5).of_clip(scores) == 5
    assert Column(**path, at=5.0).of_clip(scores) == 10
    assert Column(**path, at=HORIZON, scale=10).of_clip(scores) == pytest.approx(60)
    assert np.isnan(Column(**path, at=0.5).of_clip(scores))
    assert np.isnan(Column(**path, at=HORIZON).of_clip({'path, mm': [None] * 10}))


def test_a_cell_is_mean_or_median_within_its_interval():
    values = np.array([1.0, 2.0, 3.0, 4.0, 90.0, np.nan])
    mean, median = (Column('x', 'x', '↓', median=its).cell(values) for its in (False, True))
    assert (mean.value, median.value, mean.clips) == (20, 3, 5)
    assert mean.low < 20 < mean.high and 1 <= median.low < 3 < median.high
    assert Column('x', 'x', '↓').cell(np.array([np.nan])).clips == 0


def test_models_are_compared_clip_by_clip(measurements):
    [row] = [its for name, its in grid_of(measurements, 'clip by clip: generated video').items() if 'no_multi' in name]
    assert row['mIoU ↑'] == '+0.30\n[+0.30, +0.30]', 'the difference is far surer than either mean'
    full = grid_of(measurements, 'as the paper')['full']['mIoU ↑']
    low, high = (float(number) for number in full.split('\n')[1].strip('[]').split(','))
    assert high - low > 0.02


def test_errors_of_motion_are_compared_with_hold_too():
    full = made_measurement('full', [made_scores(**{'moving-n, mm': [value] * FRAMES}) for value in (100.0, 110.0)],
                            [made_scores(**{'moving-n, mm': [value] * FRAMES}) for value in (140.0, 150.0)])
    row = grid_of([full], 'clip by clip: gripper and motion')['PutSpatulaOnTable: full - hold']
    assert row['moving-n 2.5 s, mm ↓'] == row['moving-n 0.5-5 s, mm ↓'] == '-40\n[-40, -40]'


def test_only_clips_that_both_predicted_are_compared():
    full = made_measurement('full', [made_scores(mIoU=value) for value in (0.1, 0.75, 0.75)])
    other = made_measurement('other', [made_scores(mIoU=0.9), made_scores(mIoU=0.5)])
    other.report.clips[0]['clip'] = 'clip 2'
    row = grid_of([full, other], 'clip by clip: generated video')['PutSpatulaOnTable: full - other']
    assert row['mIoU ↑'].startswith('+0.05')


def test_what_a_model_of_colours_cannot_have_is_a_dash(measurements):
    video, path = (grid_of(measurements, title)['rgb_only'] for title in ('as the paper', 'path of the gripper'))
    assert {name for name, cell in video.items() if cell == DASH} == {
        'mIoU ↑', 'AbsRel-n ↓', 'AbsRel-m ↓', 'δ1-n ↑', 'δ1-m ↑'}
    assert video['PSNR-n ↑'].startswith('0.5')
    assert {name for name, cell in path.items() if cell != DASH} == {'s per prediction ↓'}
    assert any('colours alone' in line and DASH in line for line in notes(predictors_of(measurements)))


def test_hold_is_there_once_and_the_paper_below_ours(measurements):
    rows = list(grid_of(measurements, 'as the paper'))
    assert rows == [
        'full', '(paper: OURS)', 'no_multi_view_attention', '(paper: OURS w/o MV attn)', 'rgb_only', 'hold',
        'the true future', '(paper: 4D Gaussian)']
    table = grid_of(measurements, 'as the paper')
    assert table['(paper: OURS)'] == dict.fromkeys(table['full'], '') | {
        'mIoU ↑': '(0.69)', 'AbsRel-n ↓': '(0.03)', 'AbsRel-m ↓': '(0.07)', 'δ1-n ↑': '(0.98)', 'δ1-m ↑': '(0.97)'}


def test_hold_stands_on_the_most_clips_and_fewer_are_told():
    few = made_measurement('few', [made_scores()] * 2, [made_scores(mIoU=0.1)] * 2, failures={'clip 2': 'too dark'})
    many = made_measurement('many', [made_scores(), made_scores(), made_scores(mIoU=None)], [made_scores(mIoU=0.7)] * 3)
    table = grid_of([few, many], 'as the paper')
    assert table['hold']['mIoU ↑'].startswith('0.70')
    assert table['many']['mIoU ↑'].endswith('‹2›') and '‹' not in table['few']['mIoU ↑']
    assert any('few has no prediction of 1 clips' in line and 'too dark' in line for line in notes(
        predictors_of([few, many])))


def test_fvd_has_columns_when_it_was_measured(measurements):
    assert 'FVD-n ↓' not in grid_of(measurements, 'as the paper')['full']
    assert any('FVD is not measured' in line for line in notes(predictors_of(measurements)))
    fvd = {who: {'FVD-n': value, 'FVD-m': value + 1} for who, value in (('model', 300.4), ('hold', 500.0))}
    table = grid_of([made_measurement('rgb_only', [made_scores(**NO_POINTS)] * 3, fvd=fvd)], 'as the paper')
    assert (table['rgb_only']['FVD-n ↓'], table['hold']['FVD-m ↓']) == ('300', '501')
    assert table['(paper: SVD)']['FVD-n ↓'] == '(370.92)'


def test_the_papers_numbers_are_in_the_right_columns():
    assert paper_rows('StoreCerealBoxUnderShelf')['no_multi_view_attention'] == ('OURS w/o MV attn', {
        'mIoU': 0.41, 'FVD-n': 497.43, 'FVD-m': 607.73, 'AbsRel-n': 0.15, 'AbsRel-m': 0.31, 'δ1-n': 0.75,
        'δ1-m': 0.66})
    assert paper_rows('PlaceAppleFromBowlIntoBin')['rgb_only_multi_view_attention'] == (
        'SVD w/ MV attn', {'FVD-n': 812.94, 'FVD-m': 766.52})
    assert paper_rows('JuggleApples') == {}


def test_table_is_written_as_json_and_markdown(measurements, tmp_path, capsys):
    write_table(measurements, 'robot4d evaluate table data', tmp_path)
    numbers = json.loads((tmp_path / 'table.json').read_text())
    assert numbers['command'] == 'robot4d evaluate table data'
    task = numbers['tasks']['PutSpatulaOnTable']
    assert set(task) == {'full', 'no_multi_view_attention', 'rgb_only', 'hold'}
    assert task['full']['columns']['path 2.5 s, mm (median)']['value'] == 5
    assert task['rgb_only']['columns']['mIoU']['value'] is None
    assert len(task['full']['clips']) == 25
    values = [its['mIoU'] for its in task['full']['clips'].values()]
    assert np.mean(values) == pytest.approx(task['full']['columns']['mIoU']['value'])
    difference = numbers['differences']['PutSpatulaOnTable']['full - no_multi_view_attention']['mIoU']
    assert difference['value'] == pytest.approx(0.3) and difference['low'] > 0.29
    assert 'other data' in numbers['paper']['source'] and task['full']['machine']['cores'] == 2

    markdown = (tmp_path / 'table.md').read_text()
    assert 'robot4d evaluate table data' in markdown and '<br>[' in markdown
    assert 'paper, other data (LBM simulation), other masks' in markdown
    widths = {line.count('|') for line in markdown.split('### ')[1].splitlines() if line.startswith('|')}
    assert len(widths) == 1, 'every row has as many cells as the header'
    assert (tmp_path / 'horizon_PutSpatulaOnTable.png').read_bytes().startswith(b'\x89PNG')
    assert 'hold' in capsys.readouterr().out
