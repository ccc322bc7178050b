# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Parameters that a node was given and does not hear: misspelt, at a wrong level, or in a file for another node.

ROS drops all of these without a word, and the default stays in force.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches

from rclpy.node import Node

from robot4d_core.share import share_directory
from robot4d_core.text_files import read_ros_parameters, read_yaml


def unheard_parameters(node: Node, shared: bool, arguments: Sequence[str] = tuple(sys.argv)) -> list[str]:
    """Return a sentence for each parameter that was given and not declared, and each file that is not for the node.

    shared: whether the names in robot4d's own files, which several nodes read, are meant for another one.
    """
    declared, given = set(node._parameters), set(node._parameter_overrides)
    known = _names_of_robot4d(given) if shared else set()
    unknown = sorted(given - declared - known)
    return [*(_unknown(name, declared) for name in unknown), *_files_of_others(node, arguments)]


def _unknown(name: str, declared: Collection[str]) -> str:
    near = get_close_matches(name, declared, n=1) or [
        other for other in sorted(declared) if other.split('.')[-1] == name.split('.')[-1]]
    return f"there is no parameter '{name}'" + (f", only '{near[0]}'" if near else '')


def _files_of_others(node: Node, arguments: Sequence[str]) -> Iterator[str]:
    name = node.get_fully_qualified_name()
    for option, file in zip(arguments, arguments[1:]):
        if option == '--params-file':
            sections = list(_sections(read_yaml(file) or {}))
            if not any(re.fullmatch(_pattern(section), name) for section in sections):
                yield f"{file} has parameters of {', '.join(sections) or 'no node'}, none of {name}"


def _sections(tree: dict, above: str = '') -> Iterator[str]:
    """Yield the names of the nodes that a file has parameters of; they may hold wildcards."""
    for key, value in tree.items():
        if key == 'ros__parameters':
            yield above
        elif isinstance(value, dict):
            yield from _sections(value, f"{above}/{key.strip('/')}")


def _pattern(section: str) -> str:
    tokens = {'**': '(/[^/]+)*', '*': '/[^/]+'}
    return ''.join(tokens.get(token, f'/{re.escape(token)}') for token in section.split('/')[1:])


def _names_of_robot4d(given: Collection[str]) -> set[str]:
    names: set[str] = set()
    for file in (share_directory() / 'config').glob('*.yaml'):
        names |= set(_flat(read_ros_parameters(file)))
    fields = {name.split('.')[-1] for name in names if '.' in name}
    return names | {name for name in given if name.count('.') == 1 and name.split('.')[-1] in fields}


def _flat(tree: dict, above: str = '') -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f'{above}{key}.')
        else:
            yield f'{above}{key}'
