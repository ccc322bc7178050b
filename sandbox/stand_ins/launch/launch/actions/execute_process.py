# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ExecuteProcess: runs a command on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..descriptions import Executable
from ..descriptions.executable import Environment
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from .execute_local import ExecuteLocal


class ExecuteProcess(ExecuteLocal):
    """Runs a command; `ExecuteLocal` tells what else can be said about it."""

    def __init__(
        self, *,
        cmd: Iterable[SomeSubstitutionsType],
        prefix: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: Environment | None = None,
        additional_env: Environment | None = None,
        **kwargs: Any,
    ) -> None:
        """Describe the command; see `launch.descriptions.Executable`."""
        super().__init__(process_description=Executable(
            cmd=cmd, prefix=prefix, name=name, cwd=cwd, env=env, additional_env=additional_env), **kwargs)

    @property
    def name(self) -> str | list[Substitution] | None:
        """The unique name of the process once it is prepared, the label before."""
        return self.process_description.final_name or self.process_description.name

    @property
    def cmd(self) -> list[str] | list[list[Substitution]]:
        """The command line, with all substitutions performed once it is prepared."""
        return self.process_description.final_cmd or self.process_description.cmd

    @property
    def cwd(self) -> str | list[Substitution] | None:
        """The folder to run in."""
        return self.process_description.final_cwd or self.process_description.cwd

    @property
    def env(self) -> dict[str, str] | list | None:
        """The whole environment."""
        return self.process_description.final_env or self.process_description.env

    @property
    def additional_env(self) -> list | None:
        """The environment variables to add."""
        return self.process_description.additional_env
