# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The contact sheet shows colour, depth and segments of the episodes it is made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import colormaps, image

from core.episodes.synthetic_episodes import SETTINGS, attributes_of, make_episode, make_store
from robot4d_core.episodes.contact_sheet import write_contact_sheet
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EpisodeError

PURPLE, YELLOW = (200, 30, 220), (250, 240, 20)


def share_of(picture: np.ndarray, colour) -> float:
    return float((np.abs(picture[..., :3] - np.asarray(colour) / 255).max(axis=-1) < 0.02).mean())


def test_every_view_is_drawn(tmp_path):
    episode = make_episode()
    rgb = np.where(np.arange(12)[:, None, None, None] < 6, PURPLE, YELLOW) * np.ones((2, 12, 8, 10, 1))
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    store.write('episode_000000', replace(
        episode, rgb=rgb.astype(np.uint8), depth=np.zeros_like(episode.depth) + np.uint16(1000),
        segmentation=np.full_like(episode.segmentation, 2)), **attributes_of())
    write_contact_sheet(store, tmp_path / 'sheet.png')
    picture = image.imread(tmp_path / 'sheet.png')
    hand = np.array(colormaps['tab20'].colors[1]) * 255
    assert share_of(picture, PURPLE) > 0.1 and share_of(picture, YELLOW) > 0.1, 'early and late steps'
    assert share_of(picture, hand) > 0.2, 'segments'


def test_of_looks_the_beginnings_of_many_are_drawn(tmp_path):
    store = EpisodeStore(tmp_path / 'store', {**SETTINGS, 'kind': 'looks'})
    episode, colours = make_episode(), [(9 * number, 255 - 9 * number, 60) for number in range(24)]
    for number, colour in enumerate(colours):
        rgb = np.where(np.arange(12)[:, None, None, None] < 1, colour, PURPLE) * np.ones((2, 12, 8, 10, 1))
        store.write(f'look_{number:02d}', replace(episode, rgb=rgb.astype(np.uint8)), **attributes_of())
    write_contact_sheet(store, tmp_path / 'sheet.png')
    picture = image.imread(tmp_path / 'sheet.png')
    assert all(share_of(picture, colour) > 0.004 for colour in colours) and share_of(picture, PURPLE) == 0


def test_two_arms_and_few_steps_are_drawn(tmp_path):
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    store.write('short', make_episode(steps=3, grippers=2), **attributes_of(grippers=2))
    write_contact_sheet(store, tmp_path / 'sheet.png')
    assert (tmp_path / 'sheet.png').stat().st_size > 1000


def test_when_nothing_can_be_drawn_expect_why(tmp_path):
    store = EpisodeStore(tmp_path / 'empty', SETTINGS)
    with pytest.raises(EpisodeError, match='no episode to draw'):
        write_contact_sheet(store, tmp_path / 'sheet.png')
    store = make_store(tmp_path / 'broken')
    (store.folder / 'episode_000000' / 'rgb' / 'zarr.json').write_text('{')
    with pytest.raises(EpisodeError, match='episode_000000.*rgb'):
        write_contact_sheet(store, tmp_path / 'sheet.png')
