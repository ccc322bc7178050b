# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where a camera sees the robot: its description drawn by ray casting (Open3D), without OpenGL or a screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import open3d as o3d

from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.robot.description import RobotDescription

SURFACE_TOLERANCE = 0.03  # metres between the drawn and the measured surface: calibration, depth noise, geometry
NOTHING = -1


@dataclass(frozen=True)
class DrawnRobot:
    """depth: (H, W) float32 metres along the optical axis, NaN where the robot is not.

    link: (H, W) number in RobotDescription.links of what is drawn, NOTHING where the robot is not.
    """

    depth: np.ndarray
    link: np.ndarray

    def seen(self, depth: np.ndarray) -> np.ndarray:
        """Return (H, W) bool: where the surface drawn is the one that was measured; depth: (H, W) metres."""
        with np.errstate(invalid='ignore'):
            return np.abs(self.depth - depth) < SURFACE_TOLERANCE


class RobotDrawing:
    """Draws what is seen of a robot's links into cameras with any intrinsics.

    Raises RobotDescriptionError when a shape of the description cannot be read.
    """

    def __init__(self, description: RobotDescription) -> None:
        self._description = description
        surfaces = {link: description.surface(link) for link in description.links}
        self._meshes = {link: surface[0] for link, surface in surfaces.items() if surface is not None}

    def draw(self, placement: CameraPlacement, positions: Mapping[str, float]) -> DrawnRobot:
        """Draw the robot at joint positions (by name, rad or metres); placement's world is the robot's root link."""
        scene = o3d.t.geometry.RaycastingScene()
        T_optical_root = invert_pose(placement.T_world_optical)
        T_root_link = dict(zip(self._description.links, self._description.poses(positions), strict=True))
        links = []
        for link, mesh in self._meshes.items():
            vertices = transform_points(T_optical_root @ T_root_link[link], np.asarray(mesh.vertices))
            scene.add_triangles(vertices.astype(np.float32), np.asarray(mesh.faces, np.uint32))
            links.append(self._description.links.index(link))
        directions = placement.camera.rays.reshape(-1, 3).astype(np.float32)
        hits = scene.cast_rays(o3d.core.Tensor(np.hstack([np.zeros_like(directions), directions])))
        shape = placement.camera.height, placement.camera.width
        depth = hits['t_hit'].numpy().reshape(shape)
        numbers = np.append(links, NOTHING)
        hit = np.where(np.isfinite(depth), hits['geometry_ids'].numpy().reshape(shape), len(links))
        return DrawnRobot(np.where(np.isfinite(depth), depth, np.nan), numbers[hit])
