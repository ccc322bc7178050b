# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A table of text, for a terminal and as Markdown; a cell may have several lines."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Grid:
    """rows: of as many cells as the header has; the first names the row."""

    title: str
    header: list[str]
    rows: list[list[str]]

    def print(self, console: Console) -> None:
        """Print the first line of each cell; for all there is too little room."""
        table = Table(title=Text(self.title), padding=0)
        for k, name in enumerate(self.header):
            table.add_column(Text(name), justify='right' if k else 'left', overflow='fold')
        for row in self.rows:
            table.add_row(*(Text(cell.partition('\n')[0]) for cell in row))
        console.print(table)

    def markdown(self) -> str:
        """Return it as GitHub shows it."""
        lines = [self.header, [':--', *['--:'] * (len(self.header) - 1)], *self.rows]
        rows = [f"| {' | '.join(cell.replace(chr(10), '<br>') for cell in line)} |" for line in lines]
        return '\n'.join([f'### {self.title}', '', *rows, ''])
