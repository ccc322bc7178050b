# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where launch's own messages and the output of processes go: the screen and one log file."""

from __future__ import annotations

import datetime
import os
import socket
import sys
import time
from pathlib import Path

DESTINATIONS = {
    'screen': {'stdout': {'screen'}, 'stderr': {'screen'}},
    'log': {'stdout': {'file'}, 'stderr': {'file', 'screen'}},
    'both': {'stdout': {'file', 'screen'}, 'stderr': {'file', 'screen'}},
}
"""Where the standard output and the standard error of a process with such an `output` go."""


class Log:
    """Writes launch.log into a folder of its own below $ROS_LOG_DIR, else $ROS_HOME/log, else ~/.ros/log."""

    def __init__(self) -> None:
        base = os.environ.get('ROS_LOG_DIR') or os.path.join(os.environ.get('ROS_HOME') or '~/.ros', 'log')
        stamp = datetime.datetime.now().strftime('%Y-%m-%d-%H-%M-%S-%f')
        self.folder = Path(base).expanduser() / f'{stamp}-{socket.gethostname()}-{os.getpid()}'
        self._file = None

    def message(self, level: str, name: str, text: str) -> None:
        """Write a message of launch itself to screen and file."""
        self.line(f'[{level}] [{name}]: {text}', {'screen', 'file'})

    def line(self, text: str, destinations: set[str]) -> None:
        """Write a line to 'screen', 'file' or both; the screen replaces what its encoding cannot express."""
        if 'screen' in destinations:
            encoding = getattr(sys.stdout, 'encoding', None) or 'utf-8'
            print(text.encode(encoding, errors='replace').decode(encoding), flush=True)
        if 'file' in destinations:
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._file = (self.folder / 'launch.log').open('a', encoding='utf-8', buffering=1)
            self._file.write(f'{time.time():.7f} {text}\n')

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
