# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Loads launch files written in Python."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

from ..launch_description import LaunchDescription


class InvalidPythonLaunchFileError(Exception):
    """A Python launch file does not define what it should."""


def load_python_launch_file_as_module(python_launch_file_path: str) -> ModuleType:
    """Execute a Python launch file and return it as a module."""
    loader = SourceFileLoader('python_launch_file', python_launch_file_path)
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def get_launch_description_from_python_launch_file(python_launch_file_path: str) -> LaunchDescription:
    """Return what the file's `generate_launch_description()` returns."""
    module = load_python_launch_file_as_module(python_launch_file_path)
    if not hasattr(module, 'generate_launch_description'):
        raise InvalidPythonLaunchFileError(
            f"launch file at '{python_launch_file_path}' does not contain the required function "
            "'generate_launch_description()'")
    return module.generate_launch_description()
