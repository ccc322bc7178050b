# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LogInfo: logs a message."""

from __future__ import annotations

from typing import Any

import launch.logging

from ..action import Action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


class LogInfo(Action):
    """Logs a message on behalf of the user."""

    def __init__(self, *, msg: SomeSubstitutionsType, **kwargs: Any) -> None:
        """Take the message."""
        super().__init__(**kwargs)
        self.__msg = normalize_to_list_of_substitutions(msg)
        self.__logger = launch.logging.get_logger('launch.user')

    @property
    def msg(self) -> list[Substitution]:
        """The message."""
        return self.__msg

    def execute(self, context: LaunchContext) -> None:
        """Log the message."""
        self.__logger.info(perform_substitutions(context, self.msg))
