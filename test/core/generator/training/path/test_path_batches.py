# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Batches of looks for the path network: what is drawn, and that a network learns from them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.reaching_look import look
from robot4d_core.errors import NoWindowError
from robot4d_core.generator.model.path.diffusion import decode_paths, sample_paths
from robot4d_core.generator.model.path.network import PathNetwork
from robot4d_core.generator.model.path.scene_cloud import SceneCloud
from robot4d_core.generator.training.batches import BatchPlan
from robot4d_core.generator.training.objectives import PathObjective
from robot4d_core.generator.training.path.disturbance import SEVERITIES, STRAYS, disturbed
from robot4d_core.generator.training.path.path_batches import path_batches
from robot4d_core.generator.training.path.remembered_look import RememberedLook

WORKSPACE = np.array([[-0.4, -0.4, 0.015], [0.4, 0.4, 0.8]])


def test_batches_depend_on_the_plan_alone_and_tasks_have_equal_chances():
    rng = np.random.default_rng(0)
    looks = [*(look(rng, 'many') for _ in range(50)), look(rng, 'few'), look(rng, 'few', moves=False)]
    looks = [RememberedLook(f'{one.task} {number}', *list(vars(one).values())[1:]) for number, one in enumerate(looks)]
    batches = path_batches(looks, PathNetwork(width=32, layers=1, points=64))
    first, again = (next(batches(BatchPlan(first=3, size=64))) for _ in range(2))
    torch.testing.assert_close(first.clean, again.clean)
    torch.testing.assert_close(first.given.points, again.given.points)
    assert 16 < sum(name.startswith('few') for name in first.episodes) < 48
    assert any(name == 'few 51' for name in first.episodes)


def test_looks_in_which_nothing_moves_are_refused():
    with pytest.raises(NoWindowError, match='no gripper moves in 3 looks'):
        path_batches([look(np.random.default_rng(0), moves=False)] * 3, PathNetwork(width=32, layers=1))


def test_a_disturbed_cloud_is_another_nearby():
    cloud = SceneCloud(np.random.default_rng(0).uniform(-0.2, 0.2, (500, 3)).astype(np.float32),
                       np.full((500, 3), 100, np.uint8))
    strays = round(max(SEVERITIES) * STRAYS)  # at most so many, the last
    for seed in range(20):
        other = disturbed(cloud, WORKSPACE, np.random.default_rng(seed), inferred=True)
        assert 100 < len(other.points) <= 500 + strays and len(other.points) == len(other.colours)
        seen = other.points[:-strays]
        distances = np.linalg.norm(seen[:, None] - cloud.points[None], axis=-1).min(axis=1)
        assert np.median(distances) < 0.02


def test_of_an_empty_scene_noise_lifts_a_few_points_of_the_table_or_none():
    nothing = SceneCloud(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8))
    clouds = [disturbed(nothing, WORKSPACE, np.random.default_rng(seed), inferred=False) for seed in range(40)]
    assert min(len(cloud.points) for cloud in clouds) == 0 and 5 < max(len(cloud.points) for cloud in clouds) < 40
    strays = np.concatenate([cloud.points for cloud in clouds])
    assert (strays >= WORKSPACE[0]).all() and (strays[:, :2] <= WORKSPACE[1, :2]).all()
    assert np.median(strays[:, 2] - WORKSPACE[0, 2]) < 0.005


def test_a_network_learns_where_to_go_from_what_it_sees():
    rng = np.random.default_rng(0)
    network = PathNetwork(width=32, layers=1, points=32)
    objective, stream = PathObjective(network), path_batches([look(rng) for _ in range(300)], network)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    torch.manual_seed(0)
    for batch, step in zip(stream(BatchPlan(first=0, size=32)), range(200)):
        losses = objective(batch, torch.Generator().manual_seed(step))
        optimiser.zero_grad()
        losses['loss'].backward()
        optimiser.step()
    unseen = next(path_batches([look(rng) for _ in range(40)], network)(BatchPlan(first=0, size=40)))
    imagined = sample_paths(network.eval(), unseen.given, 1, torch.Generator().manual_seed(0))
    poses, _, closed = decode_paths(imagined, unseen.given.tool, 0.08)
    true, _, truly_closed = decode_paths(unseen.clean, unseen.given.tool, 0.08)
    error = torch.linalg.vector_norm((poses - true)[:, -1, :3, 3], dim=-1)
    reach = torch.linalg.vector_norm(true[:, -1, :3, 3] - unseen.given.tool[:, :3, 3], dim=-1)
    assert error.median() < 0.25 * reach.median()
    assert (closed == truly_closed).float().mean() > 0.9
