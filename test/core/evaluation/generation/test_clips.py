# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Clips are drawn evenly and from what no model trains on, and say where the grippers truly are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.episodes.analytic_episodes import analytic_episode, analytic_store
from robot4d_core.errors import NoWindowError
from robot4d_core.evaluation.generation.clips import draw_clips, read_clip

SIZE = (80, 64)


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    return analytic_store(
        tmp_path_factory.mktemp('clips') / 'store', seeds=[0, 8, 9, 18, 28], cameras=8, grippers=2, size=SIZE)


def test_every_episode_is_drawn_before_any_comes_again(store):
    places = draw_clips(store, 'validation', 'held_out', 7, seed=0)
    assert Counter(place[0] for place in places[:3]) == Counter(
        ['episode_000008', 'episode_000018', 'episode_000028'])
    assert max(Counter(place[0] for place in places).values()) == 3
    assert len(set(places)) == 7


def test_more_clips_than_windows_repeat_windows_only(store):
    places = draw_clips(store, 'held_out_objects', 'held_out', 30, seed=0)
    windows = Counter(place[:2] for place in places)
    assert len(places) == 30 and max(windows.values()) - min(windows.values()) <= 1


def test_cameras_are_those_asked_for(store):
    for cameras, allowed in (('held_out', {6, 7}), ('training', set(range(6)))):
        places = draw_clips(store, 'validation', cameras, 12, seed=1)
        assert {camera for place in places for camera in place[2:]} == allowed
        assert all(n != m for *_, n, m in places)


def test_second_camera_is_the_one_called_so_and_nothing_else_changes(tmp_path):
    store = analytic_store(tmp_path / 'store', seeds=[], cameras=8, grippers=2, size=SIZE)
    names = [f'camera_{k}' for k in range(7)] + ['lower']
    store.write('episode_000008', analytic_episode(8, seed=8, size=SIZE), split='validation', cameras=names)
    usual = draw_clips(store, 'validation', 'training', 5, seed=0)
    lower = draw_clips(store, 'validation', 'training', 5, seed=0, second_camera='lower')
    assert [place[:3] for place in lower] == [place[:3] for place in usual]
    assert {place[3] for place in lower} == {7} != {place[3] for place in usual}
    with pytest.raises(NoWindowError, match="no camera 'higher', it has camera_0, .* lower; .*--outside-shell"):
        draw_clips(store, 'validation', 'training', 5, seed=0, second_camera='higher')


def test_seed_decides_and_an_absent_split_is_named(store, tmp_path):
    assert draw_clips(store, 'validation', 'held_out', 9, 3) == draw_clips(store, 'validation', 'held_out', 9, 3)
    assert draw_clips(store, 'validation', 'held_out', 9, 3) != draw_clips(store, 'validation', 'held_out', 9, 4)
    with pytest.raises(NoWindowError, match='held_out_objects'):
        draw_clips(analytic_store(tmp_path / 'store', seeds=[0, 8], cameras=8), 'held_out_objects', 'held_out', 1, 0)


def test_masks_and_poses_of_both_grippers_are_where_the_balls_are(store):
    clip = read_clip(store, 'episode_000008', 0, 6, 7)
    camera = clip.window.cameras[0]
    assert clip.masks.shape == (2, 2, 11, SIZE[1], SIZE[0]) and clip.openings.shape == (2, 11)
    assert not (clip.masks[0] & clip.masks[1]).any()
    np.testing.assert_array_equal(clip.masks.any(axis=0), clip.window.gripper)
    tested = 0
    for gripper in range(2):
        for step in np.flatnonzero(clip.in_sight[gripper, 0]):
            rows, columns = np.nonzero(clip.masks[gripper, 0, step])
            if 0 < rows.min() and rows.max() < SIZE[1] - 1 and 0 < columns.min() and columns.max() < SIZE[0] - 1:
                middle = (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2
                seen = camera.project(clip.poses[gripper, step, :3, 3])
                assert np.linalg.norm(seen - middle) < 2
                tested += 1
    assert tested > 5


def test_a_few_pixels_are_not_in_sight(store):
    clip = read_clip(store, 'episode_000008', 0, 6, 7)
    clip.masks[0, 0, 0] = False
    clip.masks[0, 0, 0, 0, :5] = True  # of 5120
    assert not clip.in_sight[0, 0, 0]
    clip.masks[0, 0, 0, 0, :6] = True
    assert clip.in_sight[0, 0, 0]
