# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The paper's Table 1 for one engine: how good its predictions are on cameras and objects it never trained on.

A scene that stays as it is (`hold`, told the true transform between the cameras) is always measured beside it. Mind
that a frozen scene is consistent across views; cross-view IoU does not ask whether a prediction is right.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EngineError, EvaluationError
from robot4d_core.evaluation.clip_scores import (
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
from robot4d_core.evaluation.clips import Clip, draw_clips, read_clip
from robot4d_core.evaluation.fvd import VideoFeatures, clip_distances, frechet_distance
from robot4d_core.evaluation.generation_report import PREDICTORS, GenerationReport, plot_report, print_report
from robot4d_core.evaluation.gripper_masks import Segmenter, segment_by_colour
from robot4d_core.evaluation.horizon_error import observation_of
from robot4d_core.evaluation.machine import describe_machine
from robot4d_core.evaluation.metrics import estimate
from robot4d_core.generator.engine import Engine
from robot4d_core.prediction import FRAMES, Prediction


@dataclass(frozen=True)
class Protocol:
    """What to measure on: count clips of a split, seen by cameras (a key of clips.CAMERAS).

    seed: of the clips and the sampler; steps: denoising steps, None for the engine's; i3d: TorchScript file for FVD.
    """

    split: str = 'held_out_objects'
    cameras: str = 'held_out'
    count: int = 25
    seed: int = 0
    steps: int | None = None
    i3d: Path | None = None


def evaluate_generation(
    store: EpisodeStore, engine: Engine, protocol: Protocol, segmenter: Segmenter = segment_by_colour,
) -> GenerationReport:
    """Let a started engine predict clips of a store and measure every prediction.

    A clip that the engine refuses is named in the report and left out, also of hold's numbers.
    Raises EvaluationError for an engine that reads the simulator, or when no clip is left; NoWindowError.
    """
    if engine.needs_simulator:
        raise EvaluationError(
            f"engine '{engine.name}' renders the truth, so its numbers mean nothing here; choose diffusion or hold")
    features = VideoFeatures(protocol.i3d) if protocol.i3d else None
    places = draw_clips(store, protocol.split, protocol.cameras, protocol.count, protocol.seed)
    scores, videos = {who: [] for who in PREDICTORS}, {who: [] for who in (*PREDICTORS, 'truth')}
    ceilings, seconds, failures, measured, trackers = [], [], {}, [], None
    for k, place in enumerate(track(places, f'measuring {engine.name}', console=Console(stderr=True))):
        clip = read_clip(store, *place)
        trackers = trackers or make_trackers(len(clip.poses))
        started = time.perf_counter()
        try:
            prediction = engine.predict(observation_of(clip.window), steps=protocol.steps, seed=protocol.seed + k)
        except EngineError as error:
            failures[_name(clip)] = str(error)
            continue
        seconds.append(time.perf_counter() - started)
        _refuse_other_size(clip, prediction)
        predictions = {'model': prediction, 'hold': frozen_scene(clip), 'truth': true_future(clip)}
        paths = {'model': track_grippers(clip, prediction, trackers), 'hold': resting_grippers(clip)}
        for who in PREDICTORS:
            masks = segment_grippers(clip, predictions[who], segmenter)
            scores[who].append(score_clip(clip, predictions[who], masks, paths[who]))
        for who, its in predictions.items() if features else ():
            videos[who].append([features(view.rgb) for view in its.views])
        ceilings.append(score_truth(clip, segmenter))
        measured.append(clip)
    if not measured:
        raise EvaluationError(f'{engine.name} predicted none of {len(places)} clips: {next(iter(failures.values()))}')
    return GenerationReport(
        model=engine.name,
        protocol={
            'store': str(store.folder), **store.settings, 'split': protocol.split, 'cameras': protocol.cameras,
            'clips': len(measured), 'episodes': len({clip.episode for clip in measured}), 'seed': protocol.seed,
            'steps': protocol.steps, 'segmenter': segmenter.__name__,
            'i3d': str(protocol.i3d) if protocol.i3d else None,
        },
        machine=describe_machine('numpy', 'torch', 'torchmetrics'),
        values={who: _estimates([its.values for its in scores[who]]) for who in PREDICTORS},
        steps={who: _step_estimates(scores[who]) for who in PREDICTORS},
        fvd=_fvd({who: np.array(its) for who, its in videos.items()}) if features else None,
        ceiling=_estimates(ceilings),
        seconds=float(np.median(seconds)),
        failures=failures,
        clips=[
            {'clip': _name(clip), **{who: scores[who][k].values for who in PREDICTORS}}
            for k, clip in enumerate(measured)
        ],
    )


def _name(clip: Clip) -> str:
    return f'{clip.episode}, step {clip.start}, cameras {clip.cameras[0]} and {clip.cameras[1]}'


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


def _fvd(features: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """features: (clips, 2, F) by predictor, and of the truth; both FVD over all clips and the released code's."""
    return {
        who: {
            f'{name}-{view}': float(distance(features[who][:, v], features['truth'][:, v]))
            for name, distance in (
                ('FVD', frechet_distance), ('FVD of single clips', lambda *pair: clip_distances(*pair).mean()))
            for v, view in enumerate(VIEWS)
        }
        for who in PREDICTORS
    }


def write_report(report: GenerationReport, folder: Path, file: Path | None) -> None:
    """Print the report, draw it into folder, and write file (JSON) when given."""
    console = Console()
    print_report(report, console)
    words = 'generation', report.model.replace(':', '_'), report.protocol['split'], report.protocol['cameras']
    plot = folder / f'{"_".join(words)}.png'
    plot_report(report, plot)
    console.print(f'drawn over the horizon: {plot}', soft_wrap=True)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report.to_dict(), indent=1, allow_nan=False) + '\n')
