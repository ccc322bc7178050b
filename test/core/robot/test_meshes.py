# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Which meshes are read, and from where."""

from __future__ import annotations

import pytest
import trimesh

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.description import RobotDescription


def test_meshes_of_included_files_are_relative_to_them(tmp_path):
    for name, size in (('arm', 0.1), ('hand', 0.2)):
        (tmp_path / name / 'meshes').mkdir(parents=True)
        trimesh.creation.box((size, size, size)).export(tmp_path / name / 'meshes' / 'block.stl')
        (tmp_path / name / 'part.urdf').write_text(
            f'<robot name="{name}"><link name="{name}" drake:undeclared="1"><visual><geometry>'
            '<mesh filename="meshes/block.stl"/></geometry></visual></link></robot>')
    (tmp_path / 'robot.urdf.xacro').write_text(
        '<robot name="r" xmlns:xacro="http://www.ros.org/wiki/xacro"><xacro:include filename="arm/part.urdf"/>'
        '<xacro:include filename="$(find hand)/part.urdf"/><joint name="j" type="fixed"><parent link="arm"/>'
        '<child link="hand"/></joint></robot>')
    robot = RobotDescription.from_file(tmp_path / 'robot.urdf.xacro', package_paths=[tmp_path])
    assert [robot.surface(link)[0].extents[0] for link in ('arm', 'hand')] == pytest.approx([0.1, 0.2])


def test_only_the_meshes_that_are_asked_for_are_read(tmp_path):
    trimesh.creation.box((0.1, 0.1, 0.1)).export(tmp_path / 'block.stl')
    robot = RobotDescription(
        '<robot name="r"><link name="a"><visual><geometry><mesh filename="block.stl"/></geometry></visual></link>'
        '<link name="b"><visual><geometry><mesh filename="missing.stl"/></geometry></visual></link>'
        '<joint name="j" type="fixed"><parent link="a"/><child link="b"/></joint></robot>', tmp_path)
    assert robot.surface('a')[0].extents == pytest.approx([0.1, 0.1, 0.1])
    with pytest.raises(RobotDescriptionError, match='missing.stl is no file'):
        robot.surface('b')
