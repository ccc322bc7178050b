# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole pipeline with random weights."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from core.generator.small_svd import small_svd_configuration
from core.generator.tiny_models import tiny_configuration, tiny_pipeline, tiny_unet
from robot4d_core.cell.scene import Scene
from robot4d_core.errors import ParameterError
from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine
from robot4d_core.generator.model.base_video.base_video import BaseVideo
from robot4d_core.generator.model.configurations import ablated, make_pipeline
from robot4d_core.generator.model.image_context import embed_images
from robot4d_core.generator.model.path_first import PathFirst
from robot4d_core.generator.model.pipeline import Conditioning, TwoViewPipeline, keep_unchanged_pixels
from robot4d_core.generator.model.temporal_autoencoder import TemporalAutoencoder
from robot4d_core.generator.model.unet import TwoViewUNet
from robot4d_core.generator.model.view_alignment import ViewAlignment
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import make_pose
from robot4d_core.observation import Observation, RobotState, SimulatorState
from robot4d_core.prediction import FRAMES


@pytest.fixture
def observed():
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (2, 128, 160, 3), dtype=np.uint8)
    pointmap = np.full((2, 128, 160, 3), np.nan, np.float32)  # a few known points, for the speed of the alignment
    pointmap[:, ::4, ::4] = rng.uniform((-0.5, -0.5, 0.5), (0.5, 0.5, 1.5), (2, 32, 40, 3))
    return rgb, pointmap


def test_save_and_load_round_trip(tmp_path, observed):
    pipeline = tiny_pipeline()
    pipeline.save_pretrained(tmp_path)
    loaded = TwoViewPipeline.from_pretrained(tmp_path)
    videos = [p(*observed, 2, torch.Generator().manual_seed(3)) for p in (pipeline, loaded)]
    np.testing.assert_allclose(videos[0].rgb.astype(int), videos[1].rgb, atol=1)
    same = np.isclose(videos[0].pointmap, videos[1].pointmap, atol=1e-4, equal_nan=True)
    assert same.mean() > 0.9999  # a point that just does not move may be taken from the observation


