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

_START = re.compile(r'\$\(([A-Za-z][A-Za-z0-9_-]*)')
_ESCAPED = re.compile(r'\\(.)')


def parse_substitution(string_value: str) -> list[Substitution]:
    """Return the substitutions of a text; raises ValueError if one of them is not closed."""
    if not string_value:
        return [TextSubstitution(text='')]
    return _Reader(string_value).read_until('')


class _Reader:
    """Reads a text from its start to its end."""

    def __init__(self, text: str) -> None:
        self.__text = text
        self.__position = 0
        self.__is_quoted = False

    def __peek(self) -> str:
        return self.__text[self.__position:self.__position + 1]

    def read_until(self, ends: str) -> list[Substitution]:
        """Read texts and substitutions up to one of the characters `ends`, or to the end of the text for ''."""
        fragments: list[Substitution] = []
        literal = ''
        while self.__peek() and self.__peek() not in ends:
            if start := _START.match(self.__text, self.__position):
                if literal:
                    fragments.append(TextSubstitution(text=literal))
                    literal = ''
                self.__position = start.end()
                fragments.append(instantiate_substitution(start.group(1), self.__read_arguments()))
            elif escaped := _ESCAPED.match(self.__text, self.__position):
                self.__position = escaped.end()
                literal += escaped.group(1)
            else:
                literal += self.__peek()
                self.__position += 1
        if ends:
            self.__require_more()
        if literal:
            fragments.append(TextSubstitution(text=literal))
        return fragments

    def __read_arguments(self) -> list[list[Substitution]]:
        """Read ` argument argument)`; quotes inside of quotes stand for themselves."""
        arguments = []
        while self.__peek() == ' ':
            self.__position += 1
            quote = self.__peek()
            if quote in ('"', "'") and not self.__is_quoted:
                self.__is_quoted = True
                self.__position += 1
                arguments.append(self.read_until(quote))
                self.__position += 1
                self.__is_quoted = False
            else:
                arguments.append(self.read_until(' )'))
        if self.__peek() != ')':
            self.__require_more()
            raise ValueError(f"expected ' ' or ')' at position {self.__position} of: {self.__text}")
        self.__position += 1
        return arguments

    def __require_more(self) -> None:
        if not self.__peek():
            raise ValueError(f'a substitution is not closed in: {self.__text}')
