# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole loop with the oracle, in one process: the spatula ends on the table, wherever the second camera stands."""

import numpy as np
import pytest

from robot4d_core.cell.scene import Scene
from robot4d_core.evaluation.policy.trials import PolicyLoop
from robot4d_core.generator.engines.engine import make_engine


@pytest.mark.parametrize('moved', [False, True])
def test_oracle_succeeds_also_after_the_second_camera_was_moved_by_30_cm_and_20_degrees(moved):
    scene = Scene.sample('PutSpatulaOnTable', seed=1)
    if moved:
        scene = scene.with_second_camera_moved([0.15, -0.2, 0.166], np.deg2rad(20))
    engine = make_engine('oracle')
    engine.start()
    trial = PolicyLoop(engine, scene.task, max_cycles=8).run_trial(scene)
    engine.stop()
    assert trial.success, trial.ended
