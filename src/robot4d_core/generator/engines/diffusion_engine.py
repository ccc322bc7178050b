# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The learned generator behind the engine interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from robot4d_core.errors import DeviceError, EngineError, MemoryShortage
from robot4d_core.generator.engines.engine import Cancelled, Engine, Progress
from robot4d_core.generator.engines.shipped_model import shipped_model
from robot4d_core.generator.model.load_pipeline import load_pipeline
from robot4d_core.generator.model.model_folder import ModelFolder
from robot4d_core.generator.model.model_memory import require_memory
from robot4d_core.generator.model.path_first import ImaginedRobot, PathFirst
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth
from robot4d_core.observation import Observation
from robot4d_core.prediction import PredictedView, Prediction, default_time_from_start
from robot4d_core.robot.robot import Robot


class DiffusionEngine(Engine):
    """Two-view diffusion in the folder `model` (a diffusers pipeline); default: the model shipped with robot4d.

    device: 'cpu', 'cuda', 'cuda:N' or 'auto' (CUDA where there is one). steps: denoising steps unless predict says
    otherwise, None for what suits the model. Cameras of any size are resized to the model's (colour by area, depth by
    nearest neighbour, K scaled), and the prediction has the model's size.
    """

    def __init__(self, model: str | Path | None = None, device: str = 'auto', steps: int | None = None) -> None:
        self.model = Path(model) if model else shipped_model()
        self.name = f'diffusion:{self.model.name}'
        self.device = device
        self.steps = steps
        self._pipeline: TwoViewPipeline | None = None
        self._path_first: PathFirst | None = None

    def start(self) -> None:
        """Load the weights.

        Raises DeviceError for an absent device, ModelError for missing, changed or foreign files, MemoryShortage.
        """
        device = torch_device(self.device)
        folder = ModelFolder.open(self.model)
        require_memory(folder, device)
        folder.check()
        self._pipeline = load_pipeline(folder).to(device)
        self._image_size = folder.image_size
        self.steps = folder.steps if self.steps is None else self.steps
        self.needs_robot = self._pipeline.path is not None

    def use_robot(self, robot: Robot) -> None:
        """Take the robot whose paths the model imagines; see Engine.use_robot."""
        self._path_first = PathFirst(self._pipeline, robot) if self.needs_robot else None

    def stop(self) -> None:
        """Forget the weights."""
        self._pipeline = self._path_first = None

    def predict(
        self,
        observation: Observation,
        *,
        steps: int | None = None,
        seed: int | None = None,
        progress: Progress = lambda step, steps: None,
        cancelled: Cancelled = lambda: False,
    ) -> Prediction:
        """Imagine ten frames, 0.5 s apart; see Engine.predict.

        steps: 0, of a model that imagines the robot first, for the robot over a frozen scene.
        """
        if self._pipeline is None:
            raise EngineError(f"engine '{self.name}' is not started; call start() before predict()")
        steps = self.steps if steps is None else steps
        if steps < (fewest := 0 if self.needs_robot else 1):
            raise EngineError(f'denoising steps must be at least {fewest}, got {steps}')
        if len(observation.views) != 2:
            raise EngineError(f'this model needs 2 camera views, the observation has {len(observation.views)}')
        views = [view.resized(*self._image_size) for view in observation.views]
        for view in views:
            if not np.isfinite(view.depth).any():
                raise EngineError(f"camera '{view.name}' has no valid depth; check the sensor and its range")
        rng = np.random.default_rng(seed)
        imagined = self._imagine_robot(views, observation, rng, cancelled) if self.needs_robot else None
        if steps == 0 or self._pipeline.unet is None:
            progress(1, 1)
            rgb, pointmaps = imagined.base.rgb, imagined.base.pointmap
        else:
            generator = torch.Generator()
            generator.manual_seed(seed) if seed is not None else generator.seed()
            rgb, pointmaps = self._imagine_video(views, imagined, steps, generator, progress, cancelled)
        return Prediction(
            stamp=observation.stamp,
            frame_id=observation.frame_id,
            time_from_start=default_time_from_start(),
            views=tuple(
                PredictedView(view.name, view.camera, *video)
                for view, *video in zip(views, rgb, pointmaps, strict=True)
            ),
            model=self.name,
            paths=imagined.paths if imagined else (),
        )

    def _imagine_robot(
        self, views: list[CameraView], observation: Observation, rng: np.random.Generator, cancelled: Cancelled
    ) -> ImaginedRobot:
        if self._path_first is None:
            raise EngineError(f"engine '{self.name}' imagines a robot; call use_robot() before predict()")
        if observation.robot is None:
            raise EngineError(
                f"'{self.name}' needs the robot's joint positions and the pose of the reference camera, and the "
                'observation has neither; models/tabletop_tiny predicts without')
        return self._path_first.imagine(views, observation.robot, rng, cancelled)

    def _imagine_video(
        self, views: list[CameraView], imagined: ImaginedRobot | None, steps: int, generator: torch.Generator,
        progress: Progress, cancelled: Cancelled,
    ) -> tuple[np.ndarray, np.ndarray]:
        try:
            video = self._pipeline(
                np.stack([view.rgb for view in views]),
                np.stack([pointmap_from_depth(view.depth, view.camera) for view in views]),
                steps, generator, progress, cancelled, imagined and imagined.base,
            )
        except torch.cuda.OutOfMemoryError as error:
            raise MemoryShortage(f'{self.name} ran out of GPU memory ({error}); free the GPU or use another') from error
        return video.rgb, video.pointmap


def torch_device(device: str) -> torch.device:
    """Return the device called 'cpu', 'cuda', 'cuda:N' or 'auto'; raises DeviceError when it is not there."""
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    kind, _, number = device.partition(':')
    if device != 'cpu' and (kind != 'cuda' or (number and not number.isdecimal()) or device.endswith(':')):
        raise DeviceError(f"device must be 'cpu', 'cuda', 'cuda:N' or 'auto', got '{device}'")
    if kind == 'cuda' and int(number or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"device '{device}' was demanded but torch finds {torch.cuda.device_count()} CUDA GPUs; "
            "choose 'auto' or 'cpu', or install the driver and torch with CUDA")
    return torch.device(device)
