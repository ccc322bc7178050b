# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where cameras see the robot: its description drawn by ray casting (Open3D), without OpenGL or a screen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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

    link: (H, W) number in RobotDescription.links of what is drawn, NOTHING where the robot is not; normal: (H, W, 3)
    of the surface drawn, towards the camera, in the placement's world.
    """

    depth: np.ndarray
    link: np.ndarray
    normal: np.ndarray

    def seen(self, depth: np.ndarray) -> np.ndarray:
        """Return (H, W) bool: where the surface drawn is the one that was measured; depth: (H, W) metres."""
        with np.errstate(invalid='ignore'):
            return np.abs(self.depth - depth) < SURFACE_TOLERANCE


class RobotDrawing:
    """Draws what is seen of a robot's links into cameras with any intrinsics.

    links: to draw; None: all that have a shape. Raises RobotDescriptionError when a shape cannot be read.
    """

    def __init__(self, description: RobotDescription, links: Iterable[str] | None = None) -> None:
        self._description = description
        surfaces = {link: description.surface(link) for link in (description.links if links is None else links)}
        self._meshes = {
            description.links.index(link): (np.asarray(surface[0].vertices), np.asarray(surface[0].faces, np.uint32))
            for link, surface in surfaces.items() if surface is not None}

    def posed(self, positions: Mapping[str, float], links: Collection[int] | None = None) -> PosedRobot:
        """Return the robot at joint positions (by name, rad or metres), to be drawn into any number of cameras.

        links: numbers of those to draw; None: all that this draws.
        """
        T_root_link = self._description.poses(positions)
        drawn = [number for number in self._meshes if links is None or number in links]
        placed = [(transform_points(T_root_link[number], self._meshes[number][0]).astype(np.float32),
                   self._meshes[number][1]) for number in drawn]
        return PosedRobot(placed, drawn)


class PosedRobot:
    """A robot that stands still. meshes: vertices (V, 3) in its root link and faces of each of the numbered links."""

    def __init__(self, meshes: Sequence[tuple[np.ndarray, np.ndarray]], links: Sequence[int]) -> None:
        self._scene = o3d.t.geometry.RaycastingScene(nthreads=1)
        for vertices, faces in meshes:
            self._scene.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(faces))
        self._vertices = np.concatenate([np.empty((0, 3), np.float32), *(vertices for vertices, _ in meshes)])
        self._links = np.array([*links, NOTHING])

    def bounds(self) -> np.ndarray:
        """Return the lowest and the highest x, y, z (2, 3), metres in the root link, of all that is drawn."""
        return np.stack([self._vertices.min(axis=0), self._vertices.max(axis=0)])

    def draw(self, placement: CameraPlacement) -> DrawnRobot:
        """Draw the robot into a camera; placement's world is the robot's root link."""
        camera, T_root_optical = placement.camera, placement.T_world_optical.astype(np.float32)
        depth = np.full((camera.height, camera.width), np.nan, np.float32)
        link = np.full(depth.shape, NOTHING)
        normal = np.zeros((*depth.shape, 3), np.float32)
        rows, columns = self._extent(placement)
        directions = camera.rays[rows, columns] @ T_root_optical[:3, :3].T
        if directions.size:
            rays = np.concatenate([np.broadcast_to(T_root_optical[:3, 3], directions.shape), directions], axis=-1)
            hits = self._scene.cast_rays(o3d.core.Tensor(rays), nthreads=1)
            distance, face_normal = hits['t_hit'].numpy(), hits['primitive_normals'].numpy()
            hit = np.isfinite(distance)
            depth[rows, columns] = np.where(hit, distance, np.nan)
            link[rows, columns] = self._links[np.where(hit, hits['geometry_ids'].numpy(), len(self._links) - 1)]
            away = (face_normal * directions).sum(-1, keepdims=True) > 0
            normal[rows, columns] = np.where(away, -face_normal, face_normal)
        return DrawnRobot(depth, link, normal)

    def _extent(self, placement: CameraPlacement) -> tuple[slice, slice]:
        """Return the rows and columns beyond which the robot cannot be."""
        camera = placement.camera
        pixels = camera.project(transform_points(invert_pose(placement.T_world_optical), self._vertices))
        if np.isnan(pixels).any():
            return slice(None), slice(None)
        if not len(pixels):
            return slice(0), slice(0)
        left, top = np.clip(np.floor(pixels.min(axis=0)), 0, [camera.width, camera.height]).astype(int)
        right, bottom = np.clip(np.ceil(pixels.max(axis=0)) + 1, 0, [camera.width, camera.height]).astype(int)
        return slice(top, bottom), slice(left, right)
