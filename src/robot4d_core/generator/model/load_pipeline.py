# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A pipeline out of a model's folder, every weight accounted for."""

from __future__ import annotations

from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError

from robot4d_core.errors import ModelError
from robot4d_core.generator.model.model_folder import REMEDY, ModelFolder
from robot4d_core.generator.model.pipeline import TwoViewPipeline


def load_pipeline(folder: ModelFolder) -> TwoViewPipeline:
    """Load a pipeline in float32 and check that every weight came from the folder; raises ModelError."""
    diffusers_logging.disable_progress_bar()
    try:
        pipeline = TwoViewPipeline.from_pretrained(folder.path, local_files_only=True, use_safetensors=True)
    except (OSError, ValueError, RuntimeError, TypeError, AttributeError, KeyError, SafetensorError) as error:
        raise ModelError(f'the model in {folder.path} cannot be loaded ({error}); {REMEDY}') from error
    pipeline.set_progress_bar_config(disable=True)
    for component in folder.components:
        module = getattr(pipeline, component)
        differing = folder.shapes(component).keys() ^ module.state_dict().keys()
        if differing:
            raise ModelError(
                f"{folder.path / component}: config.json does not fit the weights (for example '{min(differing)}'); "
                f'{REMEDY}')
        module.float().eval()
    return pipeline
