# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The types accepted wherever one or several actions are expected."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable
from typing import Union

from .action import Action

SomeActionsType = Union[Action, Iterable[Action]]

SomeActionsType_types_tuple = (Action, collections.abc.Iterable)
