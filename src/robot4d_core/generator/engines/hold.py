# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The frozen scene: the baseline that every learned generator must beat, and a stand-in that needs no weights."""

from __future__ import annotations

import numpy as np

from robot4d_core.errors import EngineError, PredictionCancelled, RegistrationError
from robot4d_core.generator.engines.engine import Cancelled, Engine, Progress
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.registration.register_clouds import register_clouds
from robot4d_core.observation import Observation
from robot4d_core.prediction import FRAMES, PredictedView, Prediction, default_time_from_start


class HoldEngine(Engine):
    """Predicts that nothing moves: the observed colours and points of every view, once per predicted frame.

    Other views are brought into the frame of the reference by registering the observed clouds.
    width, height: size of the predicted images, None for the size of the observed ones.
    """

    name = 'hold'

    def __init__(self, width: int | None = None, height: int | None = None) -> None:
        self._width, self._height = width, height

    def start(self) -> None:
        """Do nothing: a frozen scene needs no model."""

    def predict(
        self,
        observation: Observation,
        *,
        steps: int | None = None,
        seed: int | None = None,
        progress: Progress = lambda step, steps: None,
        cancelled: Cancelled = lambda: False,
    ) -> Prediction:
        """Repeat the observation; one step per view, so steps and seed are not used.

        Raises EngineError when a view cannot be registered to the reference, PredictionCancelled between views.
        """
        reference = observation.views[0]
        frozen = []
        for index, view in enumerate(observation.views):
            if cancelled():
                raise PredictionCancelled(f'hold was cancelled before view {view.name}')
            frozen.append(self._freeze(view, np.eye(4) if index == 0 else _pose_in(reference, view)))
            progress(index + 1, len(observation.views))
        return Prediction(
            observation.stamp, observation.frame_id, default_time_from_start(), tuple(frozen), self.name
        )

    def _freeze(self, view: CameraView, T_reference_view: np.ndarray) -> PredictedView:
        resized = view.resized(self._width or view.camera.width, self._height or view.camera.height)
        pointmap = transform_points(T_reference_view, pointmap_from_depth(resized.depth, resized.camera))
        video = (np.repeat(image[None], FRAMES, axis=0) for image in (resized.rgb, pointmap))
        return PredictedView(view.name, resized.camera, *video)


def _pose_in(reference: CameraView, view: CameraView) -> np.ndarray:
    try:
        return register_clouds(reference, view).T_n_m
    except RegistrationError as error:
        raise EngineError(f'hold cannot express {view.name} in the frame of {reference.name}: {error}') from error
