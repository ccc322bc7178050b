# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The YAML files in config/ name only parameters that a node has, with values that it accepts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from nodes.bench import overrides
from robot4d_core.errors import ParameterError
from robot4d_nodes.cell import Cell
from robot4d_nodes.coordinator import Coordinator
from robot4d_nodes.executor import Executor
from robot4d_nodes.generator import Generator
from robot4d_nodes.playback import Playback
from robot4d_nodes.tracker import Tracker

CONFIG = Path(__file__).parents[2] / 'config'


def parameters_in(name: str) -> dict:
    """Return the parameters in a file, nested names joined by dots as ROS does."""
    def flat(prefix: str, tree: dict) -> dict:
        found = {}
        for key, value in tree.items():
            found |= flat(f'{prefix}{key}.', value) if isinstance(value, dict) else {f'{prefix}{key}': value}
        return found

    return flat('', yaml.safe_load((CONFIG / f'{name}.yaml').read_text())['/**']['ros__parameters'])


@pytest.mark.parametrize('make_node, names', [
    (Generator, ('generator', 'cameras')), (Playback, ('playback', 'cameras')), (Tracker, ('tracker',)),
    (Cell, ('cell',)), (Coordinator, ('coordinator',)), (Executor, ('executor', 'limits')),
])
def test_every_parameter_in_a_nodes_files_exists_and_takes_the_value(ros, make_node, names):
    values = {key: value for name in names for key, value in parameters_in(name).items()}
    node = make_node(parameter_overrides=overrides(**values, autostart=False))
    try:
        for key, value in values.items():
            assert node.has_parameter(key), f'{node.get_name()} has no parameter {key}'
            assert node.get_parameter(key).value == value
    finally:
        node.destroy_node()


@pytest.mark.parametrize('make_node, name', [
    (Generator, 'generator'), (Playback, 'playback'), (Tracker, 'tracker'), (Coordinator, 'coordinator'),
    (Executor, 'executor'), (Executor, 'limits'),
])
def test_a_nodes_own_file_shows_its_defaults(ros, make_node, name):
    node = make_node(parameter_overrides=overrides(autostart=False))
    try:
        for key, value in parameters_in(name).items():
            assert node.get_parameter(key).value == value, key
    finally:
        node.destroy_node()


EXAMPLES = [f'robots/{path.stem}' for path in sorted((CONFIG / 'robots').iterdir())]


@pytest.mark.parametrize('robot', ['robot', 'two_arms', *EXAMPLES])
def test_every_name_in_a_robots_file_is_a_parameter_of_tracker_or_executor(ros, robot):
    values = parameters_in(robot)
    nodes = []
    try:
        for make_node in (Tracker, Executor):
            nodes.append(make_node(parameter_overrides=overrides(**values, autostart=False)))
        for key, value in values.items():
            assert value in [node.get_parameter(key).value for node in nodes if node.has_parameter(key)], key
    finally:
        for node in nodes:
            node.destroy_node()


@pytest.mark.parametrize('arms', [['arm'], ['arm', 'second_arm']])
def test_the_files_of_robot_and_controllers_show_the_defaults_of_their_arms(ros, arms):
    nodes = [make_node(parameter_overrides=overrides(arms=arms, autostart=False)) for make_node in (Tracker, Executor)]
    try:
        named = parameters_in('robot' if len(arms) == 1 else 'two_arms')
        of_arms = {key: value for key, value in parameters_in('controllers').items() if key.split('.')[0] in arms}
        for key, value in {**named, **of_arms}.items():
            owners = [node for node in nodes if node.has_parameter(key)]
            assert owners, f'neither tracker nor executor has a parameter {key}'
            assert all(node.get_parameter(key).value == value for node in owners), key
    finally:
        for node in nodes:
            node.destroy_node()


@pytest.mark.parametrize(('values', 'message'), [
    ({'arms': ['left']}, "the parameter arms lists 'left', but left.joint_names does not name anything; set it"),
    ({'arms': ['arm', 'arm']}, 'arms must have different names, got: arm, arm'),
    ({'arms': ['arm', 'second_arm'], 'second_arm.gripper': 'gripper'},
     'the grippers must have different names, got: gripper, gripper'),
    ({'arm.tcp_frame': ''}, 'but arm.tcp_frame does not name anything'),
])
@pytest.mark.parametrize('make_node', [Tracker, Executor])
def test_when_the_arms_are_not_named_well_expect_what_to_set(ros, make_node, values, message):
    with pytest.raises(ParameterError, match=message):
        make_node(parameter_overrides=overrides(**values, autostart=False))
