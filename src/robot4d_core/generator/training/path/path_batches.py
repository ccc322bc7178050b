# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Batches of grippers that are about to move, of all tasks with equal chances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch

from robot4d_core.errors import NoWindowError
from robot4d_core.generator.model.path.diffusion import encode_paths
from robot4d_core.generator.model.path.imagine_paths import conditioning_of
from robot4d_core.generator.model.path.network import PathConditioning, PathNetwork
from robot4d_core.generator.model.path.scene_cloud import SceneCloud
from robot4d_core.generator.training.batches import Batches, drawn
from robot4d_core.generator.training.path.disturbance import disturbed
from robot4d_core.generator.training.path.remembered_look import RememberedLook

MOVING_SHARE = 0.85  # of the grippers in a batch have something to do
ONE_VIEW_SHARE = 0.1  # are seen by one camera alone

Disturb = Callable[..., SceneCloud]  # what disturbed does


@dataclass(frozen=True)
class PathBatch:
    """given: B grippers; clean: their paths (B, FRAMES, PATH_CHANNELS); episodes: where they come from."""

    given: PathConditioning
    clean: torch.Tensor
    episodes: list[str]


def path_batches(
    looks: Sequence[RememberedLook], network: PathNetwork, disturb: Disturb = disturbed,
) -> Batches:
    """Return batches of looks, seen by one or two of their cameras and disturbed. Raises NoWindowError."""
    by_task: dict[str, dict[bool, list[tuple[RememberedLook, int]]]] = {}
    for look in looks:
        for gripper in range(look.tools.shape[1]):
            of_task = by_task.setdefault(look.task, {True: [], False: []})
            of_task[look.moves(gripper)].append((look, gripper))
    if not any(of_task[True] for of_task in by_task.values()):
        raise NoWindowError(f'no gripper moves in {len(looks)} looks; record others with `robot4d record --looks`')
    tasks = sorted(task for task, of_task in by_task.items() if of_task[True])

    def draw(size: int, rng: np.random.Generator) -> PathBatch:
        drawn_grippers = []
        for _ in range(size):
            of_task = by_task[tasks[rng.integers(len(tasks))]]
            grippers = of_task[rng.random() < MOVING_SHARE or not of_task[False]]
            drawn_grippers.append(grippers[rng.integers(len(grippers))])
        return path_batch(drawn_grippers, network, rng, disturb)

    return drawn(draw)


def path_batch(
    grippers: Sequence[tuple[RememberedLook, int]], network: PathNetwork, rng: np.random.Generator,
    disturb: Disturb = disturbed,
) -> PathBatch:
    """Return a batch of the given looks and grippers, disturbed."""
    given, workspace = [], np.array(network.config.workspace)
    for look, gripper in grippers:
        cameras = rng.permutation(len(look.clouds))[:1 if rng.random() < ONE_VIEW_SHARE else 2]
        cloud = SceneCloud.joined([
            disturb(look.clouds[camera], workspace, rng, inferred=number > 0)
            for number, camera in enumerate(cameras)])
        of_all = conditioning_of(
            cloud, look.tools[0], look.openings[0], network.config.stroke, network.config.points, rng)
        given.append({field.name: getattr(of_all, field.name)[gripper] for field in fields(of_all)})
    conditioning = PathConditioning(**{name: torch.stack([row[name] for row in given]) for name in given[0]})
    paths = encode_paths(
        *(torch.from_numpy(np.stack([getattr(look, name)[1:, gripper] for look, gripper in grippers])).float()
          for name in ('tools', 'openings', 'closed')),
        conditioning.tool, network.config.stroke)
    return PathBatch(conditioning, paths, [look.name for look, _ in grippers])
