# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Waiting for SIGINT and SIGTERM."""

import os
import signal


class EndingSignals:
    """Takes SIGINT and SIGTERM from now on, for who waits for them in any thread; made in the main thread.

    A Python handler would run in the main thread only, which does not awake for a signal that hits another thread.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)

    def wait(self) -> None:
        """Return at a signal or `end`, also one that came before."""
        os.read(self._reader, 1)

    def end(self) -> None:
        """Let `wait` return without a signal."""
        os.write(self._writer, b'\0')
