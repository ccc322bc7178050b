# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a stand-in says when it is asked for something that only upstream has: which, and what to do."""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Callable


def not_offered(what: str) -> NotImplementedError:
    """Return the error for something that upstream has and the stand-in does not."""
    return NotImplementedError(
        f"{what} exists in ROS 2 but not in the sandbox's stand-in; do without it, or use a machine with ROS 2")


def lacks(module: str, names: str) -> Callable[[str], object]:
    """Return a module's `__getattr__` that refuses upstream's names; others it does not have."""
    def module_getattr(name: str) -> object:
        if name in names.split():
            raise not_offered(f'{module}.{name}')
        raise AttributeError(f'module {module!r} has no attribute {name!r}')
    return module_getattr


def refuse_options(owner: str, options: dict[str, object], names: str) -> None:
    """Refuse keyword arguments: those that upstream has as not offered, others with a TypeError."""
    for option in options:
        if option in names.split():
            raise not_offered(f'{owner}({option}=...)')
        raise TypeError(f"{owner}() got an unexpected keyword argument '{option}'")


def refuse_submodules(package: str, names: str) -> None:
    """Refuse the import of upstream's submodules."""
    sys.meta_path.append(_Refusal({f'{package}.{name}' for name in names.split()}))


class _Refusal(importlib.abc.MetaPathFinder):
    """Asked last, when nobody has found a module."""

    def __init__(self, modules: set[str]) -> None:
        self._modules = modules

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname in self._modules:
            raise not_offered(fullname)
