# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Makes a future for a loop."""

from __future__ import annotations

import asyncio


def create_future(loop: asyncio.AbstractEventLoop | None) -> asyncio.Future:
    """Return a future that belongs to `loop`."""
    return asyncio.Future(loop=loop)
