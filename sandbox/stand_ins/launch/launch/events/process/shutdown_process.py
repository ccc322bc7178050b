# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ShutdownProcess: some processes are to end."""

from __future__ import annotations

from .process_targeted_event import ProcessTargetedEvent


class ShutdownProcess(ProcessTargetedEvent):
    """The matching processes are to end: SIGINT, then SIGTERM, then SIGKILL."""

    name = 'launch.events.process.ShutdownProcess'
