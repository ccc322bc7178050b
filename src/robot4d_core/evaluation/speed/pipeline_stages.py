# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The stages of a prediction, for ours and diffusers' pipelines alike: which network does which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from diffusers.pipelines.pipeline_utils import DiffusionPipeline

STAGES = ('encode', 'denoise', 'decode')

_AUTOENCODER = {'encode': 'encode', 'decode': 'decode'}
_STAGE_OF_METHOD = {
    'rgb_autoencoder': _AUTOENCODER,
    'pointmap_autoencoder': _AUTOENCODER,
    'vae': _AUTOENCODER,
    'image_encoder': {'forward': 'encode'},
    'view_alignment': {'forward': 'encode'},
    'unet': {'forward': 'denoise'},
}


@contextmanager
def wrapped_networks(pipeline: DiffusionPipeline, wrap: Callable[[str, Callable], Callable]) -> Iterator[None]:
    """Put wrap(stage, method) in the place of every method by which the pipeline calls a network."""
    methods = [
        (getattr(pipeline, name), method, stage)
        for name, stages in _STAGE_OF_METHOD.items() if getattr(pipeline, name, None) is not None
        for method, stage in stages.items()
    ]
    for network, method, stage in methods:
        setattr(network, method, wrap(stage, getattr(network, method)))
    try:
        yield
    finally:
        for network, method, _ in methods:
            delattr(network, method)
