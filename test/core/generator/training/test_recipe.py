# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Recipes: those that ship can be followed, and a wrong one is refused with what is wrong."""

from __future__ import annotations

import pytest
import yaml

from robot4d_core.cell.sensor import SENSORS
from robot4d_core.cell.tasks.by_name import make_task
from robot4d_core.episodes.splits import held_out_cameras, split_of, training_cameras
from robot4d_core.errors import ParameterError, RecipeError
from robot4d_core.generator.model.configurations import read_configuration
from robot4d_core.generator.training.recipe import STAGES, read_recipe, recipe_names


@pytest.mark.parametrize('name', recipe_names())
def test_a_shipped_recipe_can_be_recorded_trained_and_validated(name):
    recipe = read_recipe(name)
    configuration = read_configuration(recipe.model)
    if (data := recipe.data) is not None:
        for task in data.tasks:
            make_task(task)
        assert data.sensor in SENSORS
        assert len(training_cameras(data.cameras)) >= 2 and len(held_out_cameras(data.cameras)) >= 2
        seeds = range(data.seed, data.seed + (data.episodes or data.looks))
        assert {split_of(seed) for seed in seeds} >= {'training', 'validation'}
    if recipe.begin_with is None:
        assert (recipe.view_alignment is None) == (configuration.view_alignment is None)
    assert (recipe.path is None) == (configuration.path is None)
    assert not recipe.in_memory or configuration.image_encoder is None
    for stage in STAGES:
        if (settings := getattr(recipe, stage)) is not None:
            settings.accumulation(1)


def test_the_svd_recipe_has_the_optimiser_of_the_paper():
    """Appendix A.3; the autoencoders' encoders are frozen while the diffusion trains, as in every recipe."""
    diffusion = read_recipe('put_spatula_svd').diffusion
    assert (diffusion.learning_rate, diffusion.betas, diffusion.epsilon, diffusion.weight_decay, diffusion.batch) == (
        1e-6, (0.95, 0.999), 1e-8, 1e-6, 4)


STAGE = {'steps': 1, 'batch': 1, 'learning_rate': 0.1}
RECIPE = {'model': 'tiny', 'diffusion': STAGE, 'evaluation': {'windows': 1, 'steps': 1}}


@pytest.mark.parametrize(('change', 'expected'), [
    ({'diffusion': STAGE | {'minutes': 1}}, 'diffusion: a stage has a budget in steps or in minutes'),
    ({'diffusion': {'batch': 1, 'learning_rate': 0.1}}, 'budget in steps or in minutes'),
    ({'diffusion': STAGE | {'learning_rate': '1e-6'}}, "learning_rate: expected float, got '1e-6' .write 1.0e-6"),
    ({'diffusion': STAGE | {'batch': 0}}, 'batch must be positive, got 0'),
    ({'diffusion': STAGE | {'batch': True}}, 'batch: expected int, got True'),
    ({'diffusion': STAGE | {'schedule': 'linear'}}, "'cosine' or 'constant', got 'linear'"),
    ({'diffusion': STAGE | {'lr': 1}}, 'diffusion: unknown: lr'),
    ({'diffusion': 3}, 'diffusion: expected names with values, got 3'),
    ({'data': {'tasks': ['PutSpatulaOnTable']}}, 'data: missing: cameras, episodes'),
    ({'precision': 'fp8'}, "precision must be 'bf16' or 'no', got 'fp8'"),
    ({'file_megabytes': 0}, 'file_megabytes must be positive, or left out for no limit, got 0'),
    ({'epochs': 3}, 'unknown: epochs'),
])
def test_when_a_recipe_cannot_be_followed_expect_what_is_wrong(tmp_path, change, expected):
    file = tmp_path / 'mine.yaml'
    file.write_text(yaml.safe_dump(RECIPE))
    assert read_recipe(file).name == 'mine'
    file.write_text(yaml.safe_dump(RECIPE | change))
    with pytest.raises(RecipeError, match=f'mine.yaml: .*{expected}'):
        read_recipe(file)


def test_when_there_is_no_such_recipe_expect_those_there_are(tmp_path):
    with pytest.raises(RecipeError, match="no recipe 'apple'; give one of .*tabletop_tiny"):
        read_recipe('apple')
    (tmp_path / 'broken.yaml').write_text('model: [tiny')
    with pytest.raises(ParameterError, match='broken.yaml is no YAML'):
        read_recipe(tmp_path / 'broken.yaml')
