# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The client of a buffer in another process."""

from __future__ import annotations

from typing import Any


class BufferClient:
    """Not offered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            'the sandbox stand-in for tf2_ros has no BufferClient; use a Buffer and a TransformListener'
        )
