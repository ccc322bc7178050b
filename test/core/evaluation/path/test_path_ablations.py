# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The variants of the path model lack what they say, and are all measured alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.generator.model.path.test_diffusion import some_grippers
from core.reaching_look import look
from robot4d_core.errors import RecipeError
from robot4d_core.evaluation.path.path_ablations import SENSED, VARIANTS, ablate
from robot4d_core.generator.model.path.network import PATH_CHANNELS
from robot4d_core.prediction import FRAMES


def predicted_change(name: str, change) -> float:
    """By how much a new network's prediction changes with what it is given."""
    torch.manual_seed(0)
    network, given = VARIANTS[name].network().eval(), some_grippers(np.random.default_rng(1))
    noisy = torch.zeros(2, FRAMES, PATH_CHANNELS)
    with torch.no_grad():
        before, after = (network(noisy, torch.ones(2), told) for told in (given, change(given)))
    return float((after - before).abs().max())


def repainted(given):
    return replace(given, colours=1 - given.colours)


def test_without_colours_expect_no_change_when_all_is_repainted():
    assert predicted_change('full', repainted) > 1e-3
    assert predicted_change('no colours', repainted) < 1e-6


@pytest.mark.parametrize('name', VARIANTS)
def test_every_variant_sees_where_things_are(name):
    assert predicted_change(name, lambda given: replace(given, points=given.points + 0.1)) > 1e-3


def test_variants_are_trained_and_measured_as_rendered_and_disturbed(tmp_path):
    rng = np.random.default_rng(0)
    looks = [look(rng) for _ in range(4)]
    names = ['regression: learned from noise alone', 'looks not disturbed']
    errors = ablate(looks, looks, names, 3, tmp_path)
    assert tuple(errors) == SENSED
    for by_name in errors.values():
        assert list(by_name) == names and all(len(of_one.position) == 4 for of_one in by_name.values())
    rendered, disturbed = (np.array(by_name[names[0]].position) for by_name in errors.values())
    assert np.abs(rendered - disturbed).max() > 1e-6


def test_an_unknown_variant_is_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(RecipeError, match=r"no variant \['none'\].*'full'"):
        ablate([], [], ['none'], 1, tmp_path)
