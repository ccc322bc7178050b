# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in every phase of the demo: it ends soon, in order, and leaves no process behind."""

import time

import pytest

from graph.demo_process import Demo

END_LIMIT = 15.0  # seconds; ros2 launch itself escalates to SIGTERM after 5 and to SIGKILL after 10


@pytest.mark.timeout(900)
@pytest.mark.parametrize('phase', ['waiting for', 'predict', 'execute'])
def test_when_interrupted_expect_an_orderly_end(phase, tmp_path, domain):
    demo = Demo(tmp_path / 'demo', domain, engine='oracle')
    try:
        demo.wait_for(phase, timeout=400)
        time.sleep(0.5)
        started = time.monotonic()
        demo.interrupt()
        printed = demo.finish(timeout=200)
        assert time.monotonic() - started < END_LIMIT, printed
        assert demo.survivors() == []
        assert 'SIGKILL' not in printed, printed
        assert phase == 'waiting for' or 'Traceback' not in printed, printed
    finally:
        demo.finish(timeout=1)
