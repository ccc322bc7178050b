# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a demo leaves behind: summary.json, a picture, a video, and the table that `robot4d report` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot4d_core.errors import EpisodeError
from robot4d_core.evaluation.demo_cycle import DemoCycle
from robot4d_core.evaluation.demo_pictures import draw_cycles, film_cycles
from robot4d_core.geometry.poses import invert_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.observation import SimulatorState
from robot4d_core.text_files import write_text
from robot4d_core.tracker.path_agreement import farthest_from_path


@dataclass(frozen=True)
class DemoOutcome:
    """How the demo ended.

    loop_ended: run_task came to a result of its own (not a crash, a time-out or Ctrl-C);
    missing: what keeps the task from being done, judged by the simulator from object poses, never by the planner.
    """

    task: str
    engine: str
    model: str
    loop_ended: bool
    loop_message: str
    missing: tuple[str, ...]
    wall_time: float


def summarise(cycles: list[DemoCycle], outcome: DemoOutcome) -> dict:
    """Return everything that summary.json holds: times, pose errors against the simulator, the verdict."""
    return {
        'task': outcome.task,
        'engine': outcome.engine,
        'model': outcome.model,
        'success': not outcome.missing,
        'missing': list(outcome.missing),
        'success_judged_by': 'the simulator, from object poses',
        'loop_ended': outcome.loop_ended,
        'loop_message': outcome.loop_message,
        'wall_time_s': round(outcome.wall_time, 2),
        'cycles': [_summarise_cycle(cycle) for cycle in cycles],
    }


def _summarise_cycle(cycle: DemoCycle) -> dict:
    row = {
        'predict_s': round(cycle.predict, 2),
        'track_s': round(cycle.track, 2),
        'execute_s': round(cycle.execute, 2),
        'steps': cycle.steps,
        'outcome': cycle.outcome,
    }
    if cycle.plans:
        weakest = np.min([plan.confidence for plan in cycle.plans], axis=0)
        row['confidence'] = [round(float(c), 3) for c in weakest]
        row['lost'] = cycle.lost
        if (farthest := farthest_from_path(cycle.plans)) is not None:
            row['farthest_from_path_mm'] = round(1000 * farthest, 1)
        if not cycle.lost:
            row['reach_mm'] = round(1000 * cycle.reach(), 1)
            if cycle.simulator is not None:
                metres, radians = plan_errors(cycle.plans, cycle.simulator)
                row['pose_error_mm'] = [round(1000 * e, 1) for e in metres]
                row['pose_error_deg'] = [round(float(np.degrees(e)), 2) for e in radians]
    return row


def plan_errors(plans: Sequence[GripperPlan], simulator: SimulatorState) -> tuple[list[float], list[float]]:
    """Compare plans with what the scripted expert does from the same state: metres and radians per step.

    Of several grippers the worse one counts.
    """
    from robot4d_core.cell.expert import Expert
    from robot4d_core.cell.robot_cell import RobotCell
    from robot4d_core.cell.scene import Scene

    cell = RobotCell(Scene.from_json(simulator.scene))
    cell.restore(simulator.state)
    camera_from_world = invert_pose(cell.scene.cameras[0].T_world_optical)
    expert = Expert(cell)
    arms = {arm.names.gripper.name: arm for arm in cell.arms}
    errors = []
    for step, duration in enumerate(np.diff(plans[0].time_from_start, prepend=0.0)):
        expert.advance(duration)
        errors.append(np.max([
            pose_distance(camera_from_world @ arms[plan.gripper].gripper_pose(), plan.poses[step])
            for plan in plans], axis=0))
    metres, radians = np.transpose(errors).tolist()
    return metres, radians


def write_demo(cycles: list[DemoCycle], outcome: DemoOutcome, folder: Path, pictures: bool = True) -> list[Path]:
    """Write summary.json and, unless there is no time for pictures, prediction.png and prediction.mp4 into folder.

    Returns the files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    summary = folder / 'summary.json'
    write_text(summary, json.dumps(summarise(cycles, outcome), indent=2) + '\n')
    files = [summary]
    if cycles and pictures:
        files += [
            draw_cycles(cycles, folder / 'prediction.png'),
            film_cycles(cycles, folder / 'prediction.mp4'),
        ]
    return files


def read_summary(folder: Path) -> dict:
    """Read summary.json of a demo's folder; raises EpisodeError when there is none."""
    file = folder / 'summary.json'
    if not file.exists():
        raise EpisodeError(f'no summary.json in {folder}: the demo did not get as far as that; see its output above')
    return json.loads(file.read_text('utf-8'))


def exit_status(summary: dict) -> int:
    """Return 0 with the oracle only if the simulator says success, otherwise if the loop ran to its end."""
    return 0 if (summary['success'] if summary['engine'] == 'oracle' else summary['loop_ended']) else 1


def print_summary(summary: dict) -> None:
    """Print what a demo did, as a table, and the simulator's verdict."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"robot4d demo: {summary['task']}, generator {summary['model']}")
    for column in ('cycle', 'predict', 'track', 'execute', 'reach', 'error: median', 'worst'):
        table.add_column(column, justify='right')
    table.add_column('outcome')
    for number, cycle in enumerate(summary['cycles'], 1):
        errors = [
            f"{statistic(cycle['pose_error_mm']):.0f} mm {statistic(cycle['pose_error_deg']):.1f}°"
            if 'pose_error_mm' in cycle else '-'
            for statistic in (np.median, max)
        ]
        table.add_row(
            str(number), *(f"{cycle[f'{phase}_s']:.1f} s" for phase in ('predict', 'track', 'execute')),
            f"{cycle['reach_mm']:.0f} mm" if 'reach_mm' in cycle else '-', *errors, cycle['outcome'],
        )
    console = Console()
    console.print(table)
    console.print('Errors: tracked gripper paths against what the scripted expert does from the same simulator state.')
    verdict = '[bold green]SUCCESS[/]' if summary['success'] else '[bold red]FAILURE[/]'
    missing = f": {'; '.join(summary['missing'])}" if summary['missing'] else ''
    console.print(f"Task, {summary['success_judged_by']}: {verdict}{missing}")
    console.print(f"Loop: {summary['loop_message']} ({summary['wall_time_s']:.0f} s)")
