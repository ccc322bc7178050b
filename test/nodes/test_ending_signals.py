# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""EndingSignals, in a process of its own."""

import subprocess
import sys

import pytest

SIGNALLED = """
import signal, threading, time
from robot4d_nodes.ending_signals import EndingSignals

signals = EndingSignals()
asleep = threading.Thread(target=time.sleep, args=(100.0,), daemon=True)
asleep.start()
threading.Timer({delay}, lambda: {action}).start()
signals.wait()
"""


@pytest.mark.parametrize('delay', [0.0, 0.5])
@pytest.mark.parametrize('action', [
    'signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)',
    'signal.pthread_kill(asleep.ident, signal.SIGINT)',
    'signal.pthread_kill(asleep.ident, signal.SIGTERM)',
    'signals.end()',
])
def test_waiting_ends_whatever_thread_is_hit(action, delay):
    script = SIGNALLED.format(action=action, delay=delay)
    subprocess.run([sys.executable, '-c', script], check=True, timeout=60)
