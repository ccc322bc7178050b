# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How well the tracker reads gripper poses out of perfect predictions: the oracle's, against the simulator's truth."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.generator.engines.oracle import OracleEngine
from robot4d_core.geometry.poses import invert_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.observation import Observation
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES, Prediction
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.robot.names import read_arm_names
from robot4d_core.tracker.gripper_tracker import GripperTracker, TrackerSettings
from robot4d_core.tracker.opening_over_time import closed_over_time

LONGEST_START = 10.0  # seconds into the task at which a prediction may begin


@dataclass(frozen=True)
class TrackingCase:
    """One prediction and what truly happened.

    initial_pose: T_reference_tcp at the observation; poses: (T, 4, 4) T_reference_tcp; openings: (T,) metres.
    """

    seed: int
    observation: Observation
    prediction: Prediction
    initial_pose: np.ndarray
    initial_opening: float
    poses: np.ndarray
    openings: np.ndarray


@dataclass(frozen=True)
class TrackingErrors:
    """Errors per predicted frame, (T,): metres, radians, metres; closed_right: open or closed told rightly."""

    seed: int
    translation: np.ndarray
    rotation: np.ndarray
    opening: np.ndarray
    closed_right: np.ndarray
    confidence: np.ndarray
    seconds: float


def make_case(task: str, seed: int, width: int = 320, height: int = 256) -> TrackingCase:
    """Let the expert work for a random while in the cell of seed, then film what it does next."""
    scene = Scene.sample(task, seed, width, height)
    cell = RobotCell(scene)
    Expert(cell).advance(np.random.default_rng([seed, 2]).uniform(0.0, LONGEST_START))
    observation = cell.observe()
    cell.close()  # one renderer at a time
    T_reference_world = invert_pose(scene.cameras[0].T_world_optical)
    initial = T_reference_world @ cell.arms[0].gripper_pose(), cell.arms[0].gripper_opening
    oracle = OracleEngine(width, height)
    prediction = oracle.predict(observation)
    oracle.stop()
    expert, poses, openings = Expert(cell), [], []
    for _ in range(FRAMES):
        expert.advance(FRAME_INTERVAL)
        poses.append(T_reference_world @ cell.arms[0].gripper_pose())
        openings.append(cell.arms[0].gripper_opening)
    return TrackingCase(seed, observation, prediction, *initial, np.stack(poses), np.array(openings))


def measure(case: TrackingCase, plan: GripperPlan, model: GripperModel, seconds: float) -> TrackingErrors:
    """Compare a plan with the truth; the true gripper is open or closed by the same thresholds as the tracked one."""
    distances = np.array([pose_distance(*pair) for pair in zip(plan.poses, case.poses, strict=True)])
    closed = closed_over_time(model, case.initial_opening, case.openings)
    return TrackingErrors(
        case.seed, *distances.T, np.abs(plan.opening - case.openings), plan.closed == closed,
        plan.confidence, seconds)


def summarise(trials: list[TrackingErrors]) -> dict[str, float]:
    """Return medians and 95th percentiles over all frames that were not lost, and the shares of lost and right ones."""
    def over_frames(name: str) -> np.ndarray:
        return np.concatenate([getattr(trial, name) for trial in trials])

    found = over_frames('confidence') > 0
    summary = {'frames': int(found.size), 'lost_share': float((~found).mean())}
    if found.any():
        for name, factor, unit in (
            ('translation', 1000, 'mm'), ('rotation', np.degrees(1.0), 'deg'), ('opening', 1000, 'mm')
        ):
            values = over_frames(name)[found] * factor
            summary[f'{name}_median_{unit}'] = float(np.median(values))
            summary[f'{name}_p95_{unit}'] = float(np.percentile(values, 95))
        summary['closed_right_share'] = float(over_frames('closed_right')[found].mean())
        summary['confidence_median'] = float(np.median(over_frames('confidence')[found]))
    summary['seconds_per_prediction'] = float(np.mean([trial.seconds for trial in trials]))
    return summary


def evaluate_tracking(
    task: str = 'PutSpatulaOnTable',
    trials: int = 20,
    seed: int = 0,
    modes: tuple[str, ...] = ('fused', 'best_view'),
    json_path: Path | None = None,
) -> dict[str, dict[str, float]]:
    """Track oracle predictions of random scenes and cameras in every mode; print a table, write JSON if asked.

    Returns the summary of each mode.
    """
    from rich.progress import track

    model = GripperModel.from_description(RobotDescription.shipped(), read_arm_names()[0].gripper)
    trackers = {mode: GripperTracker(model, TrackerSettings(mode=mode)) for mode in modes}
    results: dict[str, list[TrackingErrors]] = {mode: [] for mode in modes}
    for number in track(range(seed, seed + trials), description=f'tracking oracle predictions, {task}'):
        case = make_case(task, number)
        for mode, tracker in trackers.items():
            begin = time.process_time()
            plan = tracker.track(case.prediction, case.initial_pose, case.initial_opening, case.observation)
            results[mode].append(measure(case, plan, model, time.process_time() - begin))
    summaries = {mode: summarise(errors) for mode, errors in results.items()}
    _print_table(task, trials, summaries)
    if json_path is not None:
        frames = {mode: [_as_lists(trial) for trial in errors] for mode, errors in results.items()}
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(
            {'task': task, 'seed': seed, 'machine': platform.processor() or platform.machine(),
             'summary': summaries, 'trials': frames}, indent=1))
    return summaries


def _as_lists(trial: TrackingErrors) -> dict:
    return {name: np.asarray(value).tolist() for name, value in asdict(trial).items()}


def _print_table(task: str, trials: int, summaries: dict[str, dict[str, float]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f'tracking on {trials} oracle predictions, {task}; seconds of one core of {platform.machine()}')
    table.add_column('')
    for mode in summaries:
        table.add_column(mode, justify='right')
    for name in max(summaries.values(), key=len):
        table.add_row(name.replace('_', ' '), *(f'{summary.get(name, np.nan):.3g}' for summary in summaries.values()))
    Console().print(table)
