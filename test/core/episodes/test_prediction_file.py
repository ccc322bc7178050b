# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Predictions on disk: plain arrays, nothing lost, and a name for whatever else a file may be."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from core.chain_robot import chain_robot
from core.saved_predictions import assert_same_paths, saved_prediction
from robot4d_core.episodes import prediction_file
from robot4d_core.episodes.prediction_file import read_prediction, write_npz
from robot4d_core.errors import PredictionFileError


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    return saved_prediction(tmp_path_factory.mktemp('saved') / 'store', grippers=2)


@pytest.fixture
def file(saved, tmp_path):
    write_npz(saved, tmp_path / 'prediction.npz')
    return tmp_path / 'prediction.npz'


def test_everything_comes_back(saved, file):
    read = read_prediction(file)
    assert (read.seed, read.steps) == (7, 3)
    for part in ('prediction', 'look'):
        before, after = getattr(saved, part), getattr(read, part)
        assert (before.stamp, before.frame_id) == (after.stamp, after.frame_id)
        for view, again in zip(before.views, after.views):
            assert (view.name, view.camera) == (again.name, again.camera)
            np.testing.assert_array_equal(view.rgb, again.rgb)
    assert_same_paths(read.prediction.paths, saved.prediction.paths)
    assert read.prediction.model == 'moved truth' and read.look.source == saved.look.source
    np.testing.assert_array_equal(read.prediction.views[1].pointmap, saved.prediction.views[1].pointmap)
    for key in ('T_n_m', 'gripper_poses', 'openings'):
        np.testing.assert_array_equal(getattr(read.look, key), getattr(saved.look, key))


def test_what_is_unknown_stays_unknown(saved, tmp_path):
    look = replace(saved.look, T_n_m=None, gripper_poses=None, openings=None)
    prediction = replace(saved.prediction, paths=())
    write_npz(replace(saved, prediction=prediction, look=look, steps=None), tmp_path / 'file.npz')
    read = read_prediction(tmp_path / 'file.npz')
    assert read.prediction.paths == ()
    assert (read.steps, read.look.T_n_m, read.look.gripper_poses, read.look.openings) == (None,) * 4


def test_numpy_alone_reads_it_and_the_keys_are_those_of_the_documentation(file):
    documented = set()
    for line in re.findall(r'^    (\S.*?)  +\(', prediction_file.__doc__, re.MULTILINE):
        for name in line.split(', '):
            documented |= {name.replace('_v', f'_{v}') for v in 'nm'} if name.endswith('_v') else {name}
    script = 'import sys, numpy\n' \
             'with numpy.load(sys.argv[1]) as arrays:\n' \
             '    print(*sorted(arrays.files)); [arrays[name] for name in arrays.files]\n' \
             'assert not any(name.startswith(("robot4d", "torch")) for name in sys.modules)'
    out = subprocess.run([sys.executable, '-c', script, file], check=True, capture_output=True, text=True, timeout=200)
    assert set(out.stdout.split()) == documented


def test_the_same_prediction_gives_the_same_bytes(saved, file, tmp_path):
    write_npz(saved, tmp_path / 'again.npz')
    assert file.read_bytes() == (tmp_path / 'again.npz').read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {'prediction.npz', 'again.npz'}


def test_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(PredictionFileError, match="does not exist; make a prediction with 'robot4d predict'"):
        read_prediction(tmp_path / 'nothing.npz')


def test_another_npz_is_refused(tmp_path):
    np.savez(tmp_path / 'other.npz', a=1)
    with pytest.raises(PredictionFileError, match='no prediction of robot4d'):
        read_prediction(tmp_path / 'other.npz')


def test_another_schema_is_refused(file, tmp_path):
    with np.load(file) as arrays:
        np.savez(tmp_path / 'newer.npz', **dict(arrays) | {'schema': 3})
    with pytest.raises(PredictionFileError, match='has schema 3, this version reads 2'):
        read_prediction(tmp_path / 'newer.npz')


def test_a_missing_array_is_named(file, tmp_path):
    with np.load(file) as arrays:
        np.savez(tmp_path / 'less.npz', **{key: arrays[key] for key in arrays if key != 'pointmap_m'})
    with pytest.raises(PredictionFileError, match='damaged .*pointmap_m'):
        read_prediction(tmp_path / 'less.npz')


@pytest.mark.parametrize('damage', [lambda b: b[:len(b) // 2], lambda b: b'', lambda b: b'text', lambda b: b[:-1000]
                                    + bytes(1000), lambda b: b[:5000] + bytes(100) + b[5100:]])
def test_a_damaged_file_is_refused(file, damage):
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(PredictionFileError, match='prediction.npz is no prediction of robot4d, or it is damaged'):
        read_prediction(file)


def test_pickles_are_not_read(tmp_path):
    np.savez(tmp_path / 'pickle.npz', schema=np.array([{}], object))
    with pytest.raises(PredictionFileError):
        read_prediction(tmp_path / 'pickle.npz')


def test_the_robot_comes_back_whatever_it_is(tmp_path):
    saved, robot = saved_prediction(tmp_path / 'store'), chain_robot(5)
    write_npz(replace(saved, look=replace(saved.look, described_robot=robot)), tmp_path / 'prediction.npz')
    look = read_prediction(tmp_path / 'prediction.npz').look
    assert look.described_robot.arms == robot.arms and look.described_robot.base_frame == 'base'
    np.testing.assert_allclose(look.openings, saved.look.openings, atol=1e-8)
    np.testing.assert_allclose(look.gripper_poses, saved.look.gripper_poses, atol=1e-9)
