# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The shipped weights in a freshly rendered cell, seen by cameras that training never saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robot4d_core.cell.demonstration import demonstrate
from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.episodes.windows import sample_windows
from robot4d_core.errors import EngineError
from robot4d_core.evaluation.metrics.horizon_error import measure_horizon_error, observation_of
from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine
from robot4d_core.geometry.pointmaps import pointmap_from_depth
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES
from robot4d_core.robot.robot import Robot
from robot4d_core.share import share_directory

MODELS = share_directory() / 'models'
UNSEEN_SEED = 200_000


@pytest.fixture(scope='module')
def engine():
    engine = DiffusionEngine(MODELS / 'tabletop_tiny', device='cpu')
    engine.start()
    return engine


@pytest.fixture(scope='module')
def path_first():
    engine = DiffusionEngine(device='cpu')
    engine.start()
    assert engine.needs_robot
    return engine


@pytest.fixture(scope='module')
def windows():
    episodes = [demonstrate('PutSpatulaOnTable', UNSEEN_SEED + k, cameras=2)[0] for k in range(2)]
    return sample_windows(episodes, 6, np.random.default_rng(0))


@pytest.mark.parametrize(('name', 'errors'), [
    ('tabletop', 'path_errors.json'), ('tabletop_tiny', 'horizon_error.json')])
def test_files_are_complete(name, errors):
    assert {'README.md', 'model_index.json', errors, 'curves.json', 'curves.png'} <= {
        path.name for path in (MODELS / name).iterdir()}


def test_files_are_small():
    sizes = [path.stat().st_size for path in MODELS.rglob('*')]
    assert sum(sizes) < 60e6 and max(sizes) < 16 * 2**20


def test_prediction_has_the_right_shapes(engine, windows):
    prediction = engine.predict(observation_of(windows[0]), seed=0)
    assert prediction.model == 'diffusion:tabletop_tiny'
    for view in prediction.views:
        assert view.rgb.shape == view.pointmap.shape == (10, 128, 160, 3)
        assert np.isfinite(view.pointmap).mean() > 0.7


@pytest.mark.timeout(1000)
def test_it_beats_hold_on_moving_pixels(engine, windows):
    report = measure_horizon_error(engine, windows)
    assert report.beats_hold('n')
    assert report.beats_hold('m')


def test_without_the_robots_state_it_says_what_it_lacks(path_first):
    cell = RobotCell(Scene.sample('PutSpatulaOnTable', UNSEEN_SEED))
    path_first.use_robot(Robot.shipped(1))
    with pytest.raises(EngineError, match='needs the robot.s joint positions'):
        path_first.predict(replace(cell.observe(), robot=None))
    cell.close()


@pytest.mark.parametrize('task', ['PutSpatulaOnTable', 'StoreCerealBoxUnderShelf', 'PlaceAppleFromBowlIntoBin'])
def test_imagined_paths_and_their_video_are_near_what_the_expert_does(path_first, task):
    """From HOME, in three cells; the error is the median over cells, grippers that move, and steps."""
    errors, moved, held = [], [], []
    for seed in range(UNSEEN_SEED, UNSEEN_SEED + 3):
        cell = RobotCell(Scene.sample(task, seed, 160, 128))
        path_first.use_robot(Robot.shipped(len(cell.arms)))
        observation = cell.observe()
        prediction = path_first.predict(observation, seed=0)
        expert, tools, views = Expert(cell), [], []
        for _ in range(FRAMES):
            expert.advance(FRAME_INTERVAL)
            tools.append([arm.gripper_pose() for arm in cell.arms])
            views.append(cell.render('reference').depth)
        cell.close()
        T_base_reference = observation.robot.T_base_reference
        for number, path in enumerate(prediction.paths):
            true = np.array(tools)[:, number]
            if np.linalg.norm(true[-1, :3, 3] - true[0, :3, 3]) > 0.02:
                errors.append(np.linalg.norm((T_base_reference @ path.poses - true)[:, :3, 3], axis=1))
        view = observation.views[0]
        points, before = (pointmap_from_depth(depth, view.camera) for depth in (np.stack(views), view.depth))
        changed = np.linalg.norm(points - before, axis=-1) > 0.05
        moved.append(np.linalg.norm(prediction.views[0].pointmap - points, axis=-1)[changed])
        held.append(np.linalg.norm(before - points, axis=-1)[changed])
    assert np.median(errors) < 0.04
    assert np.nanmean(np.concatenate(moved)) < 0.4 * np.nanmean(np.concatenate(held))
