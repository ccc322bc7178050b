# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Texts that are known only when launching."""

from __future__ import annotations

import math
import os
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launch.not_offered import lacks, refuse_options

if TYPE_CHECKING:
    from launch.context import LaunchContext

__getattr__ = lacks(
    __name__, 'AllSubstitution AndSubstitution AnonName AnySubstitution BooleanSubstitution EnvironmentVariable '
    'EqualsSubstitution FileContent FindExecutable ForEachVar ForLoopIndex IfElseSubstitution LaunchLogDir '
    'LocalSubstitution NotEqualsSubstitution NotSubstitution OrSubstitution PathSubstitution '
    'ThisLaunchFile ThisLaunchFileDir')


class SubstitutionFailure(Exception):  # noqa: N818 - upstream's name
    """A substitution cannot be performed."""


class Substitution:
    """Base of all substitutions."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        raise NotImplementedError(f'{type(self).__name__}.perform')


class TextSubstitution(Substitution):
    """A text; as the value of a parameter it is read as YAML, as every substitution, and a plain text is not."""

    def __init__(self, *, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"TextSubstitution expected 'text' to be a str, but got {text!r}")
        self.text = text

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return self.text


class LaunchConfiguration(Substitution):
    """The value of a launch argument."""

    def __init__(self, variable_name: Any, **options: Any) -> None:
        refuse_options('LaunchConfiguration', options, 'default')
        self._name = parts(variable_name)

    def perform(self, context: LaunchContext) -> str:
        """Return the value; raises SubstitutionFailure if it is not set."""
        name = perform(context, self._name)
        if name not in context.launch_configurations:
            raise SubstitutionFailure(f"launch configuration '{name}' does not exist")
        return context.launch_configurations[name]


class PathJoinSubstitution(Substitution):
    """Joins parts with `os.path.join`; a part may itself be a list of texts and substitutions."""

    def __init__(self, substitutions: Iterable[Any]) -> None:
        self._parts = [parts(part) for part in substitutions]

    def perform(self, context: LaunchContext) -> str:
        """Return the path."""
        return os.path.join(*(perform(context, part) for part in self._parts))


class PythonExpression(Substitution):
    """What an expression yields, as a text; it may use the module math."""

    def __init__(self, expression: Any, **options: Any) -> None:
        refuse_options('PythonExpression', options, 'python_modules')
        self._expression = parts(expression)

    def perform(self, context: LaunchContext) -> str:
        """Evaluate the expression; raises what it raises."""
        return str(eval(perform(context, self._expression), {}, {'math': math}))


class Command(Substitution):
    """The standard output of a command line, which must succeed and write nothing to standard error."""

    def __init__(self, command: Any, **options: Any) -> None:
        refuse_options('Command', options, 'on_stderr')
        self._command = parts(command)

    def perform(self, context: LaunchContext) -> str:
        """Run the command; raises SubstitutionFailure if it does not exist, fails, or writes to stderr."""
        command = perform(context, self._command)
        try:
            result = subprocess.run(shlex.split(command), capture_output=True, text=True)
        except FileNotFoundError as error:
            raise SubstitutionFailure(f'file not found: {error}') from error
        if result.returncode != 0:
            captured = f'\nCaptured stderr output: {result.stderr}' if result.stderr else ''
            raise SubstitutionFailure(f'executed command failed. Command: {command}{captured}')
        if result.stderr:
            raise SubstitutionFailure(
                f'executed command showed stderr output. Command: {command}\nCaptured stderr output:\n{result.stderr}')
        return result.stdout


def parts(value: Any) -> list[Substitution]:
    """Return a text, path, substitution, or a sequence of them as substitutions; raises TypeError."""
    if isinstance(value, Substitution):
        return [value]
    if isinstance(value, (str, Path)):
        return [TextSubstitution(text=str(value))]
    if isinstance(value, Iterable):
        return [part for item in value for part in parts(item)]
    raise TypeError(f'Failed to normalize {value!r} to a list of substitutions: expected texts and substitutions')


def perform(context: LaunchContext, substitutions: Iterable[Substitution]) -> str:
    """Return what substitutions yield, joined."""
    return ''.join(substitution.perform(context) for substitution in substitutions)
