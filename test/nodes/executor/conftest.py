# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""An executor beside a robot that records what it is told."""

from __future__ import annotations

import pytest

from nodes.bench import overrides, wait_until
from nodes.executor.robot_bench import Robot
from robot4d_nodes.executor import Executor
from robot4d_nodes.lifecycle import spinning

PATIENT = {
    'dry_run': False, 'speed_scaling': 1.0, 'tf_timeout': 30.0, 'server_timeout': 30.0, 'state_timeout': 10.0,
    'max_silence': 60.0, 'duration_margin': 60.0, 'limits.max_plan_age': 60.0,
}
"""Parameters with which nothing is given up because the machine is busy."""


@pytest.fixture
def start(ros):
    """Yield a function that starts the executor beside a robot and returns the robot once the executor knows it."""
    running = []

    def begin(robot: Robot, **parameters) -> Robot:
        executor = Executor(
            parameter_overrides=overrides(**{**PATIENT, **parameters}), namespace=robot.node.get_namespace())
        context = spinning(executor, robot.node)
        context.__enter__()
        running.append((context, robot))
        robot.executor = executor
        wait_until(lambda: executor.active)
        wait_until(lambda: robot.heard._heard and robot.e_stop.get_subscription_count())
        return robot

    yield begin
    for context, robot in running:
        robot.close()
        context.__exit__(None, None, None)
