# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Every way in which an episode can be wrong is found, by name; a right one passes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from core.episodes.synthetic_episodes import SETTINGS, attributes_of, make_episode, make_store
from robot4d_core.episodes.check import check_episode
from robot4d_core.episodes.store import EpisodeStore

NAME = 'episode_000000'


@pytest.fixture
def store(tmp_path) -> EpisodeStore:
    return make_store(tmp_path / 'store')


def replace_array(store: EpisodeStore, name: str, values: np.ndarray) -> None:
    group = zarr.open_group(str(store.folder / NAME), mode='r+')
    del group[name]
    group.create_array(name, data=values)


def change(store: EpisodeStore, name: str, index, value) -> None:
    with zarr.config.set({'array.write_empty_chunks': True}):
        array = zarr.open_array(str(store.folder / NAME / name), mode='r+')
    array[index] = value


def set_attribute(store: EpisodeStore, key: str, value) -> None:
    attributes = zarr.open_group(str(store.folder / NAME), mode='r+').attrs
    if value is None:
        del attributes[key]
    else:
        attributes[key] = value


def assert_begins(text: str, pattern: str) -> None:
    assert re.match(pattern, text), text


def the_problem(store: EpisodeStore) -> str:
    problems = check_episode(store, NAME)
    assert len(problems) == 1, problems
    return problems[0]


def test_a_right_episode_passes(store):
    assert check_episode(store, NAME) == []


def test_two_arms_and_an_imported_episode_pass(tmp_path):
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    attributes = attributes_of(grippers=2)
    del attributes['seed'], attributes['scene']
    episode = make_episode(grippers=2)
    episode.commands[:, 1] = np.nan
    episode.segmentation[0, 0, 0, 0] = 8
    store.write('kitchen', episode, **attributes, source='kitchen.mcap')
    assert check_episode(store, 'kitchen') == []


@pytest.mark.parametrize(('array', 'index', 'value', 'expected'), [
    ('camera_poses', (1, 0, 3), np.nan, 'camera_poses: expected rigid transforms, got 1 of 2 .* index \\[1\\]'),
    ('camera_poses', (0, 0, slice(3)), 2.0, 'camera_poses: expected rigid transforms, got 1 of 2 .* index \\[0\\]'),
    ('camera_poses', (0, 3, 0), 1.0, 'camera_poses: expected rigid'),
    ('gripper_poses', (4, 0, slice(0, 3), 0), -1.0, 'gripper_poses: expected rigid .* 1 of 12 .* \\[4, 0\\]'),
    ('gripper_poses', (5, 0, 2, 2), 1.0, 'gripper_poses: expected rigid'),
    ('intrinsics', (1, 0, 2), 10.2, 'intrinsics: camera 1: expected a principal point inside 10x8'),
    ('intrinsics', (1, 0, 0), 0.0, 'intrinsics: camera 1: focal lengths must be positive'),
    ('intrinsics', (0, 1, 1), np.inf, 'intrinsics: camera 0: fy must be finite'),
    ('intrinsics', (0, 0, 1), 0.3, 'intrinsics: camera 0: K must be'),
    ('times', (7,), 3.9, 'times: expected 0.5 s to the next step, got .* at step 6 \\(2 of 11'),
    ('times', (7,), np.nan, 'times: expected 0.5 s to the next step, got nan at step 6'),
    ('opening', (2, 0), np.nan, 'opening: expected finite numbers, got nan at step 2'),
    ('joints', (3, 0, 6), np.inf, 'joints: expected finite numbers, got inf at step 3'),
    ('commands', (3, 0, 6), np.inf, 'commands: expected finite numbers, or NaN where unknown, got inf at step 3'),
    ('depth', (1, 5), 0, 'depth: camera 1: expected valid pixels at every step, got none at 1 of 12, the first is 5'),
    ('depth', (0,), 0, 'depth: camera 0: expected valid pixels at every step, got none at 12 of 12'),
    ('depth', (1,), 1, 'depth: camera 1: expected millimetres .* got a median of 0.001 m'),
    ('depth', (0,), 11000, 'depth: camera 0: expected millimetres .* got a median of 11 m'),
    ('segmentation', (1, 3, 2, 2), 11, 'segmentation: camera 1: expected labels .* got \\[11\\] too'),
    ('segmentation', (0, 3, 2, 2), 6, 'segmentation: camera 0: expected labels .* got \\[6\\] too'),
])
def test_when_a_number_cannot_be_right_expect_array_and_place(store, array, index, value, expected):
    change(store, array, index, value)
    assert_begins(the_problem(store), expected)


