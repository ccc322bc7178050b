#!/usr/bin/env python3
# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The rooms of the library and what they import of each other; run it to draw them anew in CONTRIBUTING.md.

Rooms are the folders of src/robot4d_core, and the files beside them, which are what rooms hand to each other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
LIBRARY = REPOSITORY / 'src' / 'robot4d_core'
ORDER = (
    'errors', 'text_files', 'share', 'geometry', 'sensors', 'observation', 'prediction', 'gripper_plan', 'robot',
    'episodes', 'cell', 'generator', 'tracker', 'executor', 'viewer', 'evaluation', 'commands', 'cli',
)
"""Data flows downwards: a room imports only what stands above it."""

BEGIN, END = '<!-- rooms: python test/package/rooms.py -->\n```\n', '```\n<!-- end of rooms -->\n'
IMPORTS, ITSELF, NOTHING = '●', '■', '·'


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the modules of the library that a file imports, at its top or later, as paths below the library."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith('robot4d_core.'):
            yield node.module.removeprefix('robot4d_core.').replace('.', '/')
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith('robot4d_core.'):
                    yield alias.name.removeprefix('robot4d_core.').replace('.', '/')


def arrows(room: str = '') -> set[tuple[str, str]]:
    """Return (importing, imported) of the rooms of the library, or of the rooms in one of its rooms."""
    found = set()
    for path in (LIBRARY / room).rglob('*.py'):
        importing = path.relative_to(LIBRARY / room).with_suffix('').parts[0]
        for module in imported_modules(path):
            if Path(module).is_relative_to(room):
                found.add((importing, Path(module).relative_to(room).parts[0]))
    return {(importing, imported) for importing, imported in found if importing != imported}


def draw() -> str:
    """Return the rooms from the top down: a row imports the rooms under whose columns it has a dot."""
    known, width = arrows(), max(map(len, ORDER))
    lines = []
    for row, importing in enumerate(ORDER):
        cells = [IMPORTS if (importing, imported) in known else ITSELF if importing == imported else NOTHING
                 for imported in ORDER[:row + 1]]
        lines.append(f'{row + 1:2} {importing:{width}} {"  ".join(cells)}')
    numbers = ''.join(f'{number + 1:<3}' for number in range(len(ORDER)))
    return '\n'.join([f'{"":{width + 3}} {numbers.rstrip()}', *lines]) + '\n'


if __name__ == '__main__':
    guide = REPOSITORY / 'CONTRIBUTING.md'
    before, _, rest = guide.read_text().partition(BEGIN)
    guide.write_text(before + BEGIN + draw() + END + rest.partition(END)[2])
    print(draw(), end='')
