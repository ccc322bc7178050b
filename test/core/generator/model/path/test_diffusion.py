# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Paths as numbers and back, and what sampling makes of a network that knows the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from robot4d_core.generator.model.path.diffusion import decode_paths, encode_paths, path_loss, sample_paths
from robot4d_core.generator.model.path.imagine_paths import conditioning_of, most_agreed
from robot4d_core.generator.model.path.network import PATH_CHANNELS
from robot4d_core.generator.model.path.scene_cloud import SceneCloud
from robot4d_core.prediction import FRAMES

STROKE = 0.08


def random_poses(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    poses = np.tile(np.eye(4), (*shape, 1, 1))
    count = int(np.prod(shape))
    poses[..., :3, :3] = Rotation.random(count, random_state=int(rng.integers(2**31))).as_matrix().reshape(*shape, 3, 3)
    poses[..., :3, 3] = rng.uniform(-1, 1, (*shape, 3))
    return torch.from_numpy(poses).float()


def some_grippers(rng: np.random.Generator, count: int = 2):
    cloud = SceneCloud(rng.uniform(-0.3, 0.3, (50, 3)).astype(np.float32), rng.integers(0, 255, (50, 3), np.uint8))
    return conditioning_of(cloud, random_poses(rng, count).numpy(), np.full(count, STROKE), STROKE, 64, rng)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_paths_come_back_from_their_numbers(seed):
    rng = np.random.default_rng(seed)
    poses, tool = random_poses(rng, 3, FRAMES), random_poses(rng, 3)
    openings = torch.from_numpy(rng.uniform(0, STROKE, (3, FRAMES))).float()
    closed = torch.from_numpy(rng.integers(0, 2, (3, FRAMES))).float()
    paths = encode_paths(poses, openings, closed, tool, STROKE)
    assert paths.shape == (3, FRAMES, PATH_CHANNELS)
    back = decode_paths(paths, tool, STROKE)
    torch.testing.assert_close(back[0], poses, atol=1e-5, rtol=0)
    torch.testing.assert_close(back[1], openings, atol=1e-6, rtol=0)
    torch.testing.assert_close(back[2].float(), closed)


def test_numbers_that_are_no_rotation_decode_to_one():
    paths = torch.randn(4, FRAMES, PATH_CHANNELS, generator=torch.Generator().manual_seed(0))
    turns = decode_paths(paths, torch.eye(4).repeat(4, 1, 1), STROKE)[0][..., :3, :3]
    torch.testing.assert_close(turns @ turns.transpose(-1, -2), torch.eye(3).expand_as(turns), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(turns), torch.ones(turns.shape[:2]), atol=1e-5, rtol=0)


def test_a_network_that_knows_the_path_samples_it_in_any_number_of_steps_and_has_no_loss():
    rng = np.random.default_rng(0)
    clean, given_grippers = torch.randn(2, FRAMES, PATH_CHANNELS), some_grippers(rng)
    for steps in (1, 3, 10):
        paths = sample_paths(lambda noisy, time, given: clean, given_grippers, steps, torch.Generator().manual_seed(1))
        torch.testing.assert_close(paths, clean, atol=1e-5, rtol=0)
    losses = path_loss(lambda noisy, time, given: clean, clean, given_grippers, torch.Generator().manual_seed(1))
    assert losses['loss'] < 1e-3


def test_samples_of_two_futures_are_one_or_the_other_and_their_mean_is_between():
    """A network that knows a distribution of two paths, -1 and 1, exactly (Bayes' rule on the mixture)."""
    def network(noisy, time, given):
        time = time[:, None, None].clamp(1e-3, 1)
        likelihood = (2 * noisy * (1 - time) / time**2).sum(dim=(1, 2), keepdim=True)
        return torch.tanh(likelihood / 2).expand_as(noisy)

    given_grippers = some_grippers(np.random.default_rng(0), 1)
    one = replace(given_grippers, **{name: value.expand(64, *value.shape[1:])
                                     for name, value in vars(given_grippers).items()})
    generator = torch.Generator().manual_seed(0)
    sampled = sample_paths(network, one, 30, generator)
    torch.testing.assert_close(sampled.abs(), torch.ones_like(sampled), atol=0.02, rtol=0)
    assert 0.2 < (sampled[:, 0, 0] > 0).float().mean() < 0.8
    torch.testing.assert_close(sample_paths(network, one, 1, generator), torch.zeros_like(sampled), atol=1e-6, rtol=0)


def test_of_futures_in_two_ways_the_commoner_is_followed_without_the_noise_of_one_draw():
    generator = torch.Generator().manual_seed(0)
    ways = torch.tensor([1.0] * 5 + [-1.0] * 3)[:, None, None, None].expand(8, 2, FRAMES, PATH_CHANNELS)
    noise = 0.05 * torch.randn(ways.shape, generator=generator)
    agreed = most_agreed(ways + noise)
    assert agreed.shape == (2, FRAMES, PATH_CHANNELS)
    assert (agreed - 1).square().mean().sqrt() < 0.6 * noise.square().mean().sqrt()
    torch.testing.assert_close(most_agreed(ways[:1]), ways[0])
