# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a stand-in says when it is asked for something that only the upstream package has."""

from __future__ import annotations

from collections.abc import Callable


def lacks(module: str, *names: str) -> Callable[[str], object]:
    """
    Return a module-level ``__getattr__`` that explains which upstream names this stand-in leaves out.

    Raises ImportError for a name that upstream offers, AttributeError for any other unknown name.
    """
    def module_getattr(name: str) -> object:
        if name in names:
            raise ImportError(
                f'{module}.{name} exists in ROS 2 but not in the sandbox\'s stand-in for {module.split(".")[0]}; '
                'run this on a machine with ROS 2 installed')
        raise AttributeError(f'module {module!r} has no attribute {name!r}')
    return module_getattr
