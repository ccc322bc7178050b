# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A demonstration done again is in the state that was filmed, so the oracle can go on from any step of an episode."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.episodes.analytic_episodes import analytic_store
from robot4d_core.cell.demonstration import demonstrate
from robot4d_core.cell.recorded_state import recorded_state
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.episodes.recorded_look import read_episode_look
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EpisodeError
from robot4d_core.evaluation.metrics.prediction_errors import prediction_errors
from robot4d_core.generator.engines.oracle import OracleEngine

SEED = 3  # its demonstration begins in the middle of the task


@pytest.fixture(scope='module')
def recorded():
    return demonstrate('PutSpatulaOnTable', SEED, cameras=3, size=(80, 64))


@pytest.fixture
def path(recorded, tmp_path):
    episode, attributes = recorded
    EpisodeStore(tmp_path / 'store', {'task': 'PutSpatulaOnTable', 'cameras': 3}).write('demo', episode, **attributes)
    return tmp_path / 'store' / 'demo'


@pytest.mark.parametrize('step', [0, 7])
def test_the_arm_is_where_it_was(recorded, path, step):
    state = recorded_state(path, step, ['camera_2', 'camera_0'])
    scene = Scene.from_json(state.scene)
    assert [placement.name for placement in scene.cameras] == ['camera_2', 'camera_0']
    cell = RobotCell(scene)
    cell.restore(state.state)
    np.testing.assert_allclose(cell.arms[0].positions, recorded[0].joints[step, 0], atol=1e-9)
    assert cell.time == pytest.approx(recorded[0].times[step])


def test_the_oracle_foresees_the_recorded_future(path):
    look = read_episode_look(path, 4, ('camera_2', 'camera_0'))
    state = recorded_state(path, 4, ['camera_2', 'camera_0'])
    oracle = OracleEngine(80, 64)
    prediction = oracle.predict(replace(look.observation, simulator=state))
    oracle.stop()
    for predicted, held in prediction_errors(prediction, look).values():
        assert predicted.moving < 0.2 * held.moving and predicted.psnr > held.psnr + 5


def test_an_episode_of_another_version_is_refused(recorded, tmp_path):
    episode, attributes = recorded
    joints = episode.joints.copy()
    joints[2, 0, 3] += 0.01
    store = EpisodeStore(tmp_path / 'store', {'task': 'PutSpatulaOnTable', 'cameras': 3})
    store.write('demo', replace(episode, joints=joints), **attributes)
    with pytest.raises(EpisodeError, match='at step 2 a joint is 0.0100 rad from where it was; .* record it again'):
        recorded_state(store.folder / 'demo', 2, ['camera_0', 'camera_1'])


def test_an_episode_of_no_simulated_cell_is_refused(tmp_path):
    store = analytic_store(tmp_path / 'store', [3])
    with pytest.raises(EpisodeError, match="not recorded in the simulated cell; choose the engine 'diffusion' or"):
        recorded_state(store.folder / 'episode_000003', 0, ['camera_0', 'camera_1'])
