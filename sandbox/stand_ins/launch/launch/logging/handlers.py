# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The standard log handlers, with a formatter per logger on top."""

from __future__ import annotations

import logging
import logging.handlers


class _FormatterPerLogger:
    """Mix-in: records of chosen loggers get their own format."""

    _formatters: dict[str, logging.Formatter]

    def setFormatterFor(self, logger: logging.Logger, formatter: logging.Formatter) -> None:  # noqa: N802
        """Use `formatter` for the records of `logger`."""
        self.__dict__.setdefault('_formatters', {})[logger.name] = formatter

    def getFormatterFor(self, logger: logging.Logger) -> logging.Formatter | None:  # noqa: N802
        """Return the formatter used for the records of `logger`."""
        return self.__dict__.get('_formatters', {}).get(logger.name, self.formatter)

    def unsetFormatterFor(self, logger: logging.Logger) -> None:  # noqa: N802
        """Use the handler's own formatter for the records of `logger` again."""
        self.__dict__.get('_formatters', {}).pop(logger.name, None)

    def format(self, record: logging.LogRecord) -> str:
        """Format a record with the formatter of its logger."""
        formatter = self.__dict__.get('_formatters', {}).get(record.name)
        return formatter.format(record) if formatter is not None else super().format(record)


class Handler(_FormatterPerLogger, logging.Handler):
    """Base for custom handlers."""


class StreamHandler(_FormatterPerLogger, logging.StreamHandler):
    """Logs to a stream."""


class FileHandler(_FormatterPerLogger, logging.FileHandler):
    """Logs to a file."""


class WatchedFileHandler(_FormatterPerLogger, logging.handlers.WatchedFileHandler):
    """Logs to a file that others may rotate."""
