# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Tests on classes and instances alike."""

from __future__ import annotations

import inspect
from typing import Any


def is_a(obj: Any, entity_type: type) -> bool:
    """Whether `obj` is an instance of the type."""
    return isinstance(obj, entity_type)


def is_a_subclass(obj: Any, entity_type: type) -> bool:
    """Whether `obj` is an instance of the type or a class derived from it."""
    return isinstance(obj, entity_type) or inspect.isclass(obj) and issubclass(obj, entity_type)


def isclassinstance(obj: Any) -> bool:
    """Whether `obj` is an instance of a class, which everything is in Python 3."""
    return isinstance(obj, object)
