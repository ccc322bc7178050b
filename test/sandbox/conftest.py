# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Fixtures of the stand-ins' tests. Without ROS 2 there is nothing to collect here."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import pytest

if find_spec('rclpy') is None:
    collect_ignore_glob = ['test_*.py']


@pytest.fixture
def launch_logs(tmp_path, monkeypatch) -> Iterator[None]:
    """Keep launch's log files in the test's folder, and what launch files do to the environment within the test."""
    import launch.logging

    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    environment = dict(os.environ)
    root_handlers = list(logging.root.handlers)
    launch.logging.reset()
    yield
    launch.logging.reset()
    logging.root.handlers[:] = root_handlers
    os.environ.clear()
    os.environ.update(environment)


@pytest.fixture
def run_launch(launch_logs) -> Callable[..., int]:
    """Return a function that runs entities as a launch description and returns launch's return code."""
    from launch import LaunchDescription, LaunchService

    def run(*entities, shutdown_when_idle: bool = True, **service_arguments) -> int:
        service = LaunchService(**service_arguments)
        service.include_launch_description(LaunchDescription(entities))
        return service.run(shutdown_when_idle=shutdown_when_idle)
    return run
