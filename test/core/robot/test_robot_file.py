# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a parameter file says of a robot's files reaches the description."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot4d_core.errors import ParameterError
from robot4d_core.robot.robot import Robot
from robot4d_core.robot.robot_file import (
    parse_xacro_arguments,
    read_base_frame,
    read_package_paths,
    read_xacro_arguments,
)
from robot4d_core.share import CELL_DESCRIPTION, share_directory

SHIPPED = share_directory() / 'config' / 'robot.yaml'


def written(tmp_path: Path, old: str, new: str) -> Path:
    """Return a copy of the shipped file with a line changed."""
    text = SHIPPED.read_text()
    assert old in text
    (tmp_path / 'robot.yaml').write_text(text.replace(old, new))
    return tmp_path / 'robot.yaml'


def test_the_shipped_file_gives_a_base_frame_and_nothing_else():
    assert (read_base_frame(), read_package_paths(SHIPPED), read_xacro_arguments(SHIPPED)) == ('world', (), {})


def test_folders_and_arguments_are_read(tmp_path):
    file = written(tmp_path, 'package_paths: [""]', 'package_paths: [~/arms, "/opt/my arms"]')
    assert read_package_paths(file) == (Path.home() / 'arms', Path('/opt/my arms'))
    file = written(tmp_path, 'xacro_arguments: [""]', 'xacro_arguments: ["base_x:=0.1", "name:=a:=b"]')
    assert read_xacro_arguments(file) == {'base_x': '0.1', 'name': 'a:=b'}


def test_arguments_in_the_file_shape_the_robot_unless_others_are_given(tmp_path):
    file = written(tmp_path, 'xacro_arguments: [""]', 'xacro_arguments: ["base_x:=0.1"]')
    cell = share_directory() / CELL_DESCRIPTION
    by_file, by_call = (Robot.from_files(cell, file, xacro_arguments=given) for given in (None, {'base_x': '0.2'}))
    assert [robot.description.pose('arm_link0')[0, 3] for robot in (by_file, by_call)] == pytest.approx([0.1, 0.2])


@pytest.mark.parametrize(('old', 'new', 'read', 'message'), [
    ('xacro_arguments: [""]', 'xacro_arguments: ["base_x=1"]', read_xacro_arguments, "NAME:=VALUE, got 'base_x=1'"),
    ('package_paths: [""]', 'package_paths: /arms', read_package_paths, "must be a list of texts, got '/arms'"),
    ('base_frame: world', 'base_frame: [world]', read_base_frame, 'must be the name of a frame'),
    ('ros__parameters', 'parameters', read_base_frame, 'write it as config/robot.yaml'),
])
def test_what_cannot_be_read_is_named(tmp_path, old, new, read, message):
    with pytest.raises(ParameterError, match=message):
        read(written(tmp_path, old, new))


def test_empty_texts_which_ros_needs_are_nothing():
    assert parse_xacro_arguments(['', 'a:=']) == {'a': ''}
