# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Looks encoded once, beside the base of their video: what is learned is what the base lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from safetensors.torch import load_file

from robot4d_core.episodes.episode import Episode, told_closed
from robot4d_core.episodes.joined_stores import JoinedStores
from robot4d_core.episodes.recorded_robot import robot_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import camera_of, downsample_mask, gripper_mask, relative_pose
from robot4d_core.errors import InverseKinematicsError, NoWindowError
from robot4d_core.generator.model.base_video.robot_on_its_way import RobotOnItsWay
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.generator.training.batches import Batches, DiffusionBatch, drawn
from robot4d_core.generator.training.checkpoint import save_durably
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import depth_in_metres, pointmap_from_depth, transform_points, valid_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.observation import RobotState
from robot4d_core.prediction import FRAMES, GripperPath
from robot4d_core.robot.drawing import RobotDrawing
from robot4d_core.robot.robot import Robot

WITHOUT_PATH = 0.1  # share of the windows whose base is a frozen scene: the method as published
KNOWN_SHARE = 0.5  # of the pixels of a latent whose points must be known for it to count


@dataclass(frozen=True)
class EncodedLook:
    """What two cameras n and m saw, at latent resolution; all float16, points of m in frame n.

    name: of the look; conditioning: (2, D, h, w), see Conditioning; frozen: (2, C, h, w), what was observed; base and
    future: (2, T, C, h, w); gripper: (2, T, h, w) bool; known, frozen_known: (2, T, h, w) bool, whether the points are
    known in the future and in the base, or in the future and at the beginning.
    """

    name: str
    conditioning: torch.Tensor
    frozen: torch.Tensor
    base: torch.Tensor
    future: torch.Tensor
    gripper: torch.Tensor
    known: torch.Tensor
    frozen_known: torch.Tensor

    def save(self, path: Path) -> None:
        """Write the look as safetensors."""
        save_durably({entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != 'name'}, path)

    @classmethod
    def load(cls, path: Path, name: str) -> EncodedLook:
        """Read what save wrote of the look of a name."""
        return cls(name, **load_file(path))


def encode_looks(
    store: EpisodeStore | JoinedStores, names: Sequence[str], cameras: Sequence[int], pipeline: TwoViewPipeline,
    folder: Path, quiet: bool = False,
) -> list[EncodedLook]:
    """Encode looks with progress, each seen by a random pair of cameras; those that lie in folder are read from there.

    The robot is that of the cell. Looks whose path the arm cannot follow are left out. Raises
    EpisodeError.
    """
    ways: dict[Robot, RobotOnItsWay] = {}
    encoded = []
    for name in track(names, 'encoding looks', disable=quiet):
        file = folder / f'{name}.safetensors'
        if not file.exists():
            episode = store.read(name)
            robot = robot_of(store.attributes(name))
            if robot not in ways:
                ways[robot] = RobotOnItsWay(
                    robot, RobotDrawing(robot.description, robot.links), np.array(pipeline.path.config.workspace))
            pair = np.random.default_rng(list(name.encode())).choice(cameras, 2, replace=False)
            try:
                look = encode_look(name, episode, pair, pipeline, robot, ways[robot])
            except InverseKinematicsError:
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            look.save(file)
        encoded.append(EncodedLook.load(file, name))
    return encoded


def encode_look(
    name: str, episode: Episode, pair: Sequence[int], pipeline: TwoViewPipeline, robot: Robot,
    on_its_way: RobotOnItsWay,
) -> EncodedLook:
    """Encode a look as cameras n and m saw it. Raises InverseKinematicsError when no base can be drawn."""
    n, m = pair
    T_n_m = relative_pose(episode, n, m)
    rgb = np.stack([np.asarray(episode.rgb[camera]) for camera in pair])
    depths = [depth_in_metres(episode.depth[camera], '16UC1') for camera in pair]
    views = [CameraView(str(camera), camera_of(episode, camera), colours[0], depth[0])
             for camera, colours, depth in zip(pair, rgb, depths, strict=True)]
    own = np.stack([pointmap_from_depth(depth, view.camera) for depth, view in zip(depths, views, strict=True)])
    points = np.stack([own[0], transform_points(T_n_m, own[1])])
    base = on_its_way.draw(
        views, [np.eye(4), T_n_m], *_robot_of(episode, n, robot, pipeline.path.config.stroke))
    observed = pipeline.observe(rgb[:, 0], own[:, 0], T_n_m)

    def encoded(images: np.ndarray, pointmaps: np.ndarray) -> torch.Tensor:
        latents = pipeline.encode(images.reshape(-1, *images.shape[2:]), pointmaps.reshape(-1, *pointmaps.shape[2:]))
        return latents.unflatten(0, images.shape[:2]).half().cpu()

    factor = pipeline.rgb_autoencoder.latent_factor

    def known(pointmaps: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(downsample_mask(valid_points(pointmaps), factor, KNOWN_SHARE))

    grippers = gripper_mask(np.asarray(episode.segmentation)[list(pair), 1:])
    future_known = known(points[:, 1:])
    return EncodedLook(
        name, observed.conditioning.latents[0].half().cpu(), observed.latents.half().cpu(),
        encoded(base.rgb, base.pointmap), encoded(rgb[:, 1:], points[:, 1:]),
        torch.from_numpy(downsample_mask(grippers, factor, 0.0)),
        future_known & known(base.pointmap), future_known & known(points[:, :1]))


def _robot_of(episode: Episode, camera: int, robot: Robot, stroke: float) -> tuple[RobotState, list[GripperPath]]:
    """Return the robot's state at the beginning and where its grippers went, in the frame of a camera."""
    openings, closed = np.asarray(episode.opening), told_closed(episode, stroke)
    T_base_camera = np.asarray(episode.camera_poses)[camera]
    tools = invert_pose(T_base_camera) @ np.asarray(episode.gripper_poses)
    paths = [GripperPath(arm.gripper.name, tools[1:, k], openings[1:, k], closed[1:, k])
             for k, arm in enumerate(robot.arms)]
    return RobotState(robot.positions(episode.joints[0], openings[0]), T_base_camera), paths


def look_batches(looks: Sequence[EncodedLook]) -> Batches:
    """Return batches of the change against the base, which for some is a frozen scene. Raises NoWindowError."""
    if not looks:
        raise NoWindowError('there are no looks of which a video could be learned; record some with `robot4d record '
                            '--looks`')

    def draw(size: int, rng: np.random.Generator) -> DiffusionBatch:
        chosen = [looks[k] for k in rng.integers(len(looks), size=size)]
        frozen = rng.random(size) < WITHOUT_PATH
        bases = torch.stack([
            look.frozen[:, None].expand(-1, FRAMES, -1, -1, -1) if still else look.base
            for look, still in zip(chosen, frozen, strict=True)]).float()
        known = torch.stack([
            look.frozen_known if still else look.known for look, still in zip(chosen, frozen, strict=True)])
        conditioning, future, gripper = (
            torch.stack([getattr(look, name) for look in chosen]) for name in ('conditioning', 'future', 'gripper'))
        return DiffusionBatch(
            conditioning.float(), None, future.float() - bases, gripper, known, [look.name for look in chosen], bases)

    return drawn(draw)
