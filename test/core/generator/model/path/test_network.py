# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the path network must not depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from core.generator.model.path.test_diffusion import some_grippers
from robot4d_core.generator.model.path.network import PATH_CHANNELS, REACH, PathNetwork
from robot4d_core.prediction import FRAMES


def predict(network: PathNetwork, given, noisy: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return network(noisy, torch.full((len(noisy),), 0.7), given)


def example():
    torch.manual_seed(0)
    network = PathNetwork(width=32, layers=1, points=64).eval()
    return network, some_grippers(np.random.default_rng(1)), torch.randn(2, FRAMES, PATH_CHANNELS)


def test_the_order_of_the_points_does_not_matter():
    network, given, noisy = example()
    order = torch.randperm(given.points.shape[1])
    shuffled = replace(
        given, points=given.points[:, order], colours=given.colours[:, order], known=given.known[:, order])
    torch.testing.assert_close(predict(network, shuffled, noisy), predict(network, given, noisy), atol=1e-5, rtol=0)


def test_padding_does_not_matter_and_points_do():
    network, given, noisy = example()
    assert not given.known.all()
    elsewhere = torch.where(given.known[..., None], given.points, torch.full((), 7.0))
    before = predict(network, given, noisy)
    torch.testing.assert_close(predict(network, replace(given, points=elsewhere), noisy), before, atol=1e-5, rtol=0)
    assert (predict(network, replace(given, points=given.points + 0.1), noisy) - before).abs().max() > 1e-3


def test_another_gripper_that_is_not_there_does_not_matter():
    network, given, noisy = example()
    alone = replace(given, other_there=torch.zeros(2, dtype=torch.bool))
    moved = replace(alone, other_tool=alone.other_tool + 1.0, other_opening=alone.other_opening + 1.0)
    torch.testing.assert_close(predict(network, moved, noisy), predict(network, alone, noisy))


def test_a_scene_without_points_is_no_error():
    network, given, noisy = example()
    empty = replace(given, known=torch.arange(64).expand(2, 64) < 1, points=torch.zeros_like(given.points))
    assert predict(network, empty, noisy).isfinite().all()


def composing(**biases: list[float]) -> PathNetwork:
    """A network that looks at all points alike, and tells nothing but the given mixtures."""
    network, _, _ = example()
    for layer in (network.look, network.rest, network.mixture, network.turn):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    for name, bias in biases.items():
        getattr(network, name).bias.data = torch.tensor(bias)
    return network


def test_a_step_can_lie_beyond_what_is_seen_as_seen_from_the_tool():
    _, given, noisy = example()
    network = composing(mixture=[1.5, 0, 0, 0, -0.5, 0])
    seen = (given.points * given.known[..., None]).sum(1) / given.known.sum(1, keepdim=True)
    expected = 1.5 * (seen - given.tool[:, :3, 3]) / REACH
    torch.testing.assert_close(predict(network, given, noisy)[:, 0, :3], expected, atol=1e-5, rtol=0)


def test_a_step_can_lie_at_the_same_place_of_the_base_from_anywhere():
    _, given, noisy = example()
    expected = -given.tool[:, :3, 3] / REACH
    predicted = predict(composing(mixture=[0.0, 0, 0, 0, 0, 1]), given, noisy)
    torch.testing.assert_close(predicted[:, 0, :3], expected, atol=1e-5, rtol=0)


def test_a_step_can_be_turned_as_the_tool_is():
    _, given, noisy = example()
    network = composing(turn=[0.0, 0, 0, 1, 0, 0] + [0.0, 0, 0, 0, 1, 0])
    columns = predict(network, given, noisy)[:, 0, 3:9].unflatten(-1, (3, 2))
    torch.testing.assert_close(columns, given.tool[:, :3, :2], atol=1e-5, rtol=0)