@pytest.mark.parametrize(('array', 'values', 'expected'), [
    ('depth', np.ones((2, 11, 8, 10), np.uint16), r'expected uint16 \(cameras 2, steps 12, height 8, width 10\), '
                                                 r'got uint16 \(2, 11, 8, 10\)'),
    ('depth', np.ones((2, 12, 8, 10), np.float32), r'expected uint16 .*, got float32'),
    ('rgb', np.ones((2, 12, 8, 10), np.uint8), r'expected uint8 .*, got uint8 \(2, 12, 8, 10\)'),
    ('rgb', np.ones((2, 12, 16, 20, 3), np.uint8), r'expected .*height 8, width 10, 3\), got .* \(2, 12, 16, 20, 3\)'),
    ('camera_poses', np.stack([np.eye(4)] * 3), r'expected float64 \(cameras 2, 4, 4\), got float64 \(3, 4, 4\)'),
    ('times', 0.5 * np.arange(13), r'expected float64 \(steps 12\), got float64 \(13,\)'),
    ('opening', np.ones((12, 2)), r'expected float64 \(steps 12, grippers 1\), got float64 \(12, 2\)'),
])
def test_when_shapes_or_types_disagree_expect_the_odd_array(store, array, values, expected):
    replace_array(store, array, values)
    assert_begins(the_problem(store), f'{array}: {expected}')


@pytest.mark.parametrize(('key', 'value', 'expected'), [
    ('task', None, 'task: expected str, got nothing'),
    ('task', 'Other', "task: expected 'Test' as the store, got 'Other'"),
    ('instruction', 3, 'instruction: expected str, got 3'),
    ('success', None, 'success: expected bool, got nothing'),
    ('cameras', 'camera_0', "cameras: expected list, got 'camera_0'"),
    ('grippers', ['gripper', 'second_gripper'], 'gripper_poses: expected'),
    ('objects', None, 'objects: expected list, got nothing'),
    ('split', 'held_out_objects', 'expected a seed and the split that it belongs to, got seed 0'),
    ('seed', None, 'expected seed and scene .simulated. or source .imported., got neither'),
    ('scene', None, "scene: expected JSON with a seed, got KeyError.'scene'."),
    ('scene', '{"seed": 4}', 'scene: expected seed 0, got 4'),
])
def test_when_an_attribute_is_wrong_expect_its_name(store, key, value, expected):
    set_attribute(store, key, value)
    problems = check_episode(store, NAME)
    assert problems
    assert_begins(problems[0].removeprefix('attributes: '), expected)


def test_when_an_episode_is_shorter_than_a_window_expect_both_lengths(tmp_path):
    store = make_store(tmp_path / 'store', steps=10)
    assert the_problem(store) == 'times: expected at least the 11 steps of a window, got 10'


def test_when_arrays_are_missing_expect_every_one(store):
    for name in ('rgb', 'commands'):
        shutil.rmtree(store.folder / NAME / name)
    assert check_episode(store, NAME) == ['rgb: the array is missing', 'commands: the array is missing']


def test_when_the_settings_disagree_with_the_images_expect_them_named(store):
    root = store.folder / 'zarr.json'
    content = json.loads(root.read_text())
    content['attributes']['settings']['size'] = [20, 16]
    root.write_text(json.dumps(content))
    problems = check_episode(EpisodeStore(store.folder), NAME)
    assert [problem.split(':')[0] for problem in problems] == ['rgb', 'depth', 'segmentation']


@pytest.fixture(scope='module')
def pristine(tmp_path_factory) -> Path:
    return make_store(tmp_path_factory.mktemp('pristine') / 'store').folder


def files_of(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in (folder / NAME).rglob('*') if path.is_file())


def test_when_a_chunk_file_is_empty_expect_it_found(store):
    (store.folder / chunks_of(store.folder)[-1]).write_bytes(b'')
    assert the_problem(store) == 'times: 1 of 1 files of chunks are missing or empty'


def chunks_of(folder: Path) -> list[Path]:
    return [path for path in files_of(folder) if path.name != 'zarr.json']


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_flipped_or_cut_chunk_is_found(pristine, data):
    file = pristine / data.draw(st.sampled_from(chunks_of(pristine)))
    content = file.read_bytes()
    if data.draw(st.booleans(), 'cut'):
        broken = content[:data.draw(st.integers(0, len(content) - 1), 'length')]
    else:
        place, flip = data.draw(st.integers(0, len(content) - 1), 'place'), data.draw(st.integers(1, 255), 'flip')
        broken = bytes([*content[:place], content[place] ^ flip, *content[place + 1:]])
    try:
        file.write_bytes(broken)
        problems = check_episode(EpisodeStore(pristine), NAME)
    finally:
        file.write_bytes(content)
    array = file.relative_to(pristine / NAME).parts[0]
    assert problems and all(problem.startswith(f'{array}: ') for problem in problems), (file, problems)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_when_metadata_is_changed_expect_a_problem_or_the_same_numbers(pristine, data):
    file = pristine / data.draw(st.sampled_from([path for path in files_of(pristine) if path.name == 'zarr.json']))
    content = file.read_bytes()
    place, byte = data.draw(st.integers(0, len(content) - 1), 'place'), data.draw(st.integers(0, 255), 'byte')
    try:
        file.write_bytes(bytes([*content[:place], byte, *content[place + 1:]]))
        store = EpisodeStore(pristine)
        if not check_episode(store, NAME):
            for name, values in vars(make_episode()).items():
                np.testing.assert_array_equal(getattr(store.read(NAME), name)[...], values)
    finally:
        file.write_bytes(content)
