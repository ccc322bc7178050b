# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ProcessStdout: standard output of a process."""

from __future__ import annotations

from typing import Any

from .process_io import ProcessIO


class ProcessStdout(ProcessIO):
    """Standard output of a process."""

    name = 'launch.events.process.ProcessStdout'

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        """Take the bytes."""
        super().__init__(text=text, fd=1, **kwargs)
