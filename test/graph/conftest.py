# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that run the whole graph."""

import itertools
import os

import pytest

_DOMAINS = itertools.count(int(os.environ.get('ROS_DOMAIN_ID', '0')) % 50 + 50)


@pytest.fixture
def domain() -> int:
    """Return a ROS domain of the test's own; 101 is the highest that every platform allows."""
    return next(_DOMAINS) % 52 + 50
