# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d dataset`: look at, check and import recorded episodes."""

from __future__ import annotations

import argparse
from pathlib import Path

from robot4d_core.commands import dataset_import
from robot4d_core.commands.parsers import add_command, add_group, output


def add(commands) -> None:
    """Declare the command."""
    dataset = add_group(commands, 'dataset', 'look at, check and import recorded episodes')
    info = add_command(dataset, 'info', _info, 'print what a store holds')
    check = add_command(dataset, 'check', _check, 'find every corrupt or inconsistent episode')
    for parser in (info, check):
        parser.add_argument('store', type=Path, help='folder of the episode store')
    info.add_argument('--sheet', type=output, metavar='FILE', help='contact sheet (default: STORE/contact_sheet.png)')
    dataset_import.add(dataset)


def _info(arguments: argparse.Namespace) -> None:
    from rich.console import Console
    from rich.table import Table

    from robot4d_core.episodes.contact_sheet import write_contact_sheet
    from robot4d_core.episodes.store import EpisodeStore
    from robot4d_core.episodes.summary import summarise

    store = EpisodeStore(arguments.store)
    table = Table(show_header=False)
    for what, line in summarise(store).items():
        table.add_row(what, line)
    Console().print(table)
    if len(store):
        sheet = arguments.sheet or arguments.store / 'contact_sheet.png'
        write_contact_sheet(store, sheet)
        print(f'contact sheet: {sheet}')


def _check(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import track

    from robot4d_core.episodes.check import check_episode
    from robot4d_core.episodes.store import EpisodeStore

    store = EpisodeStore(arguments.store)
    wrong = 0
    for name in track(store.names, 'checking', console=Console(stderr=True)):
        problems = check_episode(store, name)
        wrong += bool(problems)
        for problem in problems:
            print(f'{name}: {problem}')
    for path in store.unfinished:
        print(f'note: {path.name} is what a killed recording left, or one under way writes; recording again clears it')
    print(f'{wrong} of {len(store)} episodes are wrong; {len(store.failures)} demonstrations failed')
    return 1 if wrong else 0
