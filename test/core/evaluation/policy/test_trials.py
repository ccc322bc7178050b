# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole loop with the oracle, in one process: tasks end well, also wherever the second camera stands."""

import numpy as np
import pytest

from robot4d_core.cell.scene import Scene
from robot4d_core.evaluation.policy.trials import PolicyLoop, Trial, causes_of_failure
from robot4d_core.generator.engines.engine import make_engine
from robot4d_core.generator.engines.oracle import OracleEngine


def attempt(scene: Scene, **options) -> Trial:
    engine = make_engine('oracle')
    engine.start()
    trial = PolicyLoop(engine, scene.task, **{'max_cycles': 8, **options}).run_trial(scene)
    engine.stop()
    return trial


@pytest.mark.parametrize('moved', [False, True])
def test_oracle_succeeds_also_after_the_second_camera_was_moved_by_30_cm_and_20_degrees(moved):
    scene = Scene.sample('PutSpatulaOnTable', seed=1)
    if moved:
        scene = scene.with_second_camera_moved([0.15, -0.2, 0.166], np.deg2rad(20))
    trial = attempt(scene)
    assert trial.success, trial.ended


@pytest.mark.slow
@pytest.mark.parametrize(('execute_steps', 'max_cycles'), [(None, 8), (4, 24)])
def test_oracle_succeeds_with_two_arms(execute_steps, max_cycles):
    scene = Scene.sample('PlaceAppleFromBowlIntoBin', seed=10001)
    trial = attempt(scene, execute_steps=execute_steps, max_cycles=max_cycles)
    assert trial.success, trial.ended


class WatchedOracle(OracleEngine):
    """An oracle of small images that remembers when it was asked, seconds of simulated time."""

    def __init__(self) -> None:
        super().__init__(160, 128)
        self.asked: list[float] = []

    def predict(self, observation, **options):
        self.asked.append(observation.stamp)
        return super().predict(observation, **options)


@pytest.mark.parametrize(('execute_steps', 'thinking_time', 'seconds'), [(2, 0.0, 1.0), (4, 0.0, 2.0), (2, 2.5, 3.5)])
def test_time_passes_while_the_first_steps_are_carried_out_and_while_a_prediction_is_made(
        execute_steps, thinking_time, seconds):
    engine = WatchedOracle()
    loop = PolicyLoop(engine, 'PutSpatulaOnTable', 2, execute_steps, thinking_time)
    trial = loop.run_trial(Scene.sample('PutSpatulaOnTable', seed=1, width=160, height=128))
    engine.stop()
    assert trial.ended == 'still moving after 2 cycles'
    assert np.diff(engine.asked) == pytest.approx([seconds], abs=0.3)


def test_failures_are_counted_by_cause_whatever_the_numbers_in_it():
    trials = [
        Trial(1, success=True, ended='the prediction holds no more motion'),
        Trial(2, ended='clearance: 0.0012 m at table and gripper_hand, limit 0.002 m', missing=['it stands']),
        Trial(3, ended='still moving after 8 cycles', missing=['it leans (12 degrees)']),
        Trial(4, ended='clearance: -1e-05 m at table and gripper_hand, limit 0.002 m', missing=['it stands']),
    ]
    assert causes_of_failure(trials) == {
        'clearance: # m at table and gripper_hand, limit # m: it stands': 2,
        'still moving after # cycles: it leans (# degrees)': 1,
    }
