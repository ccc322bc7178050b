# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ProcessStarted: a process was started."""

from __future__ import annotations

from .running_process_event import RunningProcessEvent


class ProcessStarted(RunningProcessEvent):
    """A process was started."""

    name = 'launch.events.process.ProcessStarted'
