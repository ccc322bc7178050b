# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Measured numbers on disk, with the command and the machine that measured them."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

from robot4d_core.text_files import write_text


def write_measurement(file: Path, command: str, numbers: dict) -> None:
    """Write numbers (JSON values, no NaN) and the command into file, whole or not at all; makes its folder."""
    write_text(file, json.dumps({'command': command, **numbers}, indent=1, allow_nan=False) + '\n')


def describe_machine(*packages: str) -> dict[str, str | int]:
    """Return the processor, how many cores this process may use, and the versions of Python and of packages."""
    return {
        'cpu': _processor(), 'cores': len(os.sched_getaffinity(0)), 'load': round(os.getloadavg()[0], 1),
        'python': platform.python_version(), **{package: version(package) for package in packages},
    }


def _processor() -> str:
    lines = Path('/proc/cpuinfo').read_text('utf-8').splitlines()
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.machine()
