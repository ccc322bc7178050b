# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Measured numbers on disk, with the command that measured them."""

from __future__ import annotations

import json
from pathlib import Path


def write_measurement(file: Path, command: str, numbers: dict) -> None:
    """Write numbers (JSON values, no NaN) and the command into file, whole or not at all; makes its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f'{file.name}.unfinished')
    unfinished.write_text(json.dumps({'command': command, **numbers}, indent=1, allow_nan=False) + '\n')
    unfinished.replace(file)
