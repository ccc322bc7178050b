# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The error of a launch file that cannot be loaded."""

from __future__ import annotations


class InvalidLaunchFileError(Exception):
    """A launch file cannot be loaded; the likely causes are listed."""

    def __init__(self, extension: str = '', *, likely_errors: list[Exception] | None = None) -> None:
        """Take the file's extension and the errors of the ways in which it was tried."""
        self._extension = extension
        self._likely_errors = likely_errors
        if extension == '' or not likely_errors:
            self._error_message = 'The launch file may have a syntax error, or its format is unknown'
            return
        caught = 'multiple exceptions' if len(likely_errors) > 1 else 'exception'
        self._error_message = '\n - '.join([
            f'Caught {caught} when trying to load file of format [{extension}]:',
            *(f'{type(error).__name__}: {error}' for error in likely_errors)])
        self.__cause__ = likely_errors[0]

    def __str__(self) -> str:
        """Return the message."""
        return self._error_message
