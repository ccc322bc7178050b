# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Parameters that nobody hears: the executor refuses to start on them, other nodes warn."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from rclpy.node import Node

from nodes.bench import NODES, Probe, node_process, overrides, wait_until
from robot4d_nodes.coordinator import Coordinator
from robot4d_nodes.executor import Executor
from robot4d_nodes.lifecycle import spinning
from robot4d_nodes.unheard_parameters import unheard_parameters


@pytest.mark.parametrize(('name', 'sentence'), [
    ('limits.max_tool_sped', "there is no parameter 'limits.max_tool_sped', only 'limits.max_tool_speed'"),
    ('max_tool_speed', "there is no parameter 'max_tool_speed', only 'limits.max_tool_speed'"),
    ('other_arm.arm_action', "there is no parameter 'other_arm.arm_action', only 'arm.arm_action'"),
    ('joint_velocity_limits.elbow', "there is no parameter 'joint_velocity_limits.elbow'"),
])
def test_the_executor_does_not_start_on_a_parameter_that_nobody_declared(ros, name, sentence):
    executor, probe = Executor(parameter_overrides=overrides(**{name: 0.05})), Probe()
    with spinning(executor, probe):
        wait_until(lambda: sentence in probe.says('executor: state'))
        assert executor.state == 'unconfigured'


def test_other_nodes_start_all_the_same(ros):
    coordinator = Coordinator(parameter_overrides=overrides(max_cycle=3))
    with spinning(coordinator):
        wait_until(lambda: coordinator.active)
        assert unheard_parameters(coordinator, shared=True) == [
            "there is no parameter 'max_cycle', only 'max_cycles'"]


def test_what_the_files_of_robot4d_say_to_other_nodes_is_no_mistake(ros):
    coordinator = Coordinator(parameter_overrides=overrides(**{'reference_frame': 'camera', 'left.tcp_frame': 'tcp'}))
    assert unheard_parameters(coordinator, shared=True) == []
    assert len(unheard_parameters(coordinator, shared=False)) == 2
    coordinator.destroy_node()


@pytest.mark.parametrize(('section', 'matches'), [
    ('/**', True), ('executor', True), ('/executor', True), ('/**/executor', True), ('/*', True),
    ('executer', False), ('/robot1/executor', False), ('/*/executor', False)])
def test_a_file_for_a_node_of_another_name_is_found(ros, tmp_path, section, matches):
    file = tmp_path / 'limits.yaml'
    file.write_text(f'{section}:\n  ros__parameters:\n    limits: {{max_tool_speed: 0.05}}\n', 'utf-8')
    node = Node('executor')
    found = unheard_parameters(node, False, ['--ros-args', '--params-file', str(file)])
    node.destroy_node()
    assert found == ([] if matches else [f'{file} has parameters of /{section.strip("/")}, none of /executor'])


def test_an_executor_that_is_given_a_file_for_another_node_stays_unconfigured(ros, tmp_path):
    file, probe = tmp_path / 'limits.yaml', Probe()
    file.write_text('executer:\n  ros__parameters:\n    limits: {max_tool_speed: 0.05}\n', 'utf-8')
    with spinning(probe), node_process(NODES / 'executor.py', files=(file,)):
        wait_until(lambda: 'has parameters of /executer, none of /executor' in probe.says('executor: state'))


@pytest.mark.parametrize('content', [None, '/**: {ros__parameters: [', '/**:\n  limits: {max_tool_speed: 0.05}\n'])
def test_a_file_that_is_missing_or_none_of_parameters_ends_the_process_with_a_sentence(tmp_path, content):
    file = tmp_path / 'limits.yaml'
    if content is not None:
        file.write_text(content, 'utf-8')
    ended = subprocess.run(
        [sys.executable, NODES / 'executor.py', '--ros-args', '--params-file', str(file)],
        capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 1 and 'cannot start: ' in ended.stderr and str(file) in ended.stderr
    assert 'Traceback' not in ended.stderr


@pytest.mark.parametrize(('environment', 'parameters', 'sentence'), [
    ({'ROS_DOMAIN_ID': 'seven'}, (), 'ROS_DOMAIN_ID is not an integral number'),
    ({'HOME': None, 'ROS_LOG_DIR': None}, (), 'set HOME or ROS_LOG_DIR'),
    ({}, ('-p', 'arm.joint_names:=[]'), 'the parameter arm.joint_names is an empty list'),
])
def test_an_environment_that_is_none_ends_the_process_with_a_sentence(environment, parameters, sentence):
    variables = {name: value for name, value in {**os.environ, **environment}.items() if value is not None}
    ended = subprocess.run(
        [sys.executable, NODES / 'executor.py', '--ros-args', *parameters],
        capture_output=True, text=True, timeout=100, check=False, env=variables)
    assert ended.returncode == 1 and 'cannot start: ' in ended.stderr and sentence in ended.stderr
    assert 'Traceback' not in ended.stderr
