# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The learned generator behind the engine interface."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from robot4d_core.errors import EngineError
from robot4d_core.generator.engine import Cancelled, Engine, Progress
from robot4d_core.generator.pipeline import TwoViewPipeline
from robot4d_core.geometry.pointmaps import pointmap_from_depth, resize_depth
from robot4d_core.observation import CameraView, Observation
from robot4d_core.prediction import PredictedView, Prediction, default_time_from_start
from robot4d_core.robot_description import share_directory

DEFAULT_MODEL = 'put_spatula_tiny'
IMAGE_SIZE = (160, 128)  # width, height the shipped configurations are trained at
WEIGHTS = 'diffusion_pytorch_model.safetensors'
DEFAULT_STEPS = 4


class DiffusionEngine(Engine):
    """Two-view diffusion in the folder `model` (a diffusers pipeline); default: the model shipped with robot4d.

    device: 'cpu', 'cuda' or 'auto' (CUDA where there is one). steps: denoising steps unless predict says otherwise.
    Cameras of any size are resized to the model's (colour by area, depth by nearest neighbour, K scaled), and the
    prediction has the model's size.
    """

    def __init__(self, model: str | Path | None = None, device: str = 'auto', steps: int = DEFAULT_STEPS) -> None:
        self.model = Path(model) if model else share_directory() / 'models' / DEFAULT_MODEL
        self.name = f'diffusion:{self.model.name}'
        self.device = device
        self.steps = steps
        self._pipeline: TwoViewPipeline | None = None

    def start(self) -> None:
        """Load the weights; raises EngineError for an absent device, missing or damaged files, or a foreign model."""
        device = _torch_device(self.device)
        self._pipeline = load_pipeline(self.model).to(device)

    def stop(self) -> None:
        """Forget the weights."""
        self._pipeline = None

    def predict(
        self,
        observation: Observation,
        *,
        steps: int | None = None,
        seed: int | None = None,
        progress: Progress = lambda step, steps: None,
        cancelled: Cancelled = lambda: False,
    ) -> Prediction:
        """Imagine ten frames, 0.5 s apart; see Engine.predict."""
        if self._pipeline is None:
            raise EngineError(f"engine '{self.name}' is not started; call start() before predict()")
        steps = self.steps if steps is None else steps
        if steps < 1:
            raise EngineError(f'denoising steps must be at least 1, got {steps}')
        if len(observation.views) != 2:
            raise EngineError(f'this model needs 2 camera views, the observation has {len(observation.views)}')
        views = [_resized(view) for view in observation.views]
        for view in views:
            if not np.isfinite(view.depth).any():
                raise EngineError(f"camera '{view.name}' has no valid depth; check the sensor and its range")
        generator = torch.Generator()
        generator.manual_seed(seed) if seed is not None else generator.seed()
        video = self._pipeline(
            np.stack([view.rgb for view in views]),
            np.stack([pointmap_from_depth(view.depth, view.camera) for view in views]),
            steps, generator, progress, cancelled,
        )
        return Prediction(
            stamp=observation.stamp,
            frame_id=observation.frame_id,
            time_from_start=default_time_from_start(),
            views=tuple(
                PredictedView(view.name, view.camera, rgb, pointmap)
                for view, rgb, pointmap in zip(views, video.rgb, video.pointmap, strict=True)
            ),
            model=self.name,
        )


def load_pipeline(model: Path) -> TwoViewPipeline:
    """Load a pipeline folder and check that every weight came from it.

    Raises EngineError that says which file is missing, damaged or foreign, and what to do.
    """
    remedy = "train one with 'robot4d train put_spatula_tiny' or restore the folder from the release"
    if not (model / 'model_index.json').is_file():
        raise EngineError(f'no model in {model}: model_index.json is missing; {remedy}')
    components = ('rgb_autoencoder', 'pointmap_autoencoder', 'view_alignment', 'unet')
    for component in components:
        if not (model / component / WEIGHTS).is_file():
            raise EngineError(f'{model / component / WEIGHTS} is missing; {remedy}')
    try:
        pipeline = TwoViewPipeline.from_pretrained(model, local_files_only=True)
        pipeline.set_progress_bar_config(disable=True)
        for component in components:
            with safe_open(model / component / WEIGHTS, framework='pt') as weights:
                stored = set(weights.keys())
            differing = stored ^ set(getattr(pipeline, component).state_dict())
            if differing:
                raise EngineError(
                    f"{model / component}: config.json does not fit the weights (for example '{min(differing)}'); "
                    f'{remedy}'
                )
    except (OSError, ValueError, RuntimeError, TypeError, AttributeError, KeyError, SafetensorError) as error:
        if isinstance(error, EngineError):
            raise
        raise EngineError(f'the model in {model} cannot be loaded ({error}); {remedy}') from error
    for component in components:
        getattr(pipeline, component).float().eval()
    return pipeline


def _torch_device(device: str) -> torch.device:
    if device not in ('cpu', 'cuda', 'auto'):
        raise EngineError(f"device must be 'cpu', 'cuda' or 'auto', got '{device}'")
    if device == 'cuda' and not torch.cuda.is_available():
        raise EngineError("device 'cuda' was demanded but torch finds no CUDA GPU; choose 'auto' or 'cpu'")
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return torch.device(device)


def _resized(view: CameraView) -> CameraView:
    width, height = IMAGE_SIZE
    if (view.camera.width, view.camera.height) == IMAGE_SIZE:
        return view
    return CameraView(
        view.name, view.camera.resized(width, height),
        cv2.resize(view.rgb, IMAGE_SIZE, interpolation=cv2.INTER_AREA), resize_depth(view.depth, width, height),
    )
