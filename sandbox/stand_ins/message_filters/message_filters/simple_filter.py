# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The base of every filter: a list of callbacks that receive each output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class SimpleFilter:
    """A source of messages to which callbacks connect."""

    def __init__(self) -> None:
        self.callbacks: dict[int, tuple[Callable, tuple]] = {}

    def registerCallback(self, cb: Callable, *args: Any) -> int:  # noqa: N802 (upstream's name)
        """Call `cb` with every output of this filter, followed by `args`; return the connection's number."""
        connection = len(self.callbacks)
        self.callbacks[connection] = (cb, args)
        return connection

    def signalMessage(self, *msg: Any) -> None:  # noqa: N802 (upstream's name)
        """Hand one output (one message, or one synchronised set) to every callback."""
        for callback, arguments in self.callbacks.values():
            callback(*msg, *arguments)
