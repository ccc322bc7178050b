# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a demo leaves behind: summary.json, a picture, a video, and the table that `robot4d report` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from robot4d_core.errors import EpisodeError
from robot4d_core.geometry.poses import invert_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.observation import SimulatorState
from robot4d_core.prediction import Prediction
from robot4d_core.tracker.path_agreement import farthest_from_path
from robot4d_core.viewer.captions import labelled
from robot4d_core.viewer.gripper_line import imagined_lines, planned_lines
from robot4d_core.viewer.point_splatting import picture_of_clouds

BLUE, RED = np.array([40, 90, 220], np.uint8), np.array([220, 50, 40], np.uint8)


@dataclass
class DemoCycle:
    """One cycle as the demo saw it.

    plans: of every gripper, none before they are known; observed: RGB (H, W, 3) of each camera at the observation;
    then: RGB of each camera while the arms moved, in order; simulator: the cell's true state at the observation;
    predict, track, execute: wall-clock seconds.
    """

    prediction: Prediction
    plans: tuple[GripperPlan, ...] = ()
    simulator: SimulatorState | None = None
    observed: dict[str, np.ndarray] = field(default_factory=dict)
    then: dict[str, list[np.ndarray]] = field(default_factory=dict)
    predict: float = 0.0
    track: float = 0.0
    execute: float = 0.0
    outcome: str = ''

    @property
    def paths(self) -> list[np.ndarray]:
        """The path (T, 4, 4) of every gripper; none where one was lost."""
        return [] if any(plan.lost for plan in self.plans) else [plan.poses for plan in self.plans]

    def reach(self) -> float:
        """Return how far a gripper gets from where it was observed, metres; 0 where one was lost."""
        return max((plan.reach() for plan in self.plans), default=0.0) if self.paths else 0.0


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
        'outcome': cycle.outcome,
    }
    if cycle.plans:
        weakest = np.min([plan.confidence for plan in cycle.plans], axis=0)
        row['confidence'] = [round(float(c), 3) for c in weakest]
        row['lost'] = not cycle.paths
        if (farthest := farthest_from_path(cycle.plans)) is not None:
            row['farthest_from_path_mm'] = round(1000 * farthest, 1)
        if cycle.paths:
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
    summary.write_text(json.dumps(summarise(cycles, outcome), indent=2) + '\n')
    files = [summary]
    if cycles and pictures:
        liveliest = max(cycles, key=DemoCycle.reach)
        files += [
            draw_cycle(liveliest, folder / 'prediction.png'),
            film_cycles(cycles, folder / 'prediction.mp4'),
        ]
    return files


def draw_cycle(cycle: DemoCycle, file: Path, steps: tuple[int, ...] = (0, 2, 4, 6, 9)) -> Path:
    """Draw observation, predicted frames of every view, and all predicted clouds in one frame with gripper paths."""
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot

    prediction = cycle.prediction
    views = prediction.views
    figure = pyplot.figure(figsize=(3.2 * (len(steps) + 1), 2.9 * len(views) + 6.4), dpi=80)
    grid = figure.add_gridspec(len(views) + 1, len(steps) + 1, height_ratios=[1] * len(views) + [2.2])
    for row, view in enumerate(views):
        frames = [(f'{view.name}: observed', cycle.observed.get(view.name))]
        frames += [(f'predicted +{prediction.time_from_start[k]:.1f} s', view.rgb[k]) for k in steps]
        for column, (title, image) in enumerate(frames):
            axes = figure.add_subplot(grid[row, column])
            axes.set_title(title, fontsize=11)
            axes.axis('off')
            if image is not None:
                axes.imshow(image)
    last = steps[len(steps) // 2]
    half = (len(steps) + 1) // 2
    frame_name = prediction.frame_id
    clouds = [
        (f'predicted clouds of all views at +{prediction.time_from_start[last]:.1f} s in {frame_name},\n'
         'with the gripper paths read out of them',
         [(view.pointmap[last], view.rgb[last]) for view in views]),
        ('the same by view: '
         + ', '.join(f'{name} {view.name}' for name, view in zip(('blue', 'red'), views, strict=False)),
         [(view.pointmap[last], colour) for view, colour in zip(views, (BLUE, RED), strict=False)]),
    ]
    for (title, parts), columns in zip(clouds, (slice(0, half), slice(half, None)), strict=True):
        axes = figure.add_subplot(grid[len(views), columns])
        axes.set_title(title, fontsize=12)
        axes.axis('off')
        axes.imshow(picture_of_clouds(parts, [*planned_lines(cycle.plans), *imagined_lines(prediction)]))
    figure.suptitle(f'robot4d, generator: {prediction.model}', fontsize=15)
    figure.tight_layout(rect=(0, 0, 1, 0.98))
    figure.savefig(file)
    pyplot.close(figure)
    return file


def film_cycles(cycles: list[DemoCycle], file: Path, frame_rate: int = 4, height: int = 256) -> Path:
    """Film every predicted frame beside what then happened, at the same share of the motion; MP4."""
    import imageio.v2 as imageio

    with imageio.get_writer(file, fps=frame_rate, macro_block_size=2) as video:
        for number, cycle in enumerate(cycles, 1):
            times = cycle.prediction.time_from_start
            for k, time in enumerate(times):
                rows = []
                for view in cycle.prediction.views:
                    happened = cycle.then.get(view.name) or [cycle.observed.get(view.name, view.rgb[k])]
                    real = happened[round((k + 1) / len(times) * (len(happened) - 1))]
                    rows.append(np.hstack([
                        labelled(
                            view.rgb[k], f'{view.name}: predicted by {cycle.prediction.model}, +{time:.1f} s', height),
                        labelled(real, f'{view.name}: what then happened (cycle {number})', height),
                    ]))
                video.append_data(np.vstack(rows))
    return file


def read_summary(folder: Path) -> dict:
    """Read summary.json of a demo's folder; raises EpisodeError when there is none."""
    file = folder / 'summary.json'
    if not file.exists():
        raise EpisodeError(f'no summary.json in {folder}: the demo did not get as far as that; see its output above')
    return json.loads(file.read_text())


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
