# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole loop without ROS: imagine, track, plan, move in the simulated cell, trial after trial."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.sensor import SENSORS, SensorModel
from robot4d_core.cell.tasks.by_name import make_task
from robot4d_core.cell.trajectory_controller import JointTrajectory
from robot4d_core.errors import EngineError, PlanRejected, Robot4dError
from robot4d_core.executor.motion import ArmMotion, MotionPlan
from robot4d_core.executor.motion_planner import MotionPlanner
from robot4d_core.executor.robot_arms import RobotArms
from robot4d_core.generator.engines.engine import Engine, make_engine
from robot4d_core.generator.engines.shipped_model import shipped_model
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.gripper_plan import GripperPlan, steps_until_next_look
from robot4d_core.observation import Observation
from robot4d_core.prediction import Prediction
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.robot.names import CELL
from robot4d_core.robot.robot import Robot
from robot4d_core.text_files import write_text
from robot4d_core.tracker.gripper_tracker import GripperTracker, TrackerSettings, track_grippers
from robot4d_core.tracker.path_agreement import AgreementSettings, compare_with_paths

CONTROL_PERIOD = 0.01  # seconds
GRIPPER_TIME = 1.0  # seconds that opening or closing may take
STILL_DISTANCE = 0.03  # metres, as the coordinator's still_distance
SETTLE_TIME = 1.0  # seconds before the simulator judges
THINKING_TIME = 3.0  # seconds
ATTEMPTS = 3  # predictions per cycle, as the coordinator's attempts
STILL = 'the prediction holds no more motion'
NUMBER = re.compile(r'-?\d+(\.\d+)?(e-?\d+)?')


@dataclass
class Trial:
    """One attempt at the task. success: judged by the simulator from object poses; wall-clock seconds per stage.

    missing: what kept the task from being done; again: why predictions were not followed, and others made instead.
    """

    seed: int
    success: bool = False
    cycles: int = 0
    ended: str = ''
    missing: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    observe_s: list[float] = field(default_factory=list)
    predict_s: list[float] = field(default_factory=list)
    track_s: list[float] = field(default_factory=list)
    plan_s: list[float] = field(default_factory=list)


class PolicyLoop:
    """Everything between two cameras and the arms of a task, for one engine.

    max_cycles: before a trial is given up; execute_steps: how many steps of each plan are carried out, None: all;
    thinking_time: seconds of simulated time that pass, the arms at rest, between an observation and the motion that
    comes of it, as they pass on a robot: objects that move go on moving; sensor: what the cameras are like, None:
    perfect; robot: of the cell, a name in robot.names.SHIPPED.
    """

    def __init__(
        self, engine: Engine, task: str, max_cycles: int, execute_steps: int | None = None,
        thinking_time: float = THINKING_TIME, sensor: SensorModel | None = None, robot: str = CELL,
    ) -> None:
        """Take a started engine. Raises SceneError when there is no such task, RobotDescriptionError."""
        its = Robot.shipped(make_task(task).arms, robot)
        if engine.needs_robot:
            engine.use_robot(its)
        self._engine = engine
        self._sensor = sensor
        self._max_cycles = max_cycles
        self._execute_steps = execute_steps
        self._thinking_time = thinking_time
        self._grippers = [GripperModel.from_description(its.description, arm.gripper) for arm in its.arms]
        self._trackers = [GripperTracker(model, TrackerSettings(gripper=arm.gripper.name))
                          for model, arm in zip(self._grippers, its.arms, strict=True)]
        self._planner = MotionPlanner(RobotArms.from_description(its.description, its.arms))

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
                    trial.ended = STILL
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
        for attempt in range(1, ATTEMPTS):
            try:
                return self._attempt_cycle(cell, scene, trial, attempt)
            except (EngineError, LostGripper, PlanRejected) as error:
                trial.again.append(str(error))
        return self._attempt_cycle(cell, scene, trial, ATTEMPTS)

    def _attempt_cycle(self, cell: RobotCell, scene: Scene, trial: Trial, attempt: int) -> bool:
        observation = timed(trial.observe_s, lambda: self._observe(cell, trial))
        seed = int(np.random.default_rng([trial.seed, trial.cycles, attempt]).integers(2**31))
        prediction = timed(trial.predict_s, lambda: self._engine.predict(observation, seed=seed))
        plans = timed(trial.track_s, lambda: self._track(cell, scene, prediction, observation))
        cell.advance(self._thinking_time)
        steps = steps_until_next_look(plans, self._execute_steps or 0)
        executed = [plan.until(steps) for plan in plans]
        if lost := [plan.message for plan in executed if plan.lost]:
            raise LostGripper('; '.join(lost))
        if all(plan.is_still(STILL_DISTANCE) for plan in plans):
            return False
        motion = timed(trial.plan_s, lambda: self._planner.plan(
            executed, scene.cameras[0].T_world_optical, np.concatenate([arm.positions for arm in cell.arms]),
            [arm.gripper_opening for arm in cell.arms]))
        carry_out(cell, motion, self._planner.robot)
        return True

    def _observe(self, cell: RobotCell, trial: Trial) -> Observation:
        observation = cell.observe()
        if self._sensor is None:
            return observation
        views = []
        for number, view in enumerate(observation.views):
            rng = np.random.default_rng([trial.seed, number])  # a camera's calibration stays as it is
            camera, gain = self._sensor.claimed_camera(view.camera, rng), self._sensor.colour_gain(rng)
            taken = self._sensor.apply(view, np.random.default_rng([trial.seed, number, trial.cycles]), gain)
            views.append(replace(taken, camera=camera))
        return replace(observation, views=tuple(views))

    def _track(
        self, cell: RobotCell, scene: Scene, prediction: Prediction, observation: Observation
    ) -> list[GripperPlan]:
        camera_from_world = invert_pose(scene.cameras[0].T_world_optical)
        tracked = track_grippers(
            self._trackers, prediction, [camera_from_world @ arm.gripper_pose() for arm in cell.arms],
            [arm.gripper_opening for arm in cell.arms], observation)
        return compare_with_paths(tracked, self._grippers, prediction, AgreementSettings())


