# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Cells that several tests look at; whoever moves one resets it."""

from __future__ import annotations

import pytest

from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene

TASK = 'PutSpatulaOnTable'


@pytest.fixture(scope='session')
def shared_cell():
    cell = RobotCell(Scene.sample(TASK, seed=1))
    yield cell
    cell.close()


@pytest.fixture
def cell(shared_cell):
    shared_cell.reset()
    return shared_cell
