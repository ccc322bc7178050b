# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Interface types by name, and messages to and from YAML."""

from __future__ import annotations

import importlib
from typing import Any

import yaml

from ros2cli.errors import CommandError, not_offered


def load_interface(name: str) -> type:
    """Return the class of 'package/msg/Type', 'package/srv/Type' or 'package/action/Type'."""
    try:
        package, kind, type_name = name.split('/')
        return getattr(importlib.import_module(f'{package}.{kind}'), type_name)
    except (ValueError, ImportError, AttributeError) as error:
        raise CommandError(f'{name!r} is not an installed interface; expected package/kind/Type') from error


def to_yaml(message: Any) -> str:
    """Return a message as YAML."""
    def plain(value: Any) -> Any:
        if hasattr(value, 'get_fields_and_field_types'):
            return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
        if hasattr(value, 'tolist'):
            return value.tolist()
        return [plain(item) for item in value] if isinstance(value, list) else value

    return yaml.safe_dump(plain(message), sort_keys=False)


def fill(message: Any, values: Any) -> Any:
    """Set the named fields of a message, the nested ones too, and return it."""
    if not isinstance(values, dict):
        raise CommandError(f'expected YAML like "{{field: value}}", got {values!r}')
    types = message.get_fields_and_field_types()
    for name, value in values.items():
        if name not in types:
            raise CommandError(f'{type(message).__name__} has no field {name!r}, but {sorted(types)}')
        if isinstance(value, list) and '/' in types[name]:
            raise not_offered(f'a list of messages ({name}) on the command line')
        current = getattr(message, name)
        if isinstance(value, dict):
            value = fill(current, value)
        try:
            setattr(message, name, float(value) if isinstance(current, float) else value)
        except (AssertionError, TypeError, ValueError) as error:
            raise CommandError(f'{name}: {error}') from error
    return message
