# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Executable: a process that can be started."""

from __future__ import annotations

import itertools
import os
import re
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..substitutions import LaunchConfiguration
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..action import Action

Environment = dict[SomeSubstitutionsType, SomeSubstitutionsType]
_NormalizedEnvironment = list[tuple[list[Substitution], list[Substitution]]]

_process_numbers = itertools.count(1)


class Executable:
    """The command line, name, folder and environment of a process."""

    def __init__(
        self, *,
        cmd: Iterable[SomeSubstitutionsType],
        prefix: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: Environment | None = None,
        additional_env: Environment | None = None,
        arguments: Iterable[SomeSubstitutionsType] | None = None,
    ) -> None:
        """
        Describe a process.

        cmd: the executable and its arguments; `arguments` are added to them.
        prefix: a command that runs the executable; by default the launch configuration 'launch-prefix', if the
            executable's name matches the launch configuration 'launch-prefix-filter'.
        name: the label of the process; by default the name of the executable.
        env: the whole environment, by default that of the launch; `additional_env` is added to it.
        """
        self.__cmd = [normalize_to_list_of_substitutions(part) for part in [*cmd, *(arguments or [])]]
        self.__prefix = normalize_to_list_of_substitutions(
            LaunchConfiguration('launch-prefix', default='') if prefix is None else prefix)
        self.__prefix_filter = (
            normalize_to_list_of_substitutions(LaunchConfiguration('launch-prefix-filter', default=''))
            if prefix is None else None)
        self.__name = None if name is None else normalize_to_list_of_substitutions(name)
        self.__cwd = None if cwd is None else normalize_to_list_of_substitutions(cwd)
        self.__env = _normalize_environment(env)
        self.__additional_env = _normalize_environment(additional_env)
        self.__arguments = arguments
        self.__final_cmd: list[str] | None = None
        self.__final_cwd: str | None = None
        self.__final_env: dict[str, str] | None = None
        self.__final_name: str | None = None

    @property
    def name(self) -> list[Substitution] | None:
        """The label of the process."""
        return self.__name

    @property
    def prefix(self) -> list[Substitution]:
        """The command that runs the executable."""
        return self.__prefix

    @property
    def cmd(self) -> list[list[Substitution]]:
        """The executable and its arguments."""
        return self.__cmd

    @property
    def cwd(self) -> list[Substitution] | None:
        """The folder to run in."""
        return self.__cwd

    @property
    def env(self) -> _NormalizedEnvironment | None:
        """The whole environment."""
        return self.__env

    @property
    def additional_env(self) -> _NormalizedEnvironment | None:
        """The environment variables to add."""
        return self.__additional_env

    @property
    def arguments(self) -> Iterable[SomeSubstitutionsType] | None:
        """The arguments to add."""
        return self.__arguments

    @property
    def final_name(self) -> str | None:
        """The label with a number that is unique within this program; None before `prepare`."""
        return self.__final_name

    @property
    def final_cmd(self) -> list[str] | None:
        """The command line; None before `prepare`."""
        return self.__final_cmd

    @property
    def final_cwd(self) -> str | None:
        """The folder; None before `prepare`, and for launch's own."""
        return self.__final_cwd

    @property
    def final_env(self) -> dict[str, str] | None:
        """The environment; None before `prepare`."""
        return self.__final_env

    def prepare(self, context: LaunchContext, action: Action) -> None:
        """Perform all substitutions."""
        cmd = [perform_substitutions(context, part) for part in self.__cmd]
        if self.__has_prefix(context, cmd[0]):
            cmd = shlex.split(perform_substitutions(context, self.__prefix)) + cmd
        self.__final_cmd = cmd
        name = os.path.basename(cmd[0]) if self.__name is None else perform_substitutions(context, self.__name)
        self.__final_name = f'{name}-{next(_process_numbers)}'
        self.__final_cwd = None if self.__cwd is None else perform_substitutions(context, self.__cwd)
        env = dict(context.environment) if self.__env is None else _perform_environment(context, self.__env)
        self.__final_env = {**env, **_perform_environment(context, self.__additional_env or [])}

    def __has_prefix(self, context: LaunchContext, executable: str) -> bool:
        if self.__prefix_filter is None:
            return True
        prefix_filter = perform_substitutions(context, self.__prefix_filter)
        return re.match(prefix_filter, os.path.basename(executable)) is not None


def _normalize_environment(env: Environment | None) -> _NormalizedEnvironment | None:
    if env is None:
        return None
    return [
        (normalize_to_list_of_substitutions(key), normalize_to_list_of_substitutions(value))
        for key, value in env.items()]


def _perform_environment(context: LaunchContext, env: _NormalizedEnvironment) -> dict[str, str]:
    return {perform_substitutions(context, key): perform_substitutions(context, value) for key, value in env}
