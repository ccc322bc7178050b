# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ProcessStderr: standard error of a process."""

from __future__ import annotations

from typing import Any

from .process_io import ProcessIO


class ProcessStderr(ProcessIO):
    """Standard error of a process."""

    name = 'launch.events.process.ProcessStderr'

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        """Take the bytes."""
        super().__init__(text=text, fd=2, **kwargs)
