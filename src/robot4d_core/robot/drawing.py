# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where a real camera sees the robot: its description drawn at the measured joint positions, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.cell.model import COLLISION_GROUP, VISUAL_GROUP
from robot4d_core.cell.rendering import Renderer
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.errors import RobotDescriptionError
from robot4d_core.geometry.cameras import CameraPlacement, PinholeCamera
from robot4d_core.robot.description import load_robot_description

SURFACE_TOLERANCE = 0.03  # metres between the drawn and the measured surface: calibration, depth noise, geometry


@dataclass(frozen=True)
class DrawnArm:
    """The joints of one arm in the robot description, and the prefix of its segments."""

    prefix: str
    joints: Sequence[str]
    finger_joints: Sequence[str]


class RobotSilhouette:
    """Draws a robot into cameras with any intrinsics (the principal point is met to a quarter of a pixel).

    description: a URDF or xacro file, None for the cell's arms. Owns an OpenGL context, so one thread owns it; close
    frees it. Raises RobotDescriptionError when the description cannot be drawn or lacks a joint.
    """

    def __init__(
        self, arms: Sequence[DrawnArm], placements: Sequence[CameraPlacement], description: Path | None = None
    ) -> None:
        self._joints = [joint for arm in arms for joint in (*arm.joints, *arm.finger_joints)]
        urdf = load_robot_description(description) if description else load_robot_description(arms=len(arms))
        self._windows = {placement.name: _centred(placement) for placement in placements}
        try:
            self._model = _build(urdf, [window.placement for window in self._windows.values()])
            labels = _body_labels(self._model, arms)
        except (ValueError, KeyError) as error:
            raise RobotDescriptionError(
                f"the robot description {description or 'of the cell'} cannot be drawn: {error}; meshes must be files "
                'that MuJoCo reads (obj, stl), without package:// paths, and the joints those that were recorded'
            ) from error
        self._data = mujoco.MjData(self._model)
        self._renderer = Renderer(self._model, labels)

    def segment(self, camera: str, positions: Sequence[float], depth: np.ndarray) -> np.ndarray:
        """Return (H, W) uint8 labels, as segments.py names them; 0 where the robot is not seen.

        positions: of all joints, arm after arm, each with its fingers last (rad, metres); depth: (H, W) metres, as
        measured. Where another surface, or none, was measured, the robot is not seen.
        """
        for joint, position in zip(self._joints, positions, strict=True):
            self._data.joint(joint).qpos = position
        mujoco.mj_fwdPosition(self._model, self._data)
        window = self._windows[camera]
        drawn = self._renderer.render(self._data, window.placement)
        with np.errstate(invalid='ignore'):
            seen = np.abs(drawn.depth[window.pixels] - depth) < SURFACE_TOLERANCE
        return np.where(seen, drawn.segmentation[window.pixels], 0).astype(np.uint8)

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()


@dataclass(frozen=True)
class _Window:
    """A camera as a part of a larger one that has its principal point in the middle."""

    placement: CameraPlacement
    pixels: tuple[slice, slice]


def _centred(placement: CameraPlacement) -> _Window:
    """Return the window of a camera. MuJoCo changed the sign of its own principal point offset with version 3.6."""
    camera = placement.camera
    right, below = round(2 * camera.cx - (camera.width - 1)), round(2 * camera.cy - (camera.height - 1))
    left, above = max(0, -right), max(0, -below)
    larger = PinholeCamera(camera.width + abs(right), camera.height + abs(below),
                           camera.fx, camera.fy, camera.cx + left, camera.cy + above)
    return _Window(
        replace(placement, camera=larger), (slice(above, above + camera.height), slice(left, left + camera.width)))


def _build(urdf: str, placements: Sequence[CameraPlacement]) -> mujoco.MjModel:
    spec = mujoco.MjSpec.from_string(urdf)
    spec.compiler.fusestatic, spec.compiler.discardvisual = False, False
    for geom in spec.geoms:
        geom.group = VISUAL_GROUP if geom.contype == 0 else COLLISION_GROUP
    spec.visual.map.znear, spec.visual.map.zfar, spec.stat.extent = 0.02, 10.0, 1.0
    spec.visual.global_.offwidth = max(placement.camera.width for placement in placements)
    spec.visual.global_.offheight = max(placement.camera.height for placement in placements)
    for placement in placements:
        _add_camera(spec, placement)
    return spec.compile()


def _add_camera(spec: mujoco.MjSpec, placement: CameraPlacement) -> None:
    """Add a camera with a focal length each way; MuJoCo's looks along -z with y up, optical frames along z, y down."""
    camera = placement.camera
    rotation = placement.T_world_optical[:3, :3] @ np.diag([1.0, -1.0, -1.0])
    spec.worldbody.add_camera(
        name=placement.name, pos=placement.T_world_optical[:3, 3],
        quat=Rotation.from_matrix(rotation).as_quat()[[3, 0, 1, 2]],
        resolution=[camera.width, camera.height], sensor_size=[camera.width * 1e-5, camera.height * 1e-5],
        focal_pixel=[camera.fx, camera.fy],
    )


def _body_labels(model: mujoco.MjModel, arms: Sequence[DrawnArm]) -> np.ndarray:
    """Label what hangs below the base of each arm: the fingers, what carries them, and the rest as arm."""
    labels = np.zeros(model.nbody, np.uint8)
    for arm in arms:
        base = model.body_parentid[model.joint(arm.joints[0]).bodyid[0]]
        below = {int(base)} - {0}
        for body in range(1, model.nbody):
            if model.body_parentid[body] in below:
                below.add(body)
        labels[sorted(below)] = SEGMENTS.index(f'{arm.prefix}arm')
        for joint, segment in zip(arm.finger_joints, ('finger_left', 'finger_right')):
            finger = model.joint(joint).bodyid[0]
            labels[model.body_parentid[finger]] = SEGMENTS.index(f'{arm.prefix}hand')
            labels[finger] = SEGMENTS.index(f'{arm.prefix}{segment}')
    return labels
