# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The rooms of the library stand in the order of the data, and each keeps to its own."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter

import pytest

from package.rooms import BEGIN, END, LIBRARY, ORDER, REPOSITORY, arrows, draw
from robot4d_core.robot.description import RobotDescription

ROOMS = sorted(path.parent for path in LIBRARY.rglob('__init__.py') if path.parent != LIBRARY)
DESCRIPTION_READERS = {'coal', 'pinocchio', 'urdf_parser_py', 'xacro', 'xml', 'yourdfpy'}
GUIDE = (REPOSITORY / 'CONTRIBUTING.md').read_text()
LONGEST = 350  # lines of a file


def test_the_rooms_are_those_of_the_order():
    assert {path.stem for path in LIBRARY.iterdir() if path.stem not in ('__init__', '__pycache__')} == set(ORDER)


def test_a_room_imports_only_rooms_above_it():
    assert [(importing, imported) for importing, imported in sorted(arrows())
            if ORDER.index(imported) > ORDER.index(importing)] == []


@pytest.mark.parametrize('room', ['generator', 'evaluation'])
def test_the_rooms_of_a_room_import_each_other_in_no_circle(room):
    inside = arrows(room)
    assert len(inside) >= 2
    graph = {importing: {imported for other, imported in inside if other == importing} for importing, _ in inside}
    TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize('room', ROOMS, ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_every_room_says_what_belongs_there(room):
    assert len(ast.get_docstring(ast.parse((room / '__init__.py').read_text())).partition('\n')[0]) > 20


def test_only_the_room_of_the_robot_reads_robot_descriptions():
    readers = set()
    for path in (REPOSITORY / 'src').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
                [node.module] if isinstance(node, ast.ImportFrom) else [])
            if any(name.split('.')[0] in DESCRIPTION_READERS for name in names):
                readers.add(path.relative_to(REPOSITORY / 'src').parts[:2])
    assert readers == {('robot4d_core', 'robot')}


def test_only_the_simulated_cell_knows_a_joint_or_link_by_name():
    description = RobotDescription.shipped(arms=2)
    known = {name for name in (*description.joints, *description.links) if re.search('arm_|gripper_', name)}
    assert len(known) > 30
    for path in (REPOSITORY / 'src').rglob('*.py'):
        if (LIBRARY / 'cell') in path.parents:
            continue
        spoken = {node.value for node in ast.walk(ast.parse(path.read_text()))
                  if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        assert spoken & known == set(), path


def test_no_file_is_too_long_to_read():
    for folder in ('action', 'config', 'launch', 'msg', 'sandbox', 'src', 'test', 'urdf'):
        for path in (REPOSITORY / folder).rglob('*'):
            if path.is_file() and '__pycache__' not in path.parts and path.suffix != '.gz':
                assert len(path.read_text().splitlines()) <= LONGEST, path


def test_the_guide_draws_the_rooms_as_they_are():
    assert BEGIN + draw() + END in GUIDE, 'run `python test/package/rooms.py`'


def test_the_readers_walk_names_files_that_exist_each_once():
    walk = GUIDE.partition('## A walk')[2].partition('\n## ')[0]
    files = re.findall(r'`([a-z0-9_/]+\.py)`', walk)
    assert len(files) > 15 and len(files) == len(set(files))
    for file in files:
        assert (REPOSITORY / 'src' / file).is_file(), file
