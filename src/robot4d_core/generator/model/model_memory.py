# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How much memory a model will need, told from its folder before its weights are read."""

from __future__ import annotations

import math
from importlib import import_module

import psutil
import torch
from accelerate import init_empty_weights

from robot4d_core.errors import MemoryShortage, ModelError
from robot4d_core.generator.model.autoencoder_interface import MEBIBYTE
from robot4d_core.generator.model.model_folder import REMEDY, ModelFolder
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.prediction import FRAMES

VALUES = 2 * FRAMES  # images of a prediction
FLOAT32 = 4  # bytes
UNET_BYTES = 4
"""What denoising holds per pixel of every image and channel of the U-Net's first block."""

OVERHEAD = 1.25
"""What convolutions work in, besides what is held."""

LIBRARIES = 50 * MEBIBYTE
"""What libraries take when they are first used.

With these numbers the configuration tiny was said to need 195 MB, and a process grew by 131 to 153 MB; the
configuration small 5797 MB, and a process grew by 4621 MB (x86).
"""


def memory_needed(folder: ModelFolder) -> int:
    """Return the bytes for the weights in float32 and for one prediction: denoising, and decoding all its images.

    Decoding holds no more than the pipeline's ceiling. Raises ModelError for an autoencoder that cannot be made.
    """
    weights = sum(math.prod(shape) for component in folder.components for shape in folder.shapes(component).values())
    channels = folder.configuration('unet')['block_out_channels'][0] if 'unet' in folder.components else 0
    denoising = UNET_BYTES * channels * math.prod(folder.image_size) * VALUES
    decoding = min(_decoding_mebibytes(folder) * VALUES, TwoViewPipeline.decode_memory) * MEBIBYTE
    return round(LIBRARIES + FLOAT32 * weights + OVERHEAD * (denoising + decoding))


def require_memory(folder: ModelFolder, device: torch.device) -> None:
    """Raise MemoryShortage when the device has less free memory than the model needs."""
    needed = memory_needed(folder)
    available = torch.cuda.mem_get_info(device)[0] if device.type == 'cuda' else psutil.virtual_memory().available
    if needed > available:
        raise MemoryShortage(
            f'{folder.path.name} needs {needed / 1e6:.0f} MB on {device} (its weights and a prediction at '
            f"{'x'.join(map(str, folder.image_size))}), {available / 1e6:.0f} MB are available; "
            'end other programs, or choose a smaller model or another device')


def _decoding_mebibytes(folder: ModelFolder) -> float:
    """Return what decoding one image holds, from an autoencoder without weights."""
    width, height = folder.image_size
    try:
        library, class_name = folder.components['rgb_autoencoder']
        kind = getattr(import_module(library), class_name)
        with init_empty_weights():
            return kind.from_config(folder.configuration('rgb_autoencoder')).decoding_memory(height, width)
    except (ImportError, AttributeError, TypeError, ValueError, KeyError, ArithmeticError) as error:
        raise ModelError(f"{folder.path / 'rgb_autoencoder'} cannot be loaded ({error}); {REMEDY}") from error
