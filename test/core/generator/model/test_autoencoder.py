# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The autoencoders' numbers going in and out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robot4d_core.generator.model.autoencoder import PointmapAutoencoder, RgbAutoencoder


def test_latent_grid_is_four_times_coarser():
    images = torch.zeros(2, 4, 128, 160)
    model = PointmapAutoencoder(width=8)
    latents = model.encode(images)
    assert latents.shape == (2, 4, 32, 40)
    assert model.decode(latents).shape == images.shape


def test_normalising_and_back_is_lossless():
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    model = RgbAutoencoder(width=8)
    np.testing.assert_array_equal(model.denormalise(model.normalise(rgb)), rgb)

    points = rng.uniform((-1, -1, 0), (1, 1, 2), (2, 8, 8, 3)).astype(np.float32)
    points[0, :3] = np.nan
    model = PointmapAutoencoder(width=8)
    np.testing.assert_allclose(model.denormalise(model.normalise(points)), points, atol=1e-6)


def test_normalisation_is_stored_with_the_weights(tmp_path):
    PointmapAutoencoder(width=8, low=(-3, -2, -1), high=(1, 2, 3)).save_pretrained(tmp_path)
    loaded = PointmapAutoencoder.from_pretrained(tmp_path)
    assert loaded.normalise(np.full((1, 4, 4, 3), (-3, 0, 3), np.float32))[0, :3, 0, 0].tolist() == [-1, 0, 1]


def test_unknown_points_do_not_enter_the_loss():
    target = PointmapAutoencoder(width=8).normalise(np.full((1, 4, 4, 3), 0.5, np.float32))
    output = target.clone()
    output[:, 3] *= 100
    target[:, 3, :2] = -1
    output[:, 3, :2] = -100
    output[:, :3, :2] += 7
    loss = PointmapAutoencoder.reconstruction_loss(output, target, torch.ones(1, 1, 4, 4))
    assert loss.item() == pytest.approx(0, abs=1e-6)


def test_loss_is_weighted_by_the_mask():
    target = torch.zeros(1, 3, 1, 2)
    output = torch.tensor([1.0, 0.0]).expand(1, 3, 1, 2)
    loss = RgbAutoencoder.reconstruction_loss(output, target, torch.tensor([3.0, 1.0]).reshape(1, 1, 1, 2))
    assert loss.item() == pytest.approx(0.75)
