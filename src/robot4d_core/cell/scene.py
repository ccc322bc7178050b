# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a cell is made of: the task, the seed that places its objects, the cameras, and the robot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.cell.cameras import sample_cameras, sample_cameras_outside_shell
from robot4d_core.errors import SceneError
from robot4d_core.geometry.cameras import CameraPlacement, PinholeCamera
from robot4d_core.geometry.poses import make_pose
from robot4d_core.robot.names import CELL

CAMERA_NAMES = ('reference', 'second')
_CAMERAS, _OUTSIDE = 0, 5  # what a seed's random numbers are for; the cell, its expert and its sensors have 1 to 4


@dataclass(frozen=True)
class Scene:
    """A recipe that rebuilds the same cell anywhere.

    held_out_objects: whether the objects stand in the part of their region that no training episode uses; robot: a name
    in robot.names.SHIPPED.
    """

    task: str
    seed: int
    cameras: tuple[CameraPlacement, ...]
    held_out_objects: bool = False
    robot: str = CELL

    @classmethod
    def sample(
        cls, task: str, seed: int, width: int = 320, height: int = 256, camera_names=CAMERA_NAMES,
        held_out_objects: bool = False, outside_shell: bool = False, robot: str = CELL,
    ) -> Scene:
        """Draw cameras for a task; the seed fixes both the cameras and the objects.

        outside_shell: whether one camera in each of cameras.OUTSIDE_SHELL comes after those with a name here.
        """
        cameras = sample_cameras(np.random.default_rng([seed, _CAMERAS]), camera_names, width, height)
        if outside_shell:
            cameras += sample_cameras_outside_shell(np.random.default_rng([seed, _OUTSIDE]), width, height)
        return cls(task, seed, cameras, held_out_objects, robot)

    def with_second_camera_moved(self, shift: np.ndarray, turn: float) -> Scene:
        """Return the scene with its second camera moved by shift (3,) metres and turned by radians about z."""
        reference, second, *others = self.cameras
        pose = second.T_world_optical
        rotation = Rotation.from_euler('z', turn).as_matrix() @ pose[:3, :3]
        moved = replace(second, T_world_optical=make_pose(rotation, pose[:3, 3] + shift))
        return replace(self, cameras=(reference, moved, *others))

    def to_json(self) -> str:
        """Write the recipe as JSON that from_json reads back exactly."""
        cameras = [
            {
                'name': placement.name,
                'T_world_optical': placement.T_world_optical.tolist(),
                'camera': asdict(placement.camera),
            }
            for placement in self.cameras
        ]
        return json.dumps({
            'task': self.task, 'seed': self.seed, 'cameras': cameras, 'held_out_objects': self.held_out_objects,
            'robot': self.robot})

    @classmethod
    def from_json(cls, text: str) -> Scene:
        """Read what to_json wrote; raises SceneError when it is something else. Once, every cell had robot CELL."""
        try:
            recipe = json.loads(text)
            cameras = tuple(
                CameraPlacement(
                    entry['name'], np.array(entry['T_world_optical'], float), PinholeCamera(**entry['camera'])
                )
                for entry in recipe['cameras']
            )
            return cls(
                str(recipe['task']), int(recipe['seed']), cameras, bool(recipe['held_out_objects']),
                str(recipe.get('robot', CELL)))
        except (ValueError, KeyError, TypeError) as error:
            raise SceneError(
                f'expected the JSON of a scene with task, seed, cameras and held_out_objects, got {text[:80]!r}: '
                f'{error!r}; pass the text that Scene.to_json wrote'
            ) from error
