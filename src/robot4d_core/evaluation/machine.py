# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""On which machine a number was measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def describe_machine(*packages: str) -> dict[str, str | int]:
    """Return the processor, how many cores this process may use, and the versions of Python and of packages."""
    return {
        'cpu': _processor(), 'cores': len(os.sched_getaffinity(0)), 'load': round(os.getloadavg()[0], 1),
        'python': platform.python_version(), **{package: version(package) for package in packages},
    }


def _processor() -> str:
    lines = Path('/proc/cpuinfo').read_text().splitlines()
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.machine()
