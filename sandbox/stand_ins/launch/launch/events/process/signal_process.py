# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""SignalProcess: a signal is to be sent to some processes."""

from __future__ import annotations

import signal as signal_module
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...utilities import ensure_argument_type
from .process_targeted_event import ProcessTargetedEvent

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


class SignalProcess(ProcessTargetedEvent):
    """A signal is to be sent to the matching processes."""

    name = 'launch.events.process.SignalProcess'

    def __init__(
        self, *, signal_number: str | signal_module.Signals, process_matcher: Callable[[ExecuteLocal], bool],
    ) -> None:
        """Take the signal: a `signal.Signals` or the text 'SIGKILL'."""
        super().__init__(process_matcher=process_matcher)
        ensure_argument_type(signal_number, (str, signal_module.Signals), 'signal_number', 'SignalProcess')
        self.__signal = signal_number

    @property
    def signal(self) -> str | signal_module.Signals:
        """The signal."""
        return self.__signal

    @property
    def signal_name(self) -> str:
        """The name of the signal, for example 'SIGINT'."""
        return self.__signal if isinstance(self.__signal, str) else self.__signal.name
