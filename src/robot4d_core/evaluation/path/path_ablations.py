# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What each part of the path model is good for: the same training without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from rich.progress import track

from robot4d_core.episodes.joined_stores import JoinedStores
from robot4d_core.episodes.loader import episodes_of
from robot4d_core.episodes.splits import held_out_cameras, training_cameras
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import RecipeError
from robot4d_core.evaluation.path.path_errors import PathErrors
from robot4d_core.generator.model.path.diffusion import ALL_NOISE
from robot4d_core.generator.model.path.imagine_paths import imagine_in_base
from robot4d_core.generator.model.path.network import PathNetwork
from robot4d_core.generator.model.path.scene_cloud import SceneCloud
from robot4d_core.generator.model.path_first import PATH_STEPS
from robot4d_core.generator.training.loop import train_stage
from robot4d_core.generator.training.objectives import PathObjective
from robot4d_core.generator.training.path.disturbance import disturbed
from robot4d_core.generator.training.path.path_batches import Disturb, path_batches
from robot4d_core.generator.training.path.remembered_look import RememberedLook, remember_looks
from robot4d_core.generator.training.recipe import read_recipe

SENSED = ('as rendered', 'disturbed')  # how the validation looks are shown


@dataclass(frozen=True)
class Variant:
    """A path model that lacks something; steps: of denoising, 1 for the mean of all paths."""

    network: Callable[[], PathNetwork] = PathNetwork
    all_noise: float = ALL_NOISE
    steps: int = PATH_STEPS
    disturb: Disturb = disturbed


class _WithoutPlaces(PathNetwork):
    """Positions are told as numbers, not composed of what is seen."""

    def _position(self, queries, places, tool):
        return torch.zeros_like(super()._position(queries, places, tool))


class _WithoutDirections(PathNetwork):
    """Rotations are told as numbers, not composed of what is seen."""

    def _turn(self, queries, places, tool):
        return torch.zeros_like(super()._turn(queries, places, tool))


class _WithoutEither(_WithoutDirections, _WithoutPlaces):
    """Whole paths are told as numbers."""


class _Pooled(_WithoutEither):
    """All points are one vector, as in 3D Diffusion Policy."""

    def __init__(self) -> None:
        super().__init__()
        self.embed_point.register_forward_hook(lambda _, given, points: points.amax(1, keepdim=True).expand_as(points))


def _blind(hidden: slice) -> Callable[[], PathNetwork]:
    """Return what makes a network that is not shown some features of the points."""
    def make() -> PathNetwork:
        network = PathNetwork()
        shown = torch.ones(network.embed_point[0].in_features)
        shown[hidden] = 0
        network.embed_point.register_forward_pre_hook(lambda _, given: (given[0] * shown,))
        return network
    return make


def _undisturbed(cloud: SceneCloud, workspace: np.ndarray, rng: np.random.Generator, inferred: bool) -> SceneCloud:
    return cloud


VARIANTS = {
    'full': Variant(),
    'regression: learned from noise alone': Variant(all_noise=1.0, steps=1),
    'flow alone: no step learned from noise alone': Variant(all_noise=0.0),
    'positions not composed of places': Variant(_WithoutPlaces),
    'turns not composed of directions': Variant(_WithoutDirections),
    'neither': Variant(_WithoutEither),
    'points pooled into one vector': Variant(_Pooled),
    'no colours': Variant(_blind(slice(15, 18))),
    'no fine coordinates near the tool': Variant(_blind(slice(9, 12))),
    'no coordinates about the tool': Variant(_blind(slice(3, 12))),
    '64 points': Variant(lambda: PathNetwork(points=64)),
    'looks not disturbed': Variant(disturb=_undisturbed),
}


def read_looks(
    store: EpisodeStore | JoinedStores,
) -> tuple[list[RememberedLook], list[RememberedLook]]:
    """Return training looks of all training cameras, and validation looks of a camera that is held out and another."""
    cameras = training_cameras(store.settings['cameras'])
    seen_by = (held_out_cameras(store.settings['cameras'])[0], cameras[0])
    plain = PathNetwork().config

    def remembered(split: str, by: Sequence[int]) -> list[RememberedLook]:
        return remember_looks(store, episodes_of(store, split), by, np.array(plain.workspace), plain.stroke)

    return remembered('training', cameras), remembered('validation', seen_by)


def ablate(
    training: Sequence[RememberedLook], validation: Sequence[RememberedLook], names: Sequence[str] | None, steps: int,
    work: Path,
) -> dict[str, dict[str, PathErrors]]:
    """Train variants, all by default; return errors on the validation looks by SENSED and by name.

    steps: of training, with the settings of the recipe tabletop; work: folder of checkpoints, from which a killed run
    goes on. Raises RecipeError for a name that is none of VARIANTS.
    """
    names = list(VARIANTS) if names is None else names
    if unknown := sorted(set(names) - set(VARIANTS)):
        raise RecipeError(f'there is no variant {unknown}; known: {list(VARIANTS)}')
    settings = replace(read_recipe('tabletop').path, steps=steps)
    errors: dict[str, dict[str, PathErrors]] = {sensed: {} for sensed in SENSED}
    for name in names:
        variant = VARIANTS[name]
        torch.manual_seed(settings.seed)
        network = variant.network()
        train_stage(
            PathObjective(network, variant.all_noise), path_batches(training, network, variant.disturb), settings,
            work / name, Accelerator(cpu=True))
        network.eval()
        for sensed, disturb in zip(SENSED, (_undisturbed, disturbed), strict=True):
            errors[sensed][name] = _errors(network, variant.steps, validation, disturb)
    return errors


def _errors(network: PathNetwork, steps: int, looks: Sequence[RememberedLook], disturb: Disturb) -> PathErrors:
    errors, workspace = PathErrors(), np.array(network.config.workspace)
    for number, look in enumerate(track(looks, 'imagining paths')):
        rng = np.random.default_rng(number)
        cloud = SceneCloud.joined([
            disturb(cloud, workspace, rng, inferred=place > 0) for place, cloud in enumerate(look.clouds)])
        poses, _, closed = imagine_in_base(network, cloud, look.tools[0], look.openings[0], steps, rng)
        for gripper in filter(look.moves, range(len(poses))):
            errors.add(poses[gripper], closed[gripper], look.tools[:, gripper], look.closed[:, gripper])
    return errors
