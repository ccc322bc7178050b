# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Imagining in the order path, robot, video: what kinematics knows is not learned in pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from robot4d_core.errors import EngineError, InverseKinematicsError, PredictionCancelled, RegistrationError
from robot4d_core.generator.model.base_video.base_video import BaseVideo
from robot4d_core.generator.model.base_video.robot_on_its_way import RobotOnItsWay
from robot4d_core.generator.model.path.imagine_paths import PathImagination
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth
from robot4d_core.geometry.registration.judgement import Judgement, judge
from robot4d_core.geometry.registration.prepared_cloud import prepare
from robot4d_core.geometry.registration.refinement import refine
from robot4d_core.geometry.registration.register_clouds import register_clouds
from robot4d_core.observation import RobotState
from robot4d_core.prediction import GripperPath
from robot4d_core.robot.drawing import RobotDrawing
from robot4d_core.robot.robot import Robot

PATH_STEPS = 6  # of denoising; 1 is the mean of all paths, which lies between those of two ways to go on
DRAWS = 3  # paths that are drawn until the arms can follow one
MIN_INLIER_SHARE = 0.95  # of the points in common view; of 90 looks with noise, wrong placements had less


@dataclass(frozen=True)
class ImaginedRobot:
    """paths in the frame of the reference; base: of the video."""

    paths: tuple[GripperPath, ...]
    base: BaseVideo


class PathFirst:
    """The part of a prediction that comes before the video. stroke: of the grippers that the model knows, metres."""

    def __init__(self, pipeline: TwoViewPipeline, robot: Robot) -> None:
        """Take a pipeline with a path network, and the robot that moves."""
        drawing = RobotDrawing(robot.description, robot.links)
        self.stroke: float = pipeline.path.config.stroke
        self._pipeline = pipeline
        self._last_placement: np.ndarray | None = None
        self._imagination = PathImagination(pipeline.path, robot, drawing)
        self._on_its_way = RobotOnItsWay(robot, drawing, np.array(pipeline.path.config.workspace))

    def imagine(
        self, views: Sequence[CameraView], state: RobotState, rng: np.random.Generator,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> ImaginedRobot:
        """Place the second view, imagine the paths and draw the robot on them; views: of the pipeline's image size.

        Raises EngineError when the views contradict their placement or no imagined path is within reach,
        PredictionCancelled.
        """
        placements = self.place(views)
        for _ in range(DRAWS):
            if cancelled():
                raise PredictionCancelled('the prediction was stopped while the paths were imagined')
            paths = self.imagine_paths(views, placements, state, rng)
            try:
                base = self._on_its_way.draw(views, placements, state, paths)
            except InverseKinematicsError as error:
                problem = error
            else:
                return ImaginedRobot(paths, base)
        raise EngineError(f'of {DRAWS} imagined paths the arm can follow none: {problem}') from problem

    def imagine_paths(
        self, views: Sequence[CameraView], placements: Sequence[np.ndarray], state: RobotState, rng: np.random.Generator
    ) -> tuple[GripperPath, ...]:
        """Return a path of every gripper, in the frame of the reference; views: one or two."""
        return self._imagination.imagine(views, placements, state, PATH_STEPS, rng)

    def place(self, views: Sequence[CameraView]) -> tuple[np.ndarray, np.ndarray]:
        """Return T_reference_optical (4, 4) of the reference and of the second view, from what both see.

        It is where the network places the camera or where it was found before, whichever agrees better, refined where
        that agrees better still; when none does, it is searched for. Raises EngineError when nothing agrees.
        """
        n, m = views
        points = np.stack([pointmap_from_depth(view.depth, view.camera) for view in views])
        latents = self._pipeline.encode(np.stack([view.rgb for view in views]), points)
        guesses = [self._pipeline.align(latents[None], points)]
        if self._last_placement is not None:
            guesses.append(self._last_placement)
        prepared = prepare(n), prepare(m)

        def best_of(placements: Sequence[np.ndarray]) -> tuple[Judgement, np.ndarray]:
            judged = [(judge(*prepared, placement), placement) for placement in placements]
            return max(judged, key=lambda pair: pair[0].score)

        _, guess = best_of(guesses)
        best, T_n_m = best_of([guess, refine(*prepared, guess)])
        if best.inlier_share < MIN_INLIER_SHARE:
            T_n_m = self._search(n, m, best.inlier_share)
        self._last_placement = T_n_m
        return np.eye(4), T_n_m

    @staticmethod
    def _search(n: CameraView, m: CameraView, share: float) -> np.ndarray:
        try:
            return register_clouds(n, m).T_n_m
        except RegistrationError as error:
            raise EngineError(
                f"where the model places camera '{m.name}', only {share:.0%} of what both cameras see agrees, needed "
                f'{MIN_INLIER_SHARE:.0%}, and it cannot be placed otherwise: {error}') from error
