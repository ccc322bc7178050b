# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Fixtures of the stand-ins' tests. Without ROS 2 there is nothing to collect here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import pytest

if find_spec('rclpy') is None:
    collect_ignore_glob = ['test_*.py']


@pytest.fixture
def launch_logs(tmp_path, monkeypatch) -> Iterator[None]:
    """Keep launch's log files in the test's folder, and what launch files do to the environment within the test."""
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    environment = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(environment)


@pytest.fixture
def run_launch(launch_logs) -> Callable[..., int]:
    """Return a function that runs actions as a launch description and returns launch's return code."""
    from launch import LaunchDescription, LaunchService

    def run(*actions, **service_arguments) -> int:
        service = LaunchService(**service_arguments)
        service.include_launch_description(LaunchDescription(actions))
        return service.run()
    return run
