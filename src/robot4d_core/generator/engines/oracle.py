# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The oracle: it renders what the scripted expert would do next. It exists in simulation only.

It shows what the rest of the system would achieve with a perfect generator, and is the only engine that reads the
simulator's state and the pose of the second camera.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.errors import EngineError, ExpertError, PredictionCancelled, SceneError
from robot4d_core.generator.engines.engine import Cancelled, Engine, Progress
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.observation import Observation, SimulatorState
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES, PredictedView, Prediction, default_time_from_start


class OracleEngine(Engine):
    """Rebuilds the cell from the observation, lets the expert go on from there, and films it; width, height: pixels."""

    name = 'oracle'
    needs_simulator = True

    def __init__(self, width: int = 320, height: int = 256) -> None:
        self._width = width
        self._height = height
        self._cell: RobotCell | None = None

    def start(self) -> None:
        """Nothing to load: the cell is built at the first prediction and kept while the scene stays."""

    def stop(self) -> None:
        """Release the cell and its renderer."""
        if self._cell is not None:
            self._cell.close()
            self._cell = None

    def predict(
        self,
        observation: Observation,
        *,
        steps: int | None = None,
        seed: int | None = None,
        progress: Progress = lambda step, steps: None,
        cancelled: Cancelled = lambda: False,
    ) -> Prediction:
        """Film the next FRAMES moments; a step is a frame. steps and seed mean nothing here: the expert is exact.

        Raises PredictionCancelled, and EngineError when the observation carries no state of the simulator.
        """
        cell = self._cell_at(observation)
        frames = []
        try:
            expert = Expert(cell)
            for frame in range(FRAMES):
                if cancelled():
                    raise PredictionCancelled(f'the oracle was stopped after {frame} of {FRAMES} frames')
                expert.advance(FRAME_INTERVAL)
                frames.append([cell.render(placement.name) for placement in cell.scene.cameras])
                progress(frame + 1, FRAMES)
        except ExpertError as error:
            raise EngineError(f'the oracle cannot go on: {error}') from error
        return Prediction(
            stamp=observation.stamp,
            frame_id=observation.frame_id,
            time_from_start=default_time_from_start(),
            views=tuple(
                _predicted_view(cell.scene, view, [frame[view] for frame in frames])
                for view in range(len(cell.scene.cameras))
            ),
            model=self.name,
        )

    def _cell_at(self, observation: Observation) -> RobotCell:
        if observation.simulator is None:
            raise EngineError(
                'the oracle exists only in simulation: the observation carries no simulator state; '
                "run it with the simulated cell, or choose the engine 'diffusion' or 'hold'"
            )
        try:
            scene = self._resized(observation.simulator)
            if self._cell is None or self._cell.scene.to_json() != scene.to_json():
                self.stop()
                self._cell = RobotCell(scene)
            self._cell.restore(observation.simulator.state)
        except SceneError as error:
            raise EngineError(f'the oracle cannot rebuild the cell: {error}') from error
        return self._cell

    def _resized(self, simulator: SimulatorState) -> Scene:
        scene = Scene.from_json(simulator.scene)
        cameras = tuple(
            replace(placement, camera=placement.camera.resized(self._width, self._height))
            for placement in scene.cameras
        )
        return replace(scene, cameras=cameras)


def _predicted_view(scene: Scene, index: int, frames: list) -> PredictedView:
    """Gather one camera's frames, its points in the optical frame of the reference camera."""
    placement = scene.cameras[index]
    T_reference_camera = invert_pose(scene.cameras[0].T_world_optical) @ placement.T_world_optical
    depth = np.stack([frame.depth for frame in frames])
    return PredictedView(
        name=placement.name,
        camera=placement.camera,
        rgb=np.stack([frame.rgb for frame in frames]),
        pointmap=transform_points(T_reference_camera, pointmap_from_depth(depth, placement.camera)),
    )
