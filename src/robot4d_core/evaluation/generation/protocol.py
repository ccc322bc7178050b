# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The paper's Table 1 for one engine: how good its predictions are on cameras and objects it never trained on.

A scene that stays as it is (`hold`, told the true transform between the cameras) is always measured beside it. Mind
that a frozen scene is consistent across views; cross-view IoU does not ask whether a prediction is right.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from robot4d_core.episodes.recorded_robot import robot_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EngineError, EvaluationError
from robot4d_core.evaluation.generation.clip_scores import (
    VIEWS,
    ClipScores,
    frozen_scene,
    make_trackers,
    resting_grippers,
    score_clip,
    score_truth,
    segment_grippers,
    track_grippers,
    true_future,
)
from robot4d_core.evaluation.generation.clips import Clip, draw_clips, read_clip
from robot4d_core.evaluation.generation.protocol_report import PREDICTORS, GenerationReport, plot_report, print_report
from robot4d_core.evaluation.measurement_file import describe_machine, write_measurement
from robot4d_core.evaluation.metrics.fvd import VideoFeatures, clip_distances, frechet_distance
from robot4d_core.evaluation.metrics.gripper_masks import Segmenter, segment_by_colour
from robot4d_core.evaluation.metrics.horizon_error import observation_of
from robot4d_core.evaluation.metrics.image_errors import estimate
from robot4d_core.generator.engines.engine import Engine
from robot4d_core.prediction import FRAMES, Prediction
from robot4d_core.robot.robot import Robot
from robot4d_core.tracker.gripper_tracker import GripperTracker


@dataclass(frozen=True)
class Protocol:
    """What to measure on: count clips of a split, seen by cameras (a key of clips.CAMERAS).

    seed: of the clips and the sampler; steps: denoising steps, None for the engine's; i3d: TorchScript file for FVD;
    second_camera: name of the camera that is view m of every clip, None for another one of cameras.
    """

    split: str = 'held_out_objects'
    cameras: str = 'held_out'
    count: int = 25
    seed: int = 0
    steps: int | None = None
    i3d: Path | None = None
    second_camera: str | None = None

    def draw(self, store: EpisodeStore) -> list[tuple[str, int, int, int]]:
        """Draw the clips of a store, as draw_clips does; the same for every engine."""
        return draw_clips(store, self.split, self.cameras, self.count, self.seed, self.second_camera)


@dataclass(frozen=True)
class _Measured:
    """One clip: its place in the store, scores by predictor, and (2, F) features by predictor and of the truth."""

    place: tuple[str, int, int, int]
    scores: dict[str, ClipScores]
    ceiling: dict[str, float]
    features: dict[str, np.ndarray]
    seconds: float

    def to_dict(self) -> dict:
        numbers = {
            who: {**its.values, **{name: steps.tolist() for name, steps in its.steps.items()}}
            for who, its in self.scores.items()
        }
        return {'clip': _name(self.place), **numbers}


def evaluate_generation(
    store: EpisodeStore, engine: Engine, protocol: Protocol, segmenter: Segmenter = segment_by_colour,
    on_clip: Callable[[], None] = lambda: None,
) -> GenerationReport:
    """Let a started engine predict clips of a store and measure every prediction.

    A clip that the engine refuses is named in the report and left out, also of hold's numbers. on_clip is called after
    each clip.
    Raises EvaluationError for an engine that reads the simulator, or when no clip is left; NoWindowError.
    """
    if engine.needs_simulator:
        raise EvaluationError(
            f"engine '{engine.name}' renders the truth, so its numbers mean nothing here; choose diffusion or hold")
    network = VideoFeatures(protocol.i3d) if protocol.i3d else None
    places = protocol.draw(store)
    trackers = make_trackers(robot_of(store.attributes(places[0][0])))
    clips, failures = [], {}
    for k, place in enumerate(places):
        clip = read_clip(store, *place)
        if engine.needs_robot and k == 0 and clip.robot is not None:
            engine.use_robot(Robot.shipped_with(clip.robot.joints))
        observation = replace(observation_of(clip.window), robot=clip.robot)
        started = time.perf_counter()
        try:
            prediction = engine.predict(observation, steps=protocol.steps, seed=protocol.seed + k)
        except EngineError as error:
            failures[_name(place)] = str(error)
            on_clip()
            continue
        seconds = time.perf_counter() - started
        _refuse_other_size(clip, prediction)
        clips.append(_measure(place, clip, prediction, segmenter, trackers, network, seconds))
        on_clip()
    if not clips:
        raise EvaluationError(f'{engine.name} predicted none of {len(places)} clips: {next(iter(failures.values()))}')
    return GenerationReport(
        model=engine.name,
        protocol={
            'store': str(store.folder), **store.settings, 'split': protocol.split, 'cameras': protocol.cameras,
            'clips': len(clips), 'episodes': len({clip.place[0] for clip in clips}), 'seed': protocol.seed,
            'second_camera': protocol.second_camera, 'steps': protocol.steps, 'segmenter': segmenter.__name__,
            'i3d': str(protocol.i3d) if protocol.i3d else None,
        },
        machine=describe_machine('numpy', 'torch', 'torchmetrics'),
        values={who: _estimates([clip.scores[who].values for clip in clips]) for who in PREDICTORS},
        steps={who: _step_estimates([clip.scores[who] for clip in clips]) for who in PREDICTORS},
        fvd=_fvd([clip.features for clip in clips]) if network else None,
        ceiling=_estimates([clip.ceiling for clip in clips]),
        seconds=float(np.median([clip.seconds for clip in clips])),
        failures=failures,
        clips=[clip.to_dict() for clip in clips],
    )


