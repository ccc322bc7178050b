# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Command: the output of a command."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING

import launch.logging

from ..frontend.expose import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.perform_substitutions_impl import perform_substitutions
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution('command')
class Command(Substitution):
    """The standard output of a command; what it writes to standard error is a failure unless said otherwise."""

    def __init__(self, command: SomeSubstitutionsType, *, on_stderr: SomeSubstitutionsType = 'fail') -> None:
        """Take the command and what to do on stderr output: 'fail', 'ignore', 'warn' or 'capture'."""
        super().__init__()
        self.__command = normalize_to_list_of_substitutions(command)
        self.__on_stderr = normalize_to_list_of_substitutions(on_stderr)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(command command [on_stderr])`."""
        if not 1 <= len(data) <= 2:
            raise ValueError('command substitution expects 1 or 2 arguments')
        return cls, dict(zip(('command', 'on_stderr'), data))

    @property
    def command(self) -> list[Substitution]:
        """The command line."""
        return self.__command

    @property
    def on_stderr(self) -> list[Substitution]:
        """What to do on stderr output."""
        return self.__on_stderr

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"Command({' + '.join(sub.describe() for sub in self.command)})"

    def perform(self, context: LaunchContext) -> str:
        """Run the command; raises SubstitutionFailure if it does not exist, fails, or writes to stderr."""
        command = perform_substitutions(context, self.command)
        on_stderr = perform_substitutions(context, self.on_stderr)
        if on_stderr not in ('fail', 'ignore', 'warn', 'capture'):
            raise SubstitutionFailure("expected 'on_stderr' to be one of: 'fail', 'ignore', 'warn' or 'capture'")
        try:
            result = subprocess.run(
                shlex.split(command), stdout=subprocess.PIPE, text=True,
                stderr=subprocess.STDOUT if on_stderr == 'capture' else subprocess.PIPE)
        except FileNotFoundError as error:
            raise SubstitutionFailure(f'file not found: {error}') from error
        if result.returncode != 0:
            message = f'executed command failed. Command: {command}'
            if result.stderr:
                message += f'\nCaptured stderr output: {result.stderr}'
            raise SubstitutionFailure(message)
        if result.stderr:
            message = (
                f'executed command showed stderr output. Command: {command}\n'
                f'Captured stderr output:\n{result.stderr}')
            if on_stderr == 'fail':
                raise SubstitutionFailure(message)
            if on_stderr == 'warn':
                launch.logging.get_logger().warning(message)
        return result.stdout
