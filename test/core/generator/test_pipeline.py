# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole pipeline with random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.generator.tiny_models import tiny_pipeline
from robot4d_core.generator.pipeline import TwoViewPipeline, keep_still_pixels


@pytest.fixture
def observed():
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (2, 128, 160, 3), dtype=np.uint8)
    pointmap = rng.uniform((-0.5, -0.5, 0.5), (0.5, 0.5, 1.5), (2, 128, 160, 3)).astype(np.float32)
    return rgb, pointmap


def test_save_and_load_round_trip(tmp_path, observed):
    pipeline = tiny_pipeline()
    pipeline.save_pretrained(tmp_path)
    loaded = TwoViewPipeline.from_pretrained(tmp_path)
    videos = [p(*observed, 2, torch.Generator().manual_seed(3)) for p in (pipeline, loaded)]
    np.testing.assert_array_equal(videos[0].rgb, videos[1].rgb)
    np.testing.assert_array_equal(videos[0].pointmap, videos[1].pointmap)


def test_a_silent_network_predicts_a_frozen_scene(observed):
    pipeline = tiny_pipeline()
    pipeline.unet.output_scale.zero_()
    video = pipeline(*observed, 1, torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(video.rgb, np.broadcast_to(observed[0][:, None], video.rgb.shape))
    np.testing.assert_array_equal(video.pointmap[0], np.broadcast_to(observed[1][0], video.pointmap[0].shape))


def test_view_m_moves_rigidly_into_frame_n(observed):
    pipeline = tiny_pipeline()
    pipeline.unet.output_scale.zero_()
    video = pipeline(*observed, 1, torch.Generator().manual_seed(0))
    expected = observed[1][1] @ video.T_n_m[:3, :3].T + video.T_n_m[:3, 3]
    np.testing.assert_allclose(video.pointmap[1, 4], expected, atol=1e-5)


def test_pixels_that_change_are_taken_from_the_prediction():
    rgb, points = np.zeros((2, 2, 1, 3, 3), np.uint8), np.ones((2, 2, 1, 3, 3), np.float32)
    base = rgb[:, 0] + np.uint8(4), points[:, 0].copy()
    observed = base[0] + np.uint8(50), base[1] + 5
    points[0, 1, 0, 0] += 0.06
    points[0, 1, 0, 1] = np.nan
    rgb[0, 1, 0, 2] = 40
    video_rgb, video_points = keep_still_pixels((rgb, points), base, observed)
    np.testing.assert_array_equal(video_rgb[0, 1], rgb[0, 1])
    np.testing.assert_array_equal(video_points[0, 1], points[0, 1])
    assert (video_rgb[0, 0] == 54).all() and (video_points[0, 0] == 6).all()
    assert (video_rgb[1] == 54).all() and (video_points[1] == 6).all()
