# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""
Reads substitutions written in a text, such as `$(var name)`.

The grammar is upstream's: `$(name argument argument ...)`, arguments separated by one blank, an argument with blanks
in quotes, a backslash before a character that shall stand for itself.
"""

from __future__ import annotations

import re

from ..substitution import Substitution
from ..substitutions import TextSubstitution
from .expose import instantiate_substitution

_NAME = re.compile(r'\$\(([A-Za-z][A-Za-z0-9_-]*)')


def parse_substitution(string_value: str) -> list[Substitution]:
    """Return the substitutions of a text; raises ValueError if one of them is not closed."""
    if not string_value:
        return [TextSubstitution(text='')]
    fragments, _ = _parse(string_value, 0, '')
    return fragments


def _parse(text: str, start: int, ends: str) -> tuple[list[Substitution], int]:
    """Parse fragments from `start` up to a character of `ends` (or the end of the text, if `ends` is empty)."""
    fragments: list[Substitution] = []
    literal = ''
    position = start
    while position < len(text) and text[position] not in ends:
        if text[position] == '\\' and position + 1 < len(text):
            literal += text[position + 1]
            position += 2
        elif name := _NAME.match(text, position):
            if literal:
                fragments.append(TextSubstitution(text=literal))
                literal = ''
            arguments, position = _parse_arguments(text, name.end())
            fragments.append(instantiate_substitution(name.group(1), arguments))
        else:
            literal += text[position]
            position += 1
    if ends and position == len(text):
        raise ValueError(f'a substitution is not closed in: {text}')
    if literal:
        fragments.append(TextSubstitution(text=literal))
    return fragments, position


def _parse_arguments(text: str, position: int) -> tuple[list[list[Substitution]], int]:
    """Parse ` argument argument)`; return the arguments and the position after the closing parenthesis."""
    arguments = []
    while text[position:position + 1] == ' ':
        position += 1
        quote = text[position:position + 1]
        if quote in ('"', "'"):
            argument, position = _parse(text, position + 1, quote)
            position += 1
        else:
            argument, position = _parse(text, position, ' )')
        arguments.append(argument)
    if text[position:position + 1] != ')':
        raise ValueError(f'a substitution is not closed in: {text}')
    return arguments, position + 1
