# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Robots of others are known when the executor is configured, or refused then, by name."""

from __future__ import annotations

import re

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from nodes.bench import Probe, overrides, wait_until
from nodes.test_config import parameters_in
from published_robots import MODELS, PACKAGES, PANDA
from robot4d_nodes.executor import Executor
from robot4d_nodes.lifecycle import spinning
from robot_folder import urdf_of
from shipped_robot import DESCRIPTION

PUBLISHED = {
    'robot_description_file': str(PANDA), 'package_paths': [str(folder) for folder in PACKAGES],
    'base_frame': 'panda_link0', 'arm.joint_names': [f'panda_joint{number}' for number in range(7, 0, -1)],
    'arm.hand_link': 'panda_hand', 'arm.tcp_frame': 'panda_hand_tcp',
    'arm.finger_links': ['panda_leftfinger', 'panda_rightfinger'],
    'arm.finger_joints': ['panda_finger_joint1'],
}
NO_SPEED = {'robot_description': re.sub(r'velocity="[^"]*"', 'velocity="0"', DESCRIPTION.urdf, count=1)}
SUPPLIED = {f'joint_velocity_limits.arm_joint{number}': 2.0 for number in range(1, 8)}



def example(name: str) -> dict:
    """Return the parameters that an example of config/robots gives an executor."""
    values = parameters_in(f'robots/{name}')
    return values | {'robot_description_file': str(urdf_of(name)),
                     'package_paths': [str(folder) for folder in (*PACKAGES, MODELS.parent)]}


@pytest.mark.parametrize('values', [
    PUBLISHED, {**NO_SPEED, **SUPPLIED}, example('panda'), example('ur5e_robotiq_2f_85'), example('so101'),
    pytest.param(example('xarm7_robotiq_2f_85'), marks=pytest.mark.slow),
], ids=['published', 'speeds supplied', 'panda', 'ur5e', 'so101', 'xarm7'])
def test_a_robot_that_is_described_well_is_known(ros, values):
    executor = Executor(parameter_overrides=overrides(**values))
    with spinning(executor):
        wait_until(lambda: executor.active)


@pytest.mark.parametrize(('values', 'message'), [
    ({**PUBLISHED, 'package_paths': ['']}, "package 'example-robot-data' is not in package_paths"),
    ({**PUBLISHED, 'robot_description_file': '/nowhere.urdf'}, '/nowhere.urdf does not exist'),
    ({**PUBLISHED, 'arm.joint_names': ['elbow']}, "no movable joint 'elbow'; it has: panda_joint1"),
    ({**PUBLISHED, 'arm.tcp_frame': 'claw'}, "no link 'claw'; it has: panda_link0"),
    ({**PUBLISHED, 'base_frame': 'panda_link3'}, "base_frame 'panda_link3' moves: joint 'panda_joint3' carries it"),
    ({**PUBLISHED, 'xacro_arguments': ['a=1']}, "a xacro argument is written NAME:=VALUE, got 'a=1'"),
    (NO_SPEED, "joint 'arm_joint1' has no velocity limit in the robot description, or one of 0"),
])
def test_when_a_robot_cannot_be_moved_expect_the_reason_at_configure(ros, values, message):
    executor, probe = Executor(parameter_overrides=overrides(**values)), Probe()
    with spinning(executor, probe):
        health = wait_until(lambda: (state := probe.health.get('executor: state')) and
                            state.level == DiagnosticStatus.ERROR and state)
        assert message in health.message
        assert 'Error:' not in health.message  # a named error, not a mistake
