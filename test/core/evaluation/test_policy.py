# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole loop with the oracle, in one process: the spatula ends on the table, wherever the second camera stands."""

from dataclasses import replace

import pytest

from robot4d_core.cell.scene import Scene
from robot4d_core.evaluation.policy import PolicyLoop
from robot4d_core.generator.engine import make_engine
from robot4d_core.geometry.poses import make_pose


@pytest.mark.timeout(180)
@pytest.mark.parametrize('moved', [False, True])
def test_oracle_succeeds_also_after_the_second_camera_was_moved_by_30_cm_and_20_degrees(moved, monkeypatch):
    sample = Scene.sample

    def sample_moved(task, seed):
        scene = sample(task, seed)
        reference, second = scene.cameras
        pose = make_pose(Z_20, [0, 0, 0])[:3, :3] @ second.T_world_optical[:3, :3]
        place = second.T_world_optical[:3, 3] + [0.15, -0.2, 0.166]
        return replace(scene, cameras=(reference, replace(second, T_world_optical=make_pose(pose, place))))

    if moved:
        monkeypatch.setattr(Scene, 'sample', sample_moved)
    engine = make_engine('oracle')
    engine.start()
    trial = PolicyLoop(engine, max_cycles=8).run_trial('PutSpatulaOnTable', seed=1)
    engine.stop()
    assert trial.success, trial.ended


Z_20 = [[0.9396926, -0.3420201, 0.0], [0.3420201, 0.9396926, 0.0], [0.0, 0.0, 1.0]]
