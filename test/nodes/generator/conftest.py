# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Generator nodes that already predict: one that waits patiently for images, one that soon gives up."""

from __future__ import annotations

import pytest

from nodes.bench import SteppingEngine, wait_until
from nodes.generator.generator_bench import QUICK, Bench


@pytest.fixture
def engine():
    return SteppingEngine()


@pytest.fixture
def bench(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine) as running:
        wait_until(running.works)
        yield running


@pytest.fixture
def quick(ros, monkeypatch, engine):
    """Return a bench that soon gives up: for what fails, and for what is tried again until it works."""
    with Bench(monkeypatch, engine, **QUICK) as running:
        wait_until(running.works)
        yield running
