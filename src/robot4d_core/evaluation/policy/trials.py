# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole loop without ROS: imagine, track, plan, move in the simulated cell, trial after trial."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.trajectory_controller import JointTrajectory
from robot4d_core.errors import Robot4dError
from robot4d_core.executor.motion import ArmMotion, MotionPlan
from robot4d_core.executor.motion_planner import MotionPlanner
from robot4d_core.generator.engines.engine import Engine, make_engine
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.names import read_arm_names
from robot4d_core.tracker.gripper_tracker import GripperTracker

CONTROL_PERIOD = 0.01  # seconds
GRIPPER_TIME = 1.0  # seconds that opening or closing may take
STILL_DISTANCE = 0.03  # metres, as the coordinator's still_distance
SETTLE_TIME = 1.0  # seconds before the simulator judges


@dataclass
class Trial:
    """One attempt at the task. success: judged by the simulator from object poses; wall-clock seconds per stage.

    missing: what kept the task from being done.
    """

    seed: int
    success: bool = False
    cycles: int = 0
    ended: str = ''
    missing: list[str] = field(default_factory=list)
    observe_s: list[float] = field(default_factory=list)
    predict_s: list[float] = field(default_factory=list)
    track_s: list[float] = field(default_factory=list)
    plan_s: list[float] = field(default_factory=list)


class PolicyLoop:
    """Everything between two cameras and an arm, for one engine."""

    def __init__(self, engine: Engine, max_cycles: int) -> None:
        """Take a started engine."""
        description, arm = RobotDescription.shipped(), read_arm_names()[0]
        self._engine = engine
        self._max_cycles = max_cycles
        self._tracker = GripperTracker(GripperModel.from_description(description, arm.gripper))
        self._planner = MotionPlanner(ArmKinematics(description, arm.joints, arm.gripper.tcp))

    def run_trial(self, scene: Scene) -> Trial:
        """Attempt the task in a cell."""
        with closing(RobotCell(scene)) as cell:
            return self._attempt(cell, scene)

    def _attempt(self, cell: RobotCell, scene: Scene) -> Trial:
        cell.advance(0.2)
        trial = Trial(scene.seed)
        try:
            for trial.cycles in range(1, self._max_cycles + 1):
                if not self._run_cycle(cell, scene, trial):
                    trial.ended = 'the prediction holds no more motion'
                    break
            else:
                trial.ended = f'still moving after {self._max_cycles} cycles'
        except Robot4dError as error:
            trial.ended = str(error)
        cell.advance(SETTLE_TIME)
        trial.missing = list(cell.missing())
        trial.success = not trial.missing
        return trial

    def _run_cycle(self, cell: RobotCell, scene: Scene, trial: Trial) -> bool:
        """Imagine and act once; returns whether the prediction held motion."""
        observation = timed(trial.observe_s, lambda: cell.observe())
        prediction = timed(trial.predict_s, lambda: self._engine.predict(observation, seed=trial.seed))
        camera_from_world = invert_pose(scene.cameras[0].T_world_optical)
        plan = timed(trial.track_s, lambda: self._tracker.track(
            prediction, camera_from_world @ cell.arms[0].gripper_pose(), cell.arms[0].gripper_opening, observation))
        if plan.lost:
            raise LostGripper(plan.message)
        if plan.is_still(STILL_DISTANCE):
            return False
        motion = timed(trial.plan_s, lambda: self._planner.plan(
            plan, scene.cameras[0].T_world_optical, cell.arms[0].positions, cell.arms[0].gripper_opening))
        carry_out(cell, motion)
        return True


class LostGripper(Robot4dError):
    """The tracker could not follow the gripper through the prediction."""


def timed(durations: list[float], call: Callable):
    """Return what call returns; append the wall-clock seconds it took to durations."""
    started = time.perf_counter()
    result = call()
    durations.append(time.perf_counter() - started)
    return result


def carry_out(cell: RobotCell, motion: MotionPlan) -> None:
    """Move the arm and gripper of the cell along a plan, as the controllers of the cell node do."""
    for segment in motion.segments:
        if isinstance(segment, ArmMotion):
            trajectory = JointTrajectory(
                segment.times, segment.positions, segment.velocities, segment.accelerations
            ).started_from(cell.arms[0].positions)
            for elapsed in np.arange(0.0, trajectory.duration + CONTROL_PERIOD, CONTROL_PERIOD):
                cell.arms[0].command(*trajectory.sample(elapsed))
                cell.advance(CONTROL_PERIOD)
        else:
            cell.arms[0].command_gripper(segment.opening)
            cell.advance(GRIPPER_TIME)


def evaluate_policy(
    task: str, engine_name: str, trials: int, seed: int, max_cycles: int, file: Path | None = None
) -> list[Trial]:
    """Run trials on cells seed, seed + 1, ...; print a table with progress, and write file (JSON) when given."""
    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    engine = make_engine(engine_name)
    engine.start()
    loop = PolicyLoop(engine, max_cycles)
    results = [
        loop.run_trial(Scene.sample(task, seed + k))
        for k in track(range(trials), description=f'{engine_name}, trials')
    ]
    engine.stop()

    table = Table(title=f'{task}, generator {engine_name}: success judged by the simulator from object poses')
    for column in ('seed', 'success', 'cycles', 'ended', 'missing'):
        table.add_column(column)
    for trial in results:
        table.add_row(str(trial.seed), 'yes' if trial.success else 'no', str(trial.cycles), trial.ended,
                      '; '.join(trial.missing))
    console = Console()
    console.print(table)
    successes = sum(trial.success for trial in results)
    console.print(f'success {successes}/{trials}')
    stages = {
        stage: float(np.median(values)) for stage in ('observe_s', 'predict_s', 'track_s', 'plan_s')
        if (values := [value for trial in results for value in getattr(trial, stage)])
    }
    console.print('median s per cycle: ' + ', '.join(f'{name[:-2]} {value:.3f}' for name, value in stages.items()))
    if file is not None:
        file.write_text(json.dumps({
            'task': task, 'engine': engine_name, 'trials': trials, 'successes': successes, 'median_s': stages,
            'results': [asdict(trial) for trial in results],
        }, indent=2) + '\n')
    return results
