# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Grippers of other people's descriptions followed through renderings of these, whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.box_world import CAMERA, camera_pose, render, table_scene
from published_grippers import EACH, GRIPPERS, published_description, published_model
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.observation import Observation
from robot4d_core.prediction import PredictedView, Prediction
from robot4d_core.robot.drawing import RobotDrawing
from robot4d_core.tracker.gripper_tracker import GripperTracker

FRAMES, SEEDS = 10, (1, 2)
CAMERAS = {'reference': camera_pose(-25, target=(0, 0, 0.2)), 'second': camera_pose(30, target=(0, 0, 0.2))}
TABLE = table_scene(3)[:1]


class Film:
    """A gripper, its hand and what is below it, on a random way above a table."""

    def __init__(self, name: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.gripper, self.description = published_model(name).gripper, published_description(name)
        self.links = self.description.links_below(GRIPPERS[name].hand)
        self.drawing = RobotDrawing(self.description, self.links)
        surfaces = [self.description.surface(link) if link in self.links else None for link in self.description.links]
        self.colours = np.stack([np.full(3, 0.5) if surface is None else surface[1] for surface in surfaces])
        places = np.cumsum(rng.normal(0, 0.025, (FRAMES + 1, 3)), axis=0) + [0, 0, 0.25]
        turns = Rotation.from_euler('zyx', [rng.uniform(-180, 180), 0, 180], degrees=True)
        self.poses = []
        for place in places:
            turns = turns * Rotation.from_rotvec(rng.normal(0, np.deg2rad(7), 3))
            self.poses.append(make_pose(turns, np.clip(place, [-0.2, -0.2, 0.15], [0.2, 0.2, 0.4])))
        knots = rng.uniform(*self.gripper.range, 4)
        self.openings = np.interp(np.arange(FRAMES + 1), np.linspace(0, FRAMES, 4), knots)

    def view(self, name: str, frame: int) -> CameraView:
        rgb, depth = render(TABLE, CAMERAS[name])
        positions = self.gripper.positions(self.openings[frame])
        T_world_root = self.poses[frame] @ invert_pose(self.description.pose(self.gripper.names.tcp, positions))
        placement = CameraPlacement(name, invert_pose(T_world_root) @ CAMERAS[name], CAMERA)
        drawn = self.drawing.posed(positions).draw(placement)
        before = (drawn.depth < depth) | (np.isfinite(drawn.depth) & np.isnan(depth))
        light = 0.55 + 0.45 * np.abs(drawn.normal @ placement.T_world_optical[:3, 2])
        painted = 255 * self.colours[drawn.link] * light[..., None]
        return CameraView(name, CAMERA, np.where(before[..., None], painted, rgb).astype(np.uint8),
                          np.where(before, drawn.depth, depth))

    def errors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Track it; returns metres, degrees and metres of opening, NaN in frames in which it is lost."""
        T_reference_world = invert_pose(CAMERAS['reference'])
        views = {name: [self.view(name, frame) for frame in range(FRAMES + 1)] for name in CAMERAS}
        observation = Observation(0.0, 'reference', tuple(film[0] for film in views.values()))
        predicted = tuple(PredictedView(
            name, CAMERA, np.stack([view.rgb for view in film[1:]]),
            np.stack([transform_points(T_reference_world @ CAMERAS[name], pointmap_from_depth(view.depth, CAMERA))
                      for view in film[1:]]).astype(np.float32)) for name, film in views.items())
        prediction = Prediction(0.0, 'reference', 0.5 * np.arange(1, FRAMES + 1), predicted, 'truth')
        self.plan = plan = GripperTracker(published_model(self.gripper.name)).track(
            prediction, T_reference_world @ self.poses[0], float(self.openings[0]), observation)
        off = np.array([pose_distance(found, T_reference_world @ true)
                        for found, true in zip(plan.poses, self.poses[1:], strict=True)])
        lost = plan.confidence <= 0
        return tuple(np.where(lost, np.nan, values)
                     for values in (off[:, 0], np.degrees(off[:, 1]), np.abs(plan.opening - self.openings[1:])))


@pytest.mark.parametrize('name', EACH)
def test_published_grippers_are_followed_by_their_descriptions(name):
    metres, degrees, opening = np.concatenate([Film(name, seed).errors() for seed in SEEDS], axis=1)
    assert np.isfinite(metres).all()
    assert np.median(metres) < 0.003
    assert np.median(degrees) < 2.0
    assert np.median(opening) < 0.003
