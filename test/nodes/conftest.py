# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Fixtures of the node tests. Without ROS 2 there is nothing to collect here."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

if find_spec('rclpy') is None:
    collect_ignore_glob = ['*']


@pytest.fixture(scope='session', autouse=True)
def domain() -> Iterator[int]:
    """Keep the tests, and the processes that they start, in a DDS domain that no other session uses."""
    import domain_coordinator

    with domain_coordinator.domain_id() as number:
        os.environ['ROS_DOMAIN_ID'] = str(number)
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
        yield number


@pytest.fixture
def ros(monkeypatch) -> Iterator[None]:
    """Initialise and shut down rclpy around one test, in which a node may take its time to end."""
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    from robot4d_nodes import lifecycle

    monkeypatch.setattr(lifecycle, '_SHUTDOWN_TIMEOUT', 60.0)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    yield
    rclpy.shutdown()
    gc.collect()  # what the test has left; participants that live on disturb the next tests
