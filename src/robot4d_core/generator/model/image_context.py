# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The context of Stable Video Diffusion's cross-attention: CLIP's embedding of what a view observes.

Every view has the embedding of its own image. (The method's released code gives the pointmaps of both views that of
view n and the colours of both views that of view m.)
"""

from __future__ import annotations

import numpy as np
import torch
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import _resize_with_antialiasing
from transformers import CLIPVisionModelWithProjection
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD


@torch.no_grad()
def embed_images(image_encoder: CLIPVisionModelWithProjection, rgb: np.ndarray) -> torch.Tensor:
    """Return the embeddings (B, D) of images (B, H, W, 3) uint8, resized and normalised as SVD does."""
    images = torch.from_numpy(rgb).to(image_encoder.device).permute(0, 3, 1, 2).float() / 127.5 - 1
    size = image_encoder.config.image_size
    images = (_resize_with_antialiasing(images, (size, size)) + 1) / 2
    mean, deviation = (images.new_tensor(x)[:, None, None] for x in (OPENAI_CLIP_MEAN, OPENAI_CLIP_STD))
    return image_encoder(((images - mean) / deviation).to(image_encoder.dtype)).image_embeds
