# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How well the tracker reads gripper poses out of perfect predictions: the oracle's, against the simulator's truth."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.tasks.by_name import make_task
from robot4d_core.generator.engines.oracle import OracleEngine
from robot4d_core.geometry.poses import invert_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.observation import Observation
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES, Prediction
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.robot.names import CELL
from robot4d_core.robot.robot import Robot
from robot4d_core.text_files import write_text
from robot4d_core.tracker.gripper_tracker import GripperTracker, TrackerSettings, track_grippers
from robot4d_core.tracker.opening_over_time import closed_over_time

LONGEST_START = 10.0  # seconds into the task at which a prediction may begin


@dataclass(frozen=True)
class TrackingCase:
    """One prediction and what truly happened to the G grippers of the robot.

    initial_poses: (G, 4, 4) T_reference_tcp and initial_openings: (G,) metres at the observation; poses: (G, T, 4, 4)
    T_reference_tcp; openings: (G, T) metres.
    """

    seed: int
    observation: Observation
    prediction: Prediction
    initial_poses: np.ndarray
    initial_openings: np.ndarray
    poses: np.ndarray
    openings: np.ndarray


@dataclass(frozen=True)
class TrackingErrors:
    """Errors of one gripper per predicted frame, (T,): metres, radians, metres.

    closed_right: open or closed told rightly; seconds: that tracking all grippers of the prediction took.
    """

    seed: int
    gripper: str
    translation: np.ndarray
    rotation: np.ndarray
    opening: np.ndarray
    closed_right: np.ndarray
    confidence: np.ndarray
    seconds: float


def make_case(task: str, seed: int, width: int = 320, height: int = 256, robot: str = CELL) -> TrackingCase:
    """Let the expert work for a random while in the cell of seed, then film what it does next."""
    scene = Scene.sample(task, seed, width, height, robot=robot)
    cell = RobotCell(scene)
    Expert(cell).advance(np.random.default_rng([seed, 2]).uniform(0.0, LONGEST_START))
    observation = cell.observe()
    cell.close()  # one renderer at a time
    T_reference_world = invert_pose(scene.cameras[0].T_world_optical)

    def grippers() -> tuple[np.ndarray, np.ndarray]:
        poses = np.stack([T_reference_world @ arm.gripper_pose() for arm in cell.arms])
        return poses, np.array([arm.gripper_opening for arm in cell.arms])

    initial = grippers()
    oracle = OracleEngine(width, height)
    prediction = oracle.predict(observation)
    oracle.stop()
    expert, future = Expert(cell), []
    for _ in range(FRAMES):
        expert.advance(FRAME_INTERVAL)
        future.append(grippers())
    poses, openings = (np.stack(values, axis=1) for values in zip(*future, strict=True))
    return TrackingCase(seed, observation, prediction, *initial, poses, openings)


def measure(
    case: TrackingCase, plans: Sequence[GripperPlan], models: Sequence[GripperModel], seconds: float
) -> list[TrackingErrors]:
    """Compare the plans of all grippers with the truth.

    The true gripper is open or closed by the same thresholds as the tracked one.
    """
    errors = []
    for plan, model, opening, poses, openings in zip(
        plans, models, case.initial_openings, case.poses, case.openings, strict=True
    ):
        distances = np.array([pose_distance(*pair) for pair in zip(plan.poses, poses, strict=True)])
        errors.append(TrackingErrors(
            case.seed, plan.gripper, *distances.T, np.abs(plan.opening - openings),
            plan.closed == closed_over_time(model, opening, openings), plan.confidence, seconds))
    return errors


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
    robot: str = CELL,
) -> dict[str, dict[str, float]]:
    """Track every gripper through oracle predictions of random scenes and cameras in every mode.

    Prints a table, writes JSON if asked, and returns the summary of each mode.
    """
    from rich.progress import track

    its = Robot.shipped(make_task(task).arms, robot)
    models = [GripperModel.from_description(its.description, arm.gripper) for arm in its.arms]
    trackers = {
        mode: [GripperTracker(model, TrackerSettings(mode=mode, gripper=arm.gripper.name))
               for model, arm in zip(models, its.arms, strict=True)]
        for mode in modes}
    results: dict[str, list[TrackingErrors]] = {mode: [] for mode in modes}
    for number in track(range(seed, seed + trials), description=f'tracking oracle predictions, {task}'):
        case = make_case(task, number, robot=robot)
        for mode, of_mode in trackers.items():
            begin = time.process_time()
            plans = track_grippers(
                of_mode, case.prediction, case.initial_poses, case.initial_openings.tolist(), case.observation)
            results[mode] += measure(case, plans, models, time.process_time() - begin)
    summaries = {mode: summarise(errors) for mode, errors in results.items()}
    _print_table(task, trials, summaries)
    if json_path is not None:
        frames = {mode: [_as_lists(trial) for trial in errors] for mode, errors in results.items()}
        json_path.parent.mkdir(parents=True, exist_ok=True)
        write_text(json_path, json.dumps(
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
