# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the layers may know of each other, and how long a node may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / 'src'
ROS = {
    'ament_index_python', 'builtin_interfaces', 'launch', 'launch_ros', 'message_filters', 'rclpy',
    'robot4d', 'robot4d_nodes', 'tf2_ros',
}
HEAVY = ['diffusers', 'matplotlib', 'mujoco', 'open3d', 'torch']


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split('.')[0])
    return names


@pytest.mark.parametrize('path', sorted((SOURCES / 'robot4d_core').rglob('*.py')), ids=lambda path: path.stem)
def test_when_a_library_module_is_read_expect_no_ros_in_it(path):
    used = imports(path)
    assert used & ROS == set()
    assert not [name for name in used if name.endswith(('_msgs', '_srvs'))]


@pytest.mark.parametrize('path', sorted((SOURCES / 'robot4d_nodes').glob('*.py')), ids=lambda path: path.stem)
def test_when_a_node_module_is_read_expect_at_most_300_lines(path):
    assert len(path.read_text().splitlines()) <= 300


def test_when_the_library_and_its_rooms_are_imported_expect_no_heavy_dependency():
    rooms = ['.'.join(path.parent.relative_to(SOURCES).parts) for path in SOURCES.glob('robot4d_core/**/__init__.py')]
    script = f'import sys, robot4d_core, {", ".join(rooms)}; print([name for name in {HEAVY} if name in sys.modules])'
    loaded = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == '[]'
