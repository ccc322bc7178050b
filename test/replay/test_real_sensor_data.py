# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Real RGB-D images through the whole graph with the learned generator: no robot in view, so nothing may move."""

import os
from pathlib import Path

import numpy as np
import pytest
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionServer

from replay.graph_client import REPLAYED, play, running
from replay.real_bag import FRAMES, make_bag, read_view
from robot4d.action import ExecutePlan, Predict
from robot4d_core.evaluation.demo_cycle import DemoCycle
from robot4d_core.evaluation.demo_pictures import draw_cycles
from robot4d_nodes.conversions import gripper_plans_from_message, prediction_from_message

ROOT = Path(__file__).parents[2]
PAIRS = ROOT.parent / 'shared' / 'data' / 'real_rgbd_pairs'


@pytest.mark.skipif(not PAIRS.is_dir(), reason='the real images are not beside this checkout')
@pytest.mark.timeout(900)
def test_when_no_robot_is_in_view_expect_clouds_but_a_lost_gripper_and_no_motion(tmp_path):
    pair = PAIRS / 'pair_00'
    make_bag(pair, tmp_path / 'bag')
    domain = 30 + os.getpid() % 10
    commands = []
    model = str(ROOT / 'models' / 'tabletop_tiny')
    nodes = {
        'generator': {'engine': 'diffusion', 'model': model, 'max_age': 2.0, **REPLAYED},
        'tracker': {}, 'executor': {'dry_run': 'false'},
    }
    with running(domain, nodes) as client:
        server = ActionServer(
            client._node, FollowJointTrajectory, 'arm_controller/follow_joint_trajectory', commands.append)
        play(tmp_path / 'bag', domain)
        result = client.ask(client.predict, Predict.Goal(instruction='put the spatula on the table', seed=1))
        plans = client.plans_of(result)
        execution = client.ask(client.execute, ExecutePlan.Goal(plans=plans))
        prediction = prediction_from_message(client.predictions[-1])
        server.destroy()

    for view in prediction.views:
        assert view.rgb.shape[0] == 10 and np.isfinite(view.pointmap).mean() > 0.5
    assert plans.lost and 'gripper' in plans.message
    assert execution.code == ExecutePlan.Result.REJECTED and commands == []
    print(f'tracker: {plans.message}\nexecutor: {execution.message}')

    views = (read_view(pair, side) for side in FRAMES)
    (plan,) = gripper_plans_from_message(plans)
    picture = ROOT / 'out' / 'real' / f'{pair.name}.png'
    picture.parent.mkdir(parents=True, exist_ok=True)
    draw_cycles([DemoCycle(prediction, (plan,), observed={view.name: view.rgb for view in views})], picture)
    assert picture.stat().st_size > 10_000