def test_a_silent_network_predicts_a_frozen_scene(observed):
    pipeline = tiny_pipeline()
    pipeline.unet.output_scale.zero_()
    video = pipeline(*observed, 1, torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(video.rgb, np.broadcast_to(observed[0][:, None], video.rgb.shape))
    np.testing.assert_array_equal(video.pointmap[0], np.broadcast_to(observed[1][0], video.pointmap[0].shape))


def test_a_silent_network_predicts_its_base_and_keeps_to_its_placement(observed):
    pipeline = tiny_pipeline()
    channels = pipeline.unet.config.in_channels + pipeline.unet.config.out_channels
    pipeline.register_modules(unet=tiny_unet(base=True, in_channels=channels))
    pipeline.unet.output_scale.zero_()
    rng = np.random.default_rng(0)
    base = BaseVideo(
        rng.integers(0, 256, (2, FRAMES, *observed[0].shape[1:]), dtype=np.uint8),
        rng.uniform(0.5, 1, (2, FRAMES, *observed[1].shape[1:])).astype(np.float32), make_pose(np.eye(3), [0.1, 0, 0]))
    video = pipeline(*observed, 1, torch.Generator().manual_seed(0), base=base)
    np.testing.assert_array_equal(video.rgb, base.rgb)
    np.testing.assert_array_equal(video.pointmap, base.pointmap)
    np.testing.assert_array_equal(video.T_n_m, base.T_n_m)


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
    video_rgb, video_points = keep_unchanged_pixels((rgb, points), base, observed)
    np.testing.assert_array_equal(video_rgb[0, 1], rgb[0, 1])
    np.testing.assert_array_equal(video_points[0, 1], points[0, 1])
    assert (video_rgb[0, 0] == 54).all() and (video_points[0, 0] == 6).all()
    assert (video_rgb[1] == 54).all() and (video_points[1] == 6).all()


INFERENCE = [
    TwoViewPipeline.__call__, TwoViewPipeline.observe, TwoViewPipeline.encode, TwoViewPipeline.align,
    TwoViewPipeline.denoise, TwoViewPipeline.decode, TwoViewUNet.forward, ViewAlignment.forward, embed_images,
    TemporalAutoencoder.encode, TemporalAutoencoder.decode, DiffusionEngine.__init__, DiffusionEngine.predict,
    PathFirst.place, PathFirst.imagine,
]


def test_no_function_of_the_inference_path_accepts_an_extrinsic_but_that_of_the_reference():
    """Every argument is listed here, so that a new one is looked at; T_n_m and the base come of PathFirst.place."""
    accepted = {name for function in INFERENCE for name in inspect.signature(function).parameters}
    assert accepted <= {
        'self', 'rgb', 'pointmap', 'images', 'latents', 'conditioning', 'context', 'noisy', 'c_noise', 'frames',
        'image_encoder', 'steps', 'seed', 'generator', 'progress', 'cancelled', 'model', 'device', 'observation',
        'base', 'T_n_m', 'views', 'state', 'rng',
    }
    inputs = Observation, RobotState, CameraView, PinholeCamera, Conditioning
    assert {field.name for kind in inputs for field in fields(kind)} <= {
        'stamp', 'frame_id', 'views', 'instruction', 'simulator', 'name', 'camera', 'rgb', 'depth',
        'width', 'height', 'fx', 'fy', 'cx', 'cy', 'latents', 'context', 'base', 'robot', 'joints', 'T_base_reference',
    }


def test_a_prediction_does_not_change_with_the_extrinsics_of_the_simulator(observed, tmp_path):
    tiny_pipeline().save_pretrained(tmp_path)
    engine = DiffusionEngine(tmp_path, device='cpu', steps=1)
    engine.start()
    camera = PinholeCamera.from_field_of_view(1.0, 160, 128)
    views = tuple(CameraView(name, camera, rgb, points[..., 2]) for name, rgb, points in zip('nm', *observed))
    scene = Scene.sample('PutSpatulaOnTable', 0)
    predictions = [
        engine.predict(Observation(0.0, 'n', views, simulator=SimulatorState(scene.to_json(), np.zeros(3))), seed=1)
        for scene in (scene, scene.with_second_camera_moved(np.array([0.2, 0.1, 0.0]), 0.5))
    ]
    for before, after in zip(*(prediction.views for prediction in predictions)):
        np.testing.assert_array_equal(before.pointmap, after.pointmap)
        np.testing.assert_array_equal(before.rgb, after.rgb)


def count_calls(monkeypatch, module, name='forward'):
    calls = []
    original = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *args, **kwargs: calls.append(args) or original(*args, **kwargs))
    return calls


@pytest.fixture(scope='module')
def published():
    """The method as published, with every part of the configuration svd."""
    torch.manual_seed(0)
    pipeline = make_pipeline(small_svd_configuration())
    for decoder in (pipeline.unet.decoder_n, pipeline.unet.decoder_m):
        torch.nn.init.normal_(decoder.conv_out.weight, std=0.1)
    for part in (pipeline.rgb_autoencoder, pipeline.pointmap_autoencoder, pipeline.unet):
        part.eval()
    return pipeline


@pytest.fixture
def small_observed():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (2, 32, 40, 3), dtype=np.uint8), rng.uniform(0.2, 1.5, (2, 32, 40, 3)).astype('f4')


def test_each_step_runs_the_unet_once_for_both_views_and_modalities(published, small_observed, monkeypatch):
    parts = published.unet, published.image_encoder, published.rgb_autoencoder.encoder
    parts = [count_calls(monkeypatch, part) for part in (*parts, published.pointmap_autoencoder.encoder)]
    video = published(*small_observed, 3, torch.Generator().manual_seed(0))
    assert [len(calls) for calls in parts] == [3, 1, 1, 1]
    assert parts[0][0][0].shape == (1, 2, 10, 8, 4, 5)
    assert video.rgb.shape == video.pointmap.shape == (2, 10, 32, 40, 3)
    assert video.T_n_m is None


