# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Errors of imagined paths on looks: the expert's next seconds from a robot at rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from scipy.stats import bootstrap

from robot4d_core.episodes.episode import told_closed
from robot4d_core.episodes.joined_stores import JoinedStores
from robot4d_core.episodes.recorded_look import read_episode_look
from robot4d_core.episodes.recorded_robot import robot_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EngineError, ModelError
from robot4d_core.evaluation.text_table import Grid
from robot4d_core.generator.model.load_pipeline import load_pipeline
from robot4d_core.generator.model.model_folder import ModelFolder
from robot4d_core.generator.model.path_first import PathFirst
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.prediction import FRAME_INTERVAL
from robot4d_core.robot.robot import Robot

SHOWN = (0, 1, 4, 9)  # steps in the table
SOON = 5  # steps, as many as are carried out before the next look, or more
MOVES = 0.01  # metres; grippers that have nothing to do are not counted
SECOND_VIEWS = ('placed', 'missing')


@dataclass
class PathErrors:
    """Of K grippers over T steps: position (K, T) metres, turn (K, T) rad, closed_right (K, T) bool.

    aside: (K, SOON) metres, how far the first steps are from the expert's way, however fast he goes it; refused: looks
    whose second view could not be placed, by reason; placement: metres and rad by which the others' second camera was
    misplaced.
    """

    position: list[np.ndarray] = field(default_factory=list)
    turn: list[np.ndarray] = field(default_factory=list)
    closed_right: list[np.ndarray] = field(default_factory=list)
    aside: list[np.ndarray] = field(default_factory=list)
    placement: list[tuple[float, float]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def add(self, poses: np.ndarray, closed: np.ndarray, true_poses: np.ndarray, true_closed: np.ndarray) -> None:
        """Add a gripper: its imagined steps (T, ...), and the true ones, (1 + T, ...) with where it was."""
        errors = [pose_distance(pose, true) for pose, true in zip(poses, true_poses[1:], strict=True)]
        distances, turns = np.array(errors).T
        self.position.append(distances)
        self.turn.append(turns)
        self.closed_right.append(closed == true_closed[1:])
        self.aside.append(_distances_to_way(poses[:SOON, :3, 3], true_poses[:, :3, 3]))


def measure_paths(
    store: EpisodeStore | JoinedStores, names: Sequence[str], model: Path, cameras: tuple[str, str],
    second_view: str, seed: int = 0,
) -> dict[str, PathErrors]:
    """Imagine the paths of looks and compare them with what the expert did, by task; shows progress.

    cameras: n and m; second_view: one of SECOND_VIEWS. Raises ModelError for a model without paths.
    """
    folder = ModelFolder.open(model)
    folder.check()
    pipeline = load_pipeline(folder)
    if pipeline.path is None:
        raise ModelError(f'{model} imagines no paths; give a model of the recipe tabletop')
    imaginations: dict[Robot, PathFirst] = {}
    errors: dict[str, PathErrors] = {}
    for number, name in enumerate(track(names, 'imagining paths')):
        episode, attributes = store.read(name), store.attributes(name)
        robot = robot_of(attributes)
        if robot not in imaginations:
            imaginations[robot] = PathFirst(pipeline, robot)
        of_task = errors.setdefault(str(attributes.get('task')), PathErrors())
        _measure(of_task, imaginations[robot], store.folder / name, episode, cameras, second_view, folder.image_size,
                 np.random.default_rng([seed, number]))
    return errors


def _measure(errors, imagination, path, episode, cameras, second_view, size, rng) -> None:
    look = read_episode_look(path, 0, cameras)
    observation = look.observation
    views = [view.resized(*size) for view in observation.views]
    placements = (np.eye(4),)
    if second_view == 'placed':
        try:
            placements = imagination.place(views)
        except EngineError as error:
            errors.refused.append(str(error))
            return
        errors.placement.append(pose_distance(placements[1], look.T_n_m))
    paths = imagination.imagine_paths(views[:len(placements)], placements, observation.robot, rng)
    T_base_n = observation.robot.T_base_reference
    true, closed = np.asarray(episode.gripper_poses), told_closed(episode, imagination.stroke)
    for gripper, imagined in enumerate(paths):
        moves = np.linalg.norm(true[:, gripper, :3, 3] - true[0, gripper, :3, 3], axis=1).max() > MOVES
        if moves:
            errors.add(T_base_n @ imagined.poses, imagined.closed, true[:, gripper], closed[:, gripper])


def _distances_to_way(points: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Return (N,) how far points (N, 3) are from the straight lines between each of way (M, 3) and the next."""
    begin, along = way[:-1], np.diff(way, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = (((points[:, None] - begin) * along).sum(axis=2) / length).clip(0, 1)
    return np.linalg.norm(points[:, None] - (begin + share[..., None] * along), axis=2).min(axis=1)


def summary(errors: PathErrors) -> dict:
    """Return the numbers of a task as JSON values: millimetres, degrees, shares, 95 % bootstrap intervals."""
    position, turn, aside = 1e3 * np.array(errors.position), np.rad2deg(errors.turn), 1e3 * np.array(errors.aside)
    at = FRAME_INTERVAL * np.arange(1, position.shape[1] + 1)
    steps = [{
        'seconds': float(time), 'median_mm': float(np.median(values)), 'p90_mm': float(np.percentile(values, 90)),
        'median_interval_mm': _interval(values, np.median),
        'p90_interval_mm': _interval(values, lambda sample, axis: np.percentile(sample, 90, axis=axis)),
        'median_turn_deg': float(np.median(angles)),
    } for time, values, angles in zip(at, position.T, turn.T, strict=True)]
    return {
        'grippers': len(position), 'steps': steps, 'closed_right': float(np.mean(errors.closed_right)),
        'aside_median_mm': float(np.median(aside)), 'aside_p90_mm': float(np.percentile(aside, 90)),
        'refused': len(errors.refused),
        'placement_mm': float(1e3 * np.median([p[0] for p in errors.placement])) if errors.placement else None,
    }


def print_path_errors(errors: dict[str, PathErrors], title: str, console: Console) -> dict[str, dict]:
    """Print a table, the medians with the 90th percentiles; returns the numbers by task."""
    numbers = {task: summary(of_task) for task, of_task in errors.items() if of_task.position}
    rows = []
    for task, of_task in numbers.items():
        steps = [of_task['steps'][k] for k in SHOWN]
        cells = [f"{step['median_mm']:.1f} ({step['p90_mm']:.0f})" for step in steps]
        low, high = of_task['steps'][SHOWN[2]]['median_interval_mm']
        rows.append([task, str(of_task['grippers']), *cells, f'{low:.1f} to {high:.1f}',
                     f"{of_task['steps'][SHOWN[2]]['median_turn_deg']:.1f}",
                     f"{of_task['aside_median_mm']:.1f} ({of_task['aside_p90_mm']:.0f})",
                     f"{of_task['closed_right']:.1%}", str(of_task['refused'])])
    times = [f'{FRAME_INTERVAL * (k + 1):g} s' for k in SHOWN]
    header = ['task', 'grippers', *times, f'interval at {times[2]}', f'turn at {times[2]}', 'aside', 'closed right',
              'refused']
    Grid(title, header, rows).print(console)
    return numbers


def _interval(values: np.ndarray, statistic) -> list[float] | None:
    if len(values) < 2:
        return None
    found = bootstrap((values,), statistic, n_resamples=1000, method='percentile', rng=np.random.default_rng(0))
    return [float(found.confidence_interval.low), float(found.confidence_interval.high)]