class LostGripper(Robot4dError):
    """The tracker could not follow the gripper through the prediction."""


def timed(durations: list[float], call: Callable):
    """Return what call returns; append the wall-clock seconds it took to durations."""
    started = time.perf_counter()
    result = call()
    durations.append(time.perf_counter() - started)
    return result


def carry_out(cell: RobotCell, motion: MotionPlan, robot: RobotArms) -> None:
    """Move the arms and grippers of the cell along a plan, as the controllers of the cell node do."""
    for segment in motion.segments:
        if isinstance(segment, ArmMotion):
            follow(cell, [segment.of(joints) for joints in robot.joints])
        else:
            for arm, opening in zip(cell.arms, segment.openings, strict=True):
                if opening is not None:
                    arm.command_gripper(opening)
            cell.advance(GRIPPER_TIME)


def follow(cell: RobotCell, motions: list[ArmMotion]) -> None:
    """Move the arms of the cell, each along its own of motions that begin and end together; who is still stays."""
    trajectories = [
        (arm, JointTrajectory(motion.times, motion.positions, motion.velocities, motion.accelerations)
         .started_from(arm.positions))
        for arm, motion in zip(cell.arms, motions, strict=True) if not motion.still]
    for elapsed in np.arange(0.0, motions[0].duration + CONTROL_PERIOD, CONTROL_PERIOD):
        for arm, trajectory in trajectories:
            arm.command(*trajectory.sample(elapsed))
        cell.advance(CONTROL_PERIOD)


def causes_of_failure(trials: list[Trial]) -> dict[str, int]:
    """Count the failed trials by what ended them and what was missing then, numbers left out; most frequent first."""
    causes = Counter(
        NUMBER.sub('#', f"{trial.ended}: {'; '.join(trial.missing)}") for trial in trials if not trial.success)
    return dict(causes.most_common())


def evaluate_policy(
    task: str, engine_name: str, trials: int, seed: int, max_cycles: int, file: Path | None = None,
    execute_steps: int | None = None, thinking_time: float = THINKING_TIME, model: Path | None = None,
    sensor: str = 'ideal', robot: str = CELL,
) -> list[Trial]:
    """Run trials on cells seed, seed + 1, ...; print a table with progress, and write file (JSON) when given.

    max_cycles, execute_steps and thinking_time: see PolicyLoop; model: folder of the diffusion engine's, None for the
    shipped one; sensor: a name in SENSORS; robot: of the cell, a name in robot.names.SHIPPED.
    Raises ModelError when the shipped model does not know the robot.
    """
    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    if engine_name == 'diffusion':
        model = model or shipped_model(robot)
    engine = make_engine(engine_name, **({'model': model} if engine_name == 'diffusion' else {}))
    engine.start()
    loop = PolicyLoop(engine, task, max_cycles, execute_steps, thinking_time, SENSORS[sensor], robot)
    results = [
        loop.run_trial(Scene.sample(task, seed + k, robot=robot))
        for k in track(range(trials), description=f'{engine_name}, trials')
    ]
    engine.stop()

    table = Table(title=f'{task}, robot {robot}, generator {engine.name}, {sensor} sensor: success judged by the '
                        'simulator from object poses')
    for column in ('seed', 'success', 'cycles', 'ended', 'missing'):
        table.add_column(column)
    for trial in results:
        table.add_row(str(trial.seed), 'yes' if trial.success else 'no', str(trial.cycles), trial.ended,
                      '; '.join(trial.missing))
    console = Console()
    console.print(table)
    successes = sum(trial.success for trial in results)
    console.print(f'success {successes}/{trials}')
    failures = causes_of_failure(results)
    for cause, count in failures.items():
        console.print(f'{count} x {cause}', highlight=False)
    stages = {
        stage: float(np.median(values)) for stage in ('observe_s', 'predict_s', 'track_s', 'plan_s')
        if (values := [value for trial in results for value in getattr(trial, stage)])
    }
    console.print('median s per cycle: ' + ', '.join(f'{name[:-2]} {value:.3f}' for name, value in stages.items()))
    if file is not None:
        write_text(file, json.dumps({
            'task': task, 'robot': robot, 'engine': engine.name, 'sensor': sensor, 'trials': trials, 'seed': seed,
            'max_cycles': max_cycles, 'execute_steps': execute_steps, 'thinking_time_s': thinking_time,
            'successes': successes, 'failures': failures, 'median_s': stages,
            'results': [asdict(trial) for trial in results],
        }, indent=2) + '\n')
    return results
