# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Event: something that happened or is asked for while launching."""

from __future__ import annotations


class Event:
    """Base of all events."""

    name = 'launch.Event'
