# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From what is observed to where every gripper goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import torch

from robot4d_core.generator.model.path.diffusion import decode_paths, sample_paths
from robot4d_core.generator.model.path.network import PathConditioning, PathNetwork
from robot4d_core.generator.model.path.scene_cloud import SceneCloud, cloud_of_view
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.observation import RobotState
from robot4d_core.prediction import GripperPath
from robot4d_core.robot.drawing import RobotDrawing
from robot4d_core.robot.robot import Robot

FUTURES = 8  # paths that are drawn


class PathImagination:
    """Imagines the paths of all grippers of a robot with a trained network."""

    def __init__(self, network: PathNetwork, robot: Robot, drawing: RobotDrawing) -> None:
        """Take the network and what draws the arms of the robot."""
        self._network, self._robot, self._drawing = network, robot, drawing
        self._T_root_base = robot.description.pose(robot.base_frame)

    def imagine(
        self, views: Sequence[CameraView], placements: Sequence[np.ndarray], state: RobotState,
        steps: int, rng: np.random.Generator,
    ) -> tuple[GripperPath, ...]:
        """Return the most agreed on of several paths of every gripper, in the frame of the reference camera.

        views: of the network's image size; placements: T_reference_optical (4, 4) of each; steps: denoising steps,
        1 for the mean of all paths. Every one of the paths is drawn from other points of the scene.
        """
        cloud = self.scene(views, placements, state)
        poses, opening, closed = imagine_in_base(
            self._network, cloud, self._robot.tools(state.joints), self._robot.openings(state.joints), steps, rng)
        T_reference_base = invert_pose(state.T_base_reference)
        return tuple(
            GripperPath(arm.gripper.name, T_reference_base @ of_arm[0], of_arm[1].astype(float), of_arm[2])
            for arm, of_arm in zip(self._robot.arms, zip(poses, opening, closed), strict=True))

    def scene(
        self, views: Sequence[CameraView], placements: Sequence[np.ndarray], state: RobotState,
    ) -> SceneCloud:
        """Return what the views show beside the robot, in the base frame."""
        posed, workspace = self._drawing.posed(state.joints), np.array(self._network.config.workspace)
        clouds = [cloud_of_view(view, state.T_base_reference @ placement, self._T_root_base, posed, workspace)
                  for view, placement in zip(views, placements, strict=True)]
        return SceneCloud.joined(clouds)


def imagine_in_base(
    network: PathNetwork, cloud: SceneCloud, tools: np.ndarray, openings: np.ndarray, steps: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return poses (G, T, 4, 4) T_base_tcp, openings (G, T) metres and closed (G, T) bool of G grippers.

    cloud: what stands about them, base frame; tools (G, 4, 4) T_base_tcp and openings (G,) metres: how they are now.
    """
    stroke, points = network.config.stroke, network.config.points
    given = joined([conditioning_of(cloud, tools, openings, stroke, points, rng) for _ in range(FUTURES)])
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    futures = sample_paths(network, given, steps, generator).unflatten(0, (FUTURES, len(tools)))
    poses, opening, closed = decode_paths(most_agreed(futures), given.tool[:len(tools)], stroke)
    return poses.numpy(), opening.numpy(), closed.numpy()


def most_agreed(futures: torch.Tensor) -> torch.Tensor:
    """Return the mean of that half of S futures (S, G, T, PATH_CHANNELS) that is nearest to the one in their middle.

    Grippers that act together are judged together. The mean of all would lie between two ways to go on, and a single
    one has the noise of its draw.
    """
    flat = futures.flatten(1)
    distances = torch.cdist(flat, flat)
    middle = distances.sum(dim=1).argmin()
    nearest = distances[middle].argsort()[:max(1, len(futures) // 2)]
    return futures[nearest].mean(dim=0)


def joined(parts: Sequence[PathConditioning]) -> PathConditioning:
    """Return what several batches are told as one."""
    return PathConditioning(**{
        field.name: torch.cat([getattr(part, field.name) for part in parts]) for field in fields(PathConditioning)})


def conditioning_of(
    cloud: SceneCloud, tools: np.ndarray, openings: np.ndarray, stroke: float, count: int, rng: np.random.Generator
) -> PathConditioning:
    """Return what the network is told of G grippers: tools (G, 4, 4) T_base_tcp, openings (G,) metres.

    count: of the cloud's points that it is shown. G is 1 or 2.
    """
    grippers = len(tools)
    some = cloud.some(count, rng)
    points, colours = np.zeros((count, 3), np.float32), np.zeros((count, 3), np.float32)
    points[:len(some.points)], colours[:len(some.points)] = some.points, some.colours / 255
    known = np.arange(count) < max(1, len(some.points))

    def repeated(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values).expand(grippers, *values.shape)

    own_tools, own_openings = torch.from_numpy(np.asarray(tools)).float(), torch.from_numpy(openings / stroke).float()
    return PathConditioning(
        points=repeated(points), colours=repeated(colours), known=repeated(known), tool=own_tools,
        opening=own_openings, other_tool=own_tools.flip(0), other_opening=own_openings.flip(0),
        other_there=torch.full((grippers,), grippers > 1), arm=torch.arange(grippers))
