# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Windows against a scene whose every point is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.episodes.analytic_episodes import BALL_RADIUS, analytic_episode, exact_depth
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.episodes.windows import (
    camera_of,
    downsample_mask,
    draw_cameras,
    gripper_mask,
    read_window,
    sample_windows,
    window_starts,
)
from robot4d_core.errors import NoWindowError, ShortEpisodeError
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose


@pytest.fixture(scope='module')
def episode():
    return analytic_episode(cameras=3, steps=16, grippers=2)


def test_points_of_both_views_lie_on_the_scene_in_frame_n(episode):
    window = read_window(episode, 2, 2, 0)
    for view in (0, 1):
        for step in range(11):
            points = transform_points(episode.camera_poses[2], window.pointmap[view, step].astype(float))
            gripper, known = window.gripper[view, step], window.valid[view, step]
            assert np.abs(points[known & ~gripper][:, 2]).max() < 1e-3
            balls = episode.gripper_poses[2 + step, :, :3, 3]
            distance = np.linalg.norm(points[gripper][:, None] - balls, axis=-1).min(1)
            np.testing.assert_allclose(distance, BALL_RADIUS, atol=1e-3)


def test_the_condition_of_view_m_is_in_frame_m(episode):
    window = read_window(episode, 2, 2, 0)
    exact, _ = exact_depth(camera_of(episode, 0), episode.camera_poses[0], episode.gripper_poses[2, :, :3, 3])
    np.testing.assert_allclose(window.observed_pointmap_m[..., 2], exact, atol=5.1e-4)
    in_n = transform_points(window.T_n_m, window.observed_pointmap_m.astype(float))
    np.testing.assert_allclose(in_n, window.pointmap[1, 0], atol=1e-6)


def test_a_window_is_the_steps_and_cameras_that_were_asked_for(episode):
    window = read_window(episode, 5, 1, 2)
    np.testing.assert_array_equal(window.rgb, episode.rgb[1:3, 5:16])
    np.testing.assert_array_equal(window.gripper, episode.segmentation[1:3, 5:16] > 0)
    assert window.cameras == (camera_of(episode, 1), camera_of(episode, 2))
    assert window.pointmap.dtype == np.float32 and window.pointmap.shape == (2, 11, 32, 40, 3)


def test_pixels_without_depth_are_invalid_in_every_frame(episode):
    depth = episode.depth.copy()
    depth[:, 3, 4:8, 5] = 0
    window = read_window(replace(episode, depth=depth), 3, 0, 1)
    expected = depth[:2, 3:14] > 0
    np.testing.assert_array_equal(window.valid, expected)
    np.testing.assert_array_equal(np.isfinite(window.pointmap).any(-1), expected)
    np.testing.assert_array_equal(np.isfinite(window.observed_pointmap_m).all(-1), expected[1, 0])


def test_the_gripper_is_the_hands_and_fingers_of_every_arm():
    labels = np.arange(len(SEGMENTS) + 3, dtype=np.uint8)
    expected = ['hand' in name or 'finger' in name for name in SEGMENTS] + [False] * 3
    assert gripper_mask(labels).tolist() == expected


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 4, 8]), st.floats(0, 0.9))
def test_a_latent_cell_is_set_by_the_share_of_its_pixels(seed, factor, share):
    mask = np.random.default_rng(seed).random((2, 16, 24)) < 0.3
    cells = downsample_mask(mask, factor, share)
    assert cells.shape == (2, 16 // factor, 24 // factor)
    for k, row, column in np.ndindex(cells.shape):
        block = mask[k, row * factor:(row + 1) * factor, column * factor:(column + 1) * factor]
        assert cells[k, row, column] == (block.sum() > share * block.size)


def at_speeds(episode, *speeds):
    """The episode with grippers whose speeds (m/s) from step to step are given."""
    poses = episode.gripper_poses[:, :len(speeds)].copy()
    poses[:, :, 2, 3] = 0.5 * np.cumsum(np.array(speeds).T, axis=0)
    poses[:, :, :2, 3] = 0.0
    return replace(episode, gripper_poses=poses)


def test_windows_lie_within_the_episode_and_begin_where_a_gripper_moves(episode):
    still, fast = np.zeros(16), np.full(16, 0.1)
    assert window_starts(at_speeds(episode, still)).tolist() == []
    assert window_starts(at_speeds(episode, fast)).tolist() == [0, 1, 2, 3, 4, 5]
    assert window_starts(at_speeds(episode, still, fast)).tolist() == [0, 1, 2, 3, 4, 5]
    stops = np.where(np.arange(16) <= 5, 0.1, 0.0)  # moves until step 5
    assert window_starts(at_speeds(episode, stops)).tolist() == [0, 1, 2, 3, 4]


@given(st.floats(0.001, 0.05))
def test_the_speed_limit_is_two_centimetres_per_second(speed):
    moving = window_starts(analytic_episode(cameras=1, steps=11, speed=speed, size=(4, 4)))
    assert len(moving) == (abs(speed - 0.02) > 1e-9 and speed > 0.02)


def test_when_an_episode_is_shorter_than_a_window_expect_its_length():
    with pytest.raises(ShortEpisodeError, match='10 steps.*needs 11'):
        window_starts(analytic_episode(cameras=2, steps=10))


def test_cameras_are_two_of_those_allowed_in_random_order():
    rng = np.random.default_rng(0)
    drawn = [draw_cameras(range(3, 7), rng) for _ in range(1200)]
    pairs, counts = np.unique(drawn, axis=0, return_counts=True)
    assert pairs.tolist() == [[n, m] for n in range(3, 7) for m in range(3, 7) if n != m]
    assert counts.min() > 60


def test_windows_are_sampled_from_where_there_are_some(episode):
    still = at_speeds(episode, np.zeros(16))
    windows = sample_windows([still, episode], 20, np.random.default_rng(0))
    assert len(windows) == 20
    starts = {int(np.flatnonzero([np.array_equal(window.rgb[0, 0], image) for image in episode.rgb.reshape(
        -1, *episode.rgb.shape[2:])])[0] % 16) for window in windows}
    assert starts <= set(window_starts(episode).tolist()) and len(starts) > 3
    with pytest.raises(NoWindowError, match='moving gripper'):
        sample_windows([still], 1, np.random.default_rng(0))


@given(st.integers(0, 10_000))
def test_round_trip_of_a_pointmap_from_m_to_n_and_back_into_the_image_of_m(seed):
    """Millimetre depth costs half a millimetre along the line of sight, and nothing in the image."""
    episode = analytic_episode(cameras=2, steps=11, seed=seed)
    window = read_window(episode, 0, 0, 1)
    camera, exact = camera_of(episode, 1), np.stack([
        exact_depth(camera_of(episode, 1), episode.camera_poses[1], balls[:, :3, 3])[0]
        for balls in episode.gripper_poses])
    points = transform_points(invert_pose(window.T_n_m).astype(np.float32), window.pointmap[1])
    u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    pixels = camera.project(points) - np.stack([u, v], -1)
    assert np.nanmax(np.abs(pixels)) < 1e-3
    errors = 1000 * np.linalg.norm(points - camera.rays * exact[..., None], axis=-1)
    along_ray = np.linalg.norm(camera.rays, axis=-1).max()
    assert 0.3 < np.nanmax(errors) < 0.5 * along_ray + 2e-3
