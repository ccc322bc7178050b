# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Operations and memory are counted without weights, and are those of the real thing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from torch import nn

from core.generator.small_svd import small_svd, small_svd_configuration
from core.generator.tiny_models import tiny_configuration, tiny_pipeline
from robot4d_core.errors import ConfigurationError
from robot4d_core.evaluation.speed.operations import OperationCounter, WeightlessPipeline
from robot4d_core.evaluation.speed.pipeline_stages import STAGES
from robot4d_core.evaluation.speed.prediction_speed import imaginary_look
from robot4d_core.evaluation.speed.svd_baseline import imagine_views, make_svd
from robot4d_core.generator.model.configurations import Configuration, make_pipeline, read_configuration


class OneNetwork(DiffusionPipeline):
    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.register_modules(unet=unet)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.queries = nn.Linear(16, 16, bias=False)

    def forward(self, tokens: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        return F.scaled_dot_product_attention(self.queries(tokens), others, others)


class Doubling(nn.Module):
    """Holds its input twice, then three times over, then once."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1000, 1000))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        twice = torch.cat([x, x])
        return (twice[:len(x)] + self.weight.t()[0, 0]).clone()


def count_one(network: type[nn.Module], *inputs: torch.Tensor, calls: int = 1, dtype: torch.dtype = torch.float32):
    def predict(pipeline):
        for _ in range(calls):
            pipeline.unet(*inputs)

    return WeightlessPipeline(lambda: OneNetwork(network()), dtype).count(predict)


def test_a_convolution_by_hand():
    work = count_one(partial(nn.Conv2d, 3, 5, 3, stride=2, padding=1), torch.zeros(2, 3, 8, 10), calls=3)
    assert work.operations == {'encode': 0, 'denoise': 3 * 2 * (2 * 5 * 4 * 5) * (3 * 3 * 3), 'decode': 0}
    assert work.calls == {'encode': 0, 'denoise': 3, 'decode': 0}
    assert work.parameters == 5 * 3 * 9 + 5 and work.weights == 4 * work.parameters


def test_an_attention_by_hand():
    work = count_one(Attention, torch.zeros(2, 4, 30, 16), torch.zeros(2, 4, 50, 16))
    projection, products = 2 * (2 * 4 * 30) * 16 * 16, 2 * 2 * (2 * 4 * 30) * 50 * 16
    assert work.total == projection + products


def test_memory_is_what_is_in_use_at_once_without_weights_and_inputs():
    x = torch.zeros(250_000)
    assert count_one(Doubling, x).working_memory == 16 * len(x)  # doubled, the sum and its copy
    assert count_one(Doubling, x.bfloat16(), dtype=torch.bfloat16).working_memory == 8 * len(x)


def test_what_is_counted_is_what_runs():
    configuration = tiny_configuration()
    look = imaginary_look(*configuration.image_size)
    work = WeightlessPipeline(partial(make_pipeline, configuration)).count(
        lambda pipeline: pipeline(look.rgb, look.pointmap, 2))
    pipeline = tiny_pipeline()
    with torch.no_grad(), OperationCounter() as counter:
        pipeline(look.rgb, look.pointmap, 2)
    assert work.total == counter.get_total_flops() > 0
    assert all(work.operations[stage] > 0 for stage in STAGES)
    assert work.parameters == sum(
        weight.numel() for part in pipeline.components.values() if isinstance(part, nn.Module)
        for weight in part.parameters())


def svd_configuration(width: int = 64, height: int = 64) -> Configuration:
    return replace(small_svd_configuration(), image_size=[width, height])


def test_the_baseline_has_the_shape_of_stable_video_diffusion():
    made, expected = make_svd(svd_configuration()), small_svd()
    for name in ('unet', 'vae', 'image_encoder'):
        shapes = [{key: weight.shape for key, weight in getattr(pipeline, name).state_dict().items()}
                  for pipeline in (made, expected)]
        assert shapes[0] == shapes[1], name


def test_two_runs_a_batch_and_guidance_of_the_baseline():
    configuration = svd_configuration()
    look = imaginary_look(*configuration.image_size)
    pipeline = WeightlessPipeline(partial(make_svd, configuration))
    two, batch, guided = (
        pipeline.count(partial(imagine_views, rgb=look.rgb, steps=3, guided=guided, together=together))
        for guided, together in ((False, False), (False, True), (True, False)))
    assert batch.operations == two.operations
    assert guided.operations == two.operations | {'denoise': 2 * two.operations['denoise']}
    assert [work.calls['denoise'] for work in (two, batch, guided)] == [6, 3, 6]


def test_a_pass_of_stable_video_diffusion_costs_what_others_count():
    """3.59 TFLOP without attention's products, as counted on the published configuration before this was written."""
    configuration = read_configuration('svd')
    look = imaginary_look(*configuration.image_size)
    work = WeightlessPipeline(partial(make_svd, configuration)).count(
        partial(imagine_views, rgb=look.rgb[:1], steps=1, guided=False, together=False))
    assert work.operations['denoise'] / 1e12 == pytest.approx(3.59 + 0.12, abs=0.02)
    assert work.operations['decode'] / 1e12 == pytest.approx(9.4, abs=0.05)
    assert work.parameters / 1e6 == pytest.approx(1524.6 + 97.7 + 632.1, abs=0.1)


def test_when_an_image_cannot_be_halved_often_enough_expect_the_sizes_that_can():
    with pytest.raises(ConfigurationError, match='4 levels needs images whose sizes are multiples of 64, got 72x64'):
        make_svd(svd_configuration(width=72))