def test_each_view_has_the_image_embedding_of_its_own_colours(published, small_observed):
    rgb, pointmap = small_observed
    before = published.observe(rgb, pointmap).conditioning.context
    other = rgb.copy()
    other[1] = 255 - other[1]
    changed = (published.observe(other, pointmap).conditioning.context - before).abs().amax(dim=(0, 2)) > 1e-4
    assert changed.tolist() == [False, True]


def test_the_decoding_ceiling_changes_nothing_while_whole_videos_fit(published, small_observed):
    one_video = 10.01 * published.pointmap_autoencoder.decoding_memory(32, 40)
    latents = torch.randn(2, 10, 8, 4, 5, generator=torch.Generator().manual_seed(0))
    reference = published.decode(latents)
    try:
        published.decode_memory = one_video
        limited = published.decode(latents)
        published.decode_memory = 0.5 * published.rgb_autoencoder.decoding_memory(32, 40)
        with pytest.raises(ParameterError, match='MiB'):
            published.decode(latents)
    finally:
        del published.decode_memory
    np.testing.assert_allclose(limited[0].astype(int), reference[0], atol=1)
    known = np.isfinite(limited[1]) & np.isfinite(reference[1])
    assert known.mean() > 0.999 * np.isfinite(reference[1]).mean() > 0.1
    np.testing.assert_allclose(limited[1][known], reference[1][known], atol=1e-4)


def test_the_published_form_diffuses_the_latents_themselves(published, small_observed):
    conditioning = published.observe(*small_observed).conditioning
    latents = published.denoise(conditioning, 2, torch.Generator().manual_seed(4))
    rgb, pointmap = published.decode(latents)
    video = published(*small_observed, 2, torch.Generator().manual_seed(4))
    np.testing.assert_array_equal(video.rgb, rgb)
    np.testing.assert_array_equal(video.pointmap, pointmap)


@pytest.mark.parametrize('ablation', ['rgb_only', 'rgb_only_multi_view_attention'])
def test_a_model_of_colours_says_nothing_of_points(observed, ablation):
    configuration = ablated(tiny_configuration(), ablation)
    pipeline = make_pipeline(configuration)
    video = pipeline(*observed, 1, torch.Generator().manual_seed(0))
    assert np.isnan(video.pointmap).all()
    assert video.rgb.shape == (2, 10, 128, 160, 3)
    assert video.T_n_m is None


def test_without_multi_view_attention_view_m_changes_against_its_points_in_its_own_frame(observed):
    pipeline = make_pipeline(ablated(tiny_configuration(), 'no_multi_view_attention'))
    assert pipeline.view_alignment is None
    pipeline.unet.output_scale.zero_()
    video = pipeline(*observed, 1, torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(video.pointmap, np.broadcast_to(observed[1][:, None], video.pointmap.shape))
    assert video.T_n_m is None


def test_the_unet_is_told_where_the_points_of_view_m_are_in_frame_n(observed):
    pipeline = tiny_pipeline()
    seen = pipeline.observe(*observed)
    placed = pipeline.encode(observed[0], seen.pointmap)
    torch.testing.assert_close(seen.latents, placed)
    conditioning, colours = seen.conditioning.latents[0], pipeline.rgb_autoencoder.config.latent_channels
    torch.testing.assert_close(conditioning, torch.cat([pipeline.encode(*observed), placed[:, colours:]], dim=1))


def test_half_precision_predicts_nearly_the_same(observed):
    pipeline = make_pipeline(ablated(replace(tiny_configuration(), view_alignment=None, diffuse_change=False), 'full'))
    torch.nn.init.normal_(pipeline.unet.decoder_n.conv_out.weight, std=0.1)
    conditioning = pipeline.observe(*observed).conditioning
    full = pipeline.denoise(conditioning, 2, torch.Generator().manual_seed(0))
    half = pipeline.to(torch.bfloat16).denoise(conditioning, 2, torch.Generator().manual_seed(0))
    assert half.dtype == torch.float32
    assert (half - full).abs().mean() < 0.05 * full.abs().mean()
    assert pipeline(*observed, 1).rgb.shape == (2, 10, 128, 160, 3)
