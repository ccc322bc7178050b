# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Starts `ros2 launch robot4d` for a test, and never leaves anything of it behind."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

DEMO_LIMIT = 900.0  # seconds of wall time


class Launched:
    """A launch file in a session of its own."""

    def __init__(self, file: str, domain: int, environment: dict[str, str] | None = None, **arguments):
        """Start it on a ROS domain of its own."""
        self.printed = ''
        self._grown = threading.Condition()
        self.process = subprocess.Popen(
            ['ros2', 'launch', 'robot4d', file, *(f'{name}:={value}' for name, value in arguments.items())],
            stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {}), 'ROS_DOMAIN_ID': str(domain)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._grown:
                self.printed += line
                self._grown.notify_all()

    def wait_for(self, text: str, timeout: float = DEMO_LIMIT) -> None:
        """Wait until text has been printed."""
        with self._grown:
            assert self._grown.wait_for(lambda: text in self.printed, timeout), f'no {text!r} in:\n{self.printed}'

    def interrupt(self) -> None:
        """Press Ctrl-C: SIGINT to the launch process, which passes it on."""
        self.process.send_signal(signal.SIGINT)

    def finish(self, timeout: float = DEMO_LIMIT) -> str:
        """Wait for the end and return what was printed; nothing of it is left running."""
        try:
            self.process.wait(timeout)
            self._reader.join(100)
            return self.printed
        finally:
            for pid in self.survivors():
                os.kill(pid, signal.SIGKILL)

    def survivors(self) -> list[int]:
        """Return the processes of its session that still run."""
        found = []
        for stat in Path('/proc').glob('[0-9]*/stat'):
            try:
                after_name = stat.read_text().rpartition(')')[2].split()
            except OSError:
                continue
            if after_name[0] != 'Z' and int(after_name[3]) == self.process.pid:
                found.append(int(stat.parent.name))
        return found


class Demo(Launched):
    """The demo."""

    def __init__(self, output: Path, domain: int, **arguments):
        """Start it on a ROS domain of its own."""
        self.output = output
        super().__init__('demo.launch.py', domain, headless='true', output=output, **arguments)

    @property
    def summary(self) -> dict:
        """What the demo wrote."""
        return json.loads((self.output / 'summary.json').read_text())

    def exit_status(self) -> int:
        """Return the exit status of `robot4d report` on what the demo wrote."""
        command = [sys.executable, '-m', 'robot4d_core.cli', 'report', str(self.output)]
        return subprocess.run(command, timeout=200, check=False).returncode
