# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Interface types by name, and messages to and from plain dictionaries."""

from __future__ import annotations

import importlib
import re
from typing import Any

import numpy as np
import yaml

from ros2cli.errors import CommandError

LONGEST_ARRAY = 128  # as `ros2 topic echo`: the rest becomes '...'


def load_interface(name: str) -> type:
    """Return the class of 'package/msg/Type', 'package/srv/Type' or 'package/action/Type'."""
    try:
        package, kind, type_name = name.split('/')
        return getattr(importlib.import_module(f'{package}.{kind}'), type_name)
    except (ValueError, ImportError, AttributeError) as error:
        raise CommandError(f'{name!r} is not an installed interface; expected package/kind/Type') from error


def to_yaml(message: Any) -> str:
    """Return a message as YAML, as `ros2 topic echo` prints it."""
    return yaml.safe_dump(to_plain(message), sort_keys=False)


def to_plain(value: Any) -> Any:
    """Return a message as dictionaries, lists and numbers."""
    if hasattr(value, 'get_fields_and_field_types'):
        return {name: to_plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, (str, bytes, bool, int, float)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    items = [to_plain(item) for item in value[:LONGEST_ARRAY]]
    return items if len(value) <= LONGEST_ARRAY else [*items, '...']


def fill(message: Any, values: dict[str, Any]) -> Any:
    """Set the named fields of a message, the nested ones too, and return it."""
    if not isinstance(values, dict):
        raise CommandError(f'expected YAML like "{{field: value}}", got {values!r}')
    types = message.get_fields_and_field_types()
    for name, value in values.items():
        if name not in types:
            raise CommandError(f'{type(message).__name__} has no field {name!r}, but {sorted(types)}')
        current = getattr(message, name)
        if isinstance(value, dict):
            value = fill(current, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            element = re.search(r'(\w+)/(\w+)', types[name])
            value = [fill(load_interface(f'{element[1]}/msg/{element[2]}')(), item) for item in value]
        elif isinstance(current, float):
            value = float(value)
        try:
            setattr(message, name, value)
        except AssertionError as error:
            raise CommandError(f'{name}: {error}') from error
    return message
