# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The learned model that comes with robot4d."""

from __future__ import annotations

from pathlib import Path

from robot4d_core.errors import ModelError
from robot4d_core.robot.names import CELL
from robot4d_core.share import share_directory

DEFAULT_MODEL = 'tabletop'


def shipped_model(robot: str = CELL) -> Path:
    """Return the folder of the model that comes with robot4d.

    Raises ModelError for another robot of the simulated cell than the one it was trained with.
    """
    if robot != CELL:
        raise ModelError(
            f"the model that comes with robot4d was trained with the cell's own robot and does not know '{robot}'; "
            f'choose the engine oracle, or train one by `robot4d train {DEFAULT_MODEL} --robot {robot}` and name it')
    return share_directory() / 'models' / DEFAULT_MODEL
