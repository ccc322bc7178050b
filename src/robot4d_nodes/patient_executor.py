# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The executor of all nodes: many threads, and patience with rclpy."""

from __future__ import annotations

import time

from rclpy.exceptions import InvalidHandle
from rclpy.executors import MultiThreadedExecutor, TimeoutException
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy

_THREADS = 8
_PAUSE = 0.01  # seconds, in which the other thread can take what it destroys out of its node
_MOST_DISTURBANCES = 200  # in a row


class PatientExecutor(MultiThreadedExecutor):
    """A MultiThreadedExecutor that bears nodes which create and destroy subscriptions and clients while it spins."""

    def __init__(self, **options) -> None:
        """Make an executor with enough threads that a long callback does not hold up the others."""
        super().__init__(num_threads=_THREADS, **options)
        self._disturbances = 0

    def wait_for_ready_callbacks(self, *args, **options):
        """Look again when something was destroyed by another thread meanwhile; rclpy 7.1 raises then."""
        try:
            ready = super().wait_for_ready_callbacks(*args, **options)
        except (InvalidHandle, _rclpy.RCLError):
            self._disturbances += 1
            if self._disturbances > _MOST_DISTURBANCES:
                raise
            time.sleep(_PAUSE)
            raise TimeoutException from None
        self._disturbances = 0
        return ready

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Wait for the callbacks that still run, too; rclpy 7.1 does not."""
        self._executor.shutdown(wait=True)
        return super().shutdown(timeout_sec)