def _name(place: tuple[str, int, int, int]) -> str:
    return '{}, step {}, cameras {} and {}'.format(*place)


def _measure(
    place: tuple[str, int, int, int], clip: Clip, prediction: Prediction, segmenter: Segmenter,
    trackers: list[GripperTracker], network: VideoFeatures | None, seconds: float,
) -> _Measured:
    predictions = {'model': prediction, 'hold': frozen_scene(clip)}
    paths = {'model': track_grippers(clip, prediction, trackers), 'hold': resting_grippers(clip)}
    scores = {
        who: score_clip(clip, its, segment_grippers(clip, its, segmenter), paths[who])
        for who, its in predictions.items()
    }
    features = {}
    if network is not None:
        features = {
            who: np.stack([network(view.rgb) for view in its.views])
            for who, its in (*predictions.items(), ('truth', true_future(clip)))
        }
    return _Measured(place, scores, score_truth(clip, segmenter), features, seconds)


def _refuse_other_size(clip: Clip, prediction: Prediction) -> None:
    predicted, recorded = prediction.views[0].camera, clip.window.cameras[0]
    if (predicted.width, predicted.height) != (recorded.width, recorded.height):
        raise EvaluationError(
            f'{prediction.model} predicts {predicted.width}x{predicted.height}, the store has '
            f'{recorded.width}x{recorded.height}; record with --size {predicted.width}x{predicted.height}')


def _estimates(values: list[dict[str, float]]) -> dict:
    return {name: estimate([its[name] for its in values]) for name in values[0]}


def _step_estimates(scores: list[ClipScores]) -> dict:
    return {
        name: [estimate([its.steps[name][step] for its in scores]) for step in range(FRAMES)]
        for name in scores[0].steps
    }


def _fvd(clips: list[dict[str, np.ndarray]]) -> dict[str, dict[str, float]]:
    """Return FVD over all clips and that of single clips, as the released code has it; clips: _Measured.features."""
    distances = {'FVD': frechet_distance, 'FVD of single clips': lambda *pair: clip_distances(*pair).mean()}
    features = {who: np.stack([clip[who] for clip in clips], axis=1) for who in clips[0]}
    return {
        who: {
            f'{name}-{view}': float(distance(predicted, true))
            for name, distance in distances.items()
            for view, predicted, true in zip(VIEWS, features[who], features['truth'], strict=True)
        }
        for who in PREDICTORS
    }


def write_report(report: GenerationReport, command: str, folder: Path, file: Path | None) -> None:
    """Print the report, draw it into folder, and write file (JSON), with the command that measured it, when given."""
    console = Console()
    print_report(report, console)
    words = 'generation', report.model.replace(':', '_'), report.protocol['split'], report.protocol['cameras']
    plot = folder / f'{"_".join(words)}.png'
    plot_report(report, plot)
    console.print(f'drawn over the horizon: {plot}', soft_wrap=True)
    if file is not None:
        write_measurement(file, command, report.to_dict())
