# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a demo writes says what happened, and its exit status means what the README says."""

import json
from dataclasses import replace
from uuid import uuid4

import imageio.v3 as imageio
import numpy as np
import pytest

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cli import main
from robot4d_core.evaluation.demo_cycle import DemoCycle
from robot4d_core.evaluation.demo_report import DemoOutcome, exit_status, plan_errors, summarise, write_demo
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.observation import SimulatorState
from robot4d_core.prediction import PredictedView, Prediction, default_time_from_start

OUTCOME = DemoOutcome('PutSpatulaOnTable', 'oracle', 'oracle', True, 'still', (), 42.0)


@pytest.fixture(scope='module')
def cycle() -> DemoCycle:
    """A cycle whose plan is exactly what the expert does."""
    cell = RobotCell(Scene.sample('PutSpatulaOnTable', 3, 64, 48))
    simulator = SimulatorState(cell.scene.to_json(), cell.state())
    camera_from_world = invert_pose(cell.scene.cameras[0].T_world_optical)
    expert, poses = Expert(cell), []
    for _ in range(10):
        expert.advance(0.5)
        poses.append(camera_from_world @ cell.arms[0].gripper_pose())
    rng = np.random.default_rng(0)
    views = tuple(
        PredictedView(c.name, c.camera, rng.integers(0, 255, (10, 48, 64, 3), np.uint8),
                      rng.uniform(0.4, 1.0, (10, 48, 64, 3)).astype(np.float32))
        for c in cell.scene.cameras)
    prediction = Prediction(1.0, 'reference_color_optical_frame', default_time_from_start(), views, 'oracle')
    plan = GripperPlan(
        'gripper', 1.0, prediction.frame_id, uuid4(), 'oracle', prediction.time_from_start, np.array(poses),
        np.full(10, 0.08), np.zeros(10, bool), np.ones(10), ('reference',) * 10,
        poses[0], False)
    return DemoCycle(prediction, (plan,), simulator, {v.name: v.rgb[0] for v in views},
                     {v.name: list(v.rgb) for v in views}, 1.0, 0.5, 5.0, 4, 'moved')


def test_plan_that_is_the_experts_has_no_error_and_a_shifted_one_has_its_shift(cycle):
    metres, radians = plan_errors(cycle.plans, cycle.simulator)
    assert max(metres) < 1e-9 and max(radians) < 1e-6
    (plan,) = cycle.plans
    shifted = plan.poses.copy()
    shifted[:, :3, 3] += [0.003, 0.004, 0.0]
    metres, _ = plan_errors([replace(plan, poses=shifted)], cycle.simulator)
    assert metres == pytest.approx([0.005] * 10)


def test_files_are_written_and_the_report_reads_them(cycle, tmp_path, capsys):
    files = write_demo([cycle], OUTCOME, tmp_path)
    assert [file.name for file in files] == ['summary.json', 'prediction.png', 'prediction.mp4']
    assert json.loads(files[0].read_text())['cycles'][0]['pose_error_mm'] == [0.0] * 10
    assert imageio.imread(files[1]).std() > 10
    assert len(imageio.imread(files[2])) == 4  # the steps that were executed
    assert main(['report', str(tmp_path)]) == 0
    assert 'SUCCESS' in capsys.readouterr().out


@pytest.mark.parametrize(('engine', 'success', 'loop_ended', 'status'), [
    ('oracle', True, True, 0), ('oracle', False, True, 1), ('diffusion', False, True, 0), ('diffusion', True, False, 1),
])
def test_exit_status(engine, success, loop_ended, status):
    missing = () if success else ('the crock has toppled (62 degrees)',)
    outcome = replace(OUTCOME, engine=engine, missing=missing, loop_ended=loop_ended)
    assert exit_status(summarise([], outcome)) == status


def test_a_failure_names_what_is_wrong_with_which_object(cycle, tmp_path, capsys):
    write_demo([cycle], replace(OUTCOME, missing=('the crock has toppled (62 degrees)',)), tmp_path, pictures=False)
    assert main(['report', str(tmp_path)]) == 1
    assert 'FAILURE: the crock has toppled (62 degrees)' in ' '.join(capsys.readouterr().out.split())


def test_when_there_is_no_summary_expect_a_sentence(tmp_path, capsys):
    assert main(['report', str(tmp_path)]) == 2
    assert 'did not get as far' in capsys.readouterr().err
