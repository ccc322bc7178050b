# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where launch's own messages and the output of the launched processes go: screen and log files."""

from __future__ import annotations

import datetime
import logging
import os
import socket
import sys
import warnings
from collections.abc import Callable, Iterable

from . import handlers

__all__ = ['get_logger', 'get_output_loggers', 'handlers', 'launch_config', 'reset']

_OUTPUT_ALIASES: dict[str, dict[str, set[str]]] = {
    'screen': {'both': {'screen'}},
    'log': {'both': {'log'}, 'stderr': {'screen'}},
    'both': {'both': {'log', 'screen'}},
    'own_log': {'both': {'own_log'}, 'stdout': {'own_log'}, 'stderr': {'own_log'}},
    'full': {'both': {'screen', 'log', 'own_log'}, 'stdout': {'own_log'}, 'stderr': {'own_log'}},
}
_SCREEN_FORMATS = {
    'default': '[{levelname}] [{name}]: {msg}',
    'default_with_timestamp': '{created:.7f} [{levelname}] [{name}]: {msg}',
}
_LOG_FORMATS = {'default': '{created:.7f} [{levelname}] [{name}]: {msg}'}


def _get_logging_directory() -> str:
    """Return $ROS_LOG_DIR, else $ROS_HOME/log, else ~/.ros/log; empty variables count as unset."""
    log_dir = os.environ.get('ROS_LOG_DIR') or os.path.join(
        os.environ.get('ROS_HOME') or os.path.join('~', '.ros'), 'log')
    return os.path.normpath(os.path.expanduser(log_dir))


def _make_unique_log_dir(*, base_path: str) -> str:
    while True:
        stamp = datetime.datetime.now().strftime('%Y-%m-%d-%H-%M-%S-%f')
        log_dir = os.path.join(base_path, f'{stamp}-{socket.gethostname()}-{os.getpid()}')
        if not os.path.isdir(log_dir):
            os.makedirs(log_dir)
            return log_dir


def _renew_latest_log_dir(*, log_dir: str) -> bool:
    """Let the link `latest` point to `log_dir`; return whether that was possible."""
    latest = os.path.join(os.path.dirname(log_dir), 'latest')
    if os.path.lexists(latest):
        if not os.path.islink(latest):
            return False
        os.unlink(latest)
    os.symlink(log_dir, latest, target_is_directory=True)
    return True


def _formatter(
    log_format: str, style: str | None, aliases: dict[str, str], environment_variable: str,
) -> logging.Formatter:
    override = os.environ.get(environment_variable)
    if override:
        return logging.Formatter(override.encode('latin1').decode('unicode_escape'), style='{')
    if log_format in aliases:
        if style is not None:
            raise ValueError(f"Cannot set a custom format style for the '{log_format}' format.")
        return logging.Formatter(aliases[log_format], style='{')
    return logging.Formatter(log_format, style=style or '{')


class _ScreenStream:
    """Standard output, replacing what its encoding cannot express; bound when the handler is made."""

    def __init__(self) -> None:
        self._stream = sys.stdout

    def write(self, text: str) -> int:
        encoding = getattr(self._stream, 'encoding', None) or 'utf-8'
        return self._stream.write(text.encode(encoding, errors='replace').decode(encoding))

    def flush(self) -> None:
        self._stream.flush()


class LaunchConfig:
    """The logging configuration of this process."""

    def __init__(self) -> None:
        """Start with the defaults."""
        self.reset()

    def reset(self) -> None:
        """Go back to the defaults."""
        self._log_dir: str | None = None
        self.log_file_name = 'launch.log'
        self.file_handlers: dict[str, logging.Handler] = {}
        self.screen_handler: handlers.StreamHandler | None = None
        self.screen_formatter: logging.Formatter | None = None
        self.file_formatter: logging.Formatter | None = None
        self.log_handler_factory: Callable[..., logging.Handler] = handlers.WatchedFileHandler
        logging.root.setLevel(logging.INFO)
        self.set_screen_format('default')
        self.set_log_format('default')

    @property
    def level(self) -> int:
        """The verbosity of all loggers that have none of their own."""
        return logging.root.getEffectiveLevel()

    @level.setter
    def level(self, new_level: int) -> None:
        logging.root.setLevel(new_level)

    @property
    def log_dir(self) -> str:
        """The folder of this launch's log files, made when it is first asked for."""
        if self._log_dir is None:
            self._log_dir = _make_unique_log_dir(base_path=_get_logging_directory())
            try:
                if not _renew_latest_log_dir(log_dir=self._log_dir):
                    warnings.warn('Cannot create a symlink to latest log directory', stacklevel=2)
            except OSError as error:
                warnings.warn(f'Cannot create a symlink to latest log directory: {error}', stacklevel=2)
        return self._log_dir

    @log_dir.setter
    def log_dir(self, new_log_dir: str | None) -> None:
        if new_log_dir is not None:
            if self.file_handlers:
                warnings.warn(
                    f'Loggers have been already configured to output to log files below {self._log_dir}. '
                    'Proceed at your own risk.', stacklevel=2)
            if not os.path.isdir(new_log_dir):
                raise ValueError(f'{new_log_dir} is not a directory')
        self._log_dir = new_log_dir

    def set_screen_format(self, screen_format: str | None, *, screen_style: str | None = None) -> None:
        """Set the format of messages on the screen; $OVERRIDE_LAUNCH_SCREEN_FORMAT wins."""
        self.screen_formatter = None if screen_format is None else _formatter(
            screen_format, screen_style, _SCREEN_FORMATS, 'OVERRIDE_LAUNCH_SCREEN_FORMAT')
        if self.screen_handler is not None and self.screen_formatter is not None:
            self.screen_handler.setFormatter(self.screen_formatter)

    def get_screen_handler(self) -> handlers.StreamHandler:
        """Return the one handler that writes to the screen."""
        if self.screen_handler is None:
            self.screen_handler = handlers.StreamHandler(_ScreenStream())
            self.screen_handler.setFormatter(self.screen_formatter)
        return self.screen_handler

    def set_log_format(self, log_format: str | None, *, log_style: str | None = None) -> None:
        """Set the format of messages in the main log file; $OVERRIDE_LAUNCH_LOG_FORMAT wins."""
        self.file_formatter = None if log_format is None else _formatter(
            log_format, log_style, _LOG_FORMATS, 'OVERRIDE_LAUNCH_LOG_FORMAT')
        if self.file_formatter is not None:
            for handler in self.file_handlers.values():
                handler.setFormatter(self.file_formatter)

    def get_log_file_path(self, file_name: str = 'launch.log') -> str:
        """Return the path of a log file."""
        return os.path.join(self.log_dir, file_name)

    def get_log_file_handler(self, file_name: str = 'launch.log') -> logging.Handler:
        """Return the one handler that writes to a log file."""
        if file_name not in self.file_handlers:
            handler = self.log_handler_factory(self.get_log_file_path(file_name), encoding='utf-8')
            handler.setFormatter(self.file_formatter)
            self.file_handlers[file_name] = handler
        return self.file_handlers[file_name]


class LaunchLogger(logging.getLoggerClass()):
    """A logger that does not hand its records to its parents; all of them are known, for `reset`."""

    all_loggers: list[logging.Logger] = []

    def __init__(self, name: str, level: int = logging.NOTSET) -> None:
        """Register the logger."""
        super().__init__(name, level)
        self.propagate = False
        LaunchLogger.all_loggers.append(self)


def _add_handler(logger: logging.Logger, handler: logging.Handler) -> None:
    if handler not in logger.handlers:
        logger.addHandler(handler)


def get_logger(name: str | None = None) -> logging.Logger:
    """Return a logger that writes to the screen and to the main log file."""
    logger = logging.getLogger(name)
    _add_handler(logger, launch_config.get_screen_handler())
    _add_handler(logger, launch_config.get_log_file_handler(launch_config.log_file_name))
    return logger


def log_launch_config(*, logger: logging.Logger = logging.root) -> None:
    """Tell the user where the log files are and how much is logged."""
    if launch_config.file_handlers:
        logger.info(f'All log files can be found below {launch_config.log_dir}')
    logger.info(f'Default logging verbosity is set to {logging.getLevelName(launch_config.level)}')


def _normalize_output_configuration(config: str | dict[str, str | Iterable[str]]) -> dict[str, set[str]]:
    destinations: dict[str, set[str]] = {'both': set(), 'stdout': set(), 'stderr': set()}
    if isinstance(config, str):
        if config not in _OUTPUT_ALIASES:
            raise ValueError(f'{config} is not a valid standard output config i.e. "screen", "log" or "both"')
        return {**destinations, **_OUTPUT_ALIASES[config]}
    if not isinstance(config, dict):
        raise ValueError(f'{config} is not a valid output configuration')
    for source, chosen in config.items():
        if source not in destinations:
            raise ValueError(f'{source} is not a valid output source i.e. "stdout", "stderr" or "both"')
        destinations[source] = {chosen} if isinstance(chosen, str) else set(chosen)
        for destination in destinations[source] - {'screen', 'log', 'own_log'}:
            raise ValueError(
                f'{destination} is not a valid output destination i.e. "screen", "log" or "own_log"')
    return destinations


def get_output_loggers(
    process_name: str, output_config: str | dict[str, str | Iterable[str]], main_log_file_name: str = 'launch.log',
) -> tuple[logging.Logger, logging.Logger]:
    """
    Return the loggers of a process's standard output and standard error.

    `output_config` maps 'stdout', 'stderr' and 'both' to one or several of 'screen', 'log' (the main log file)
    and 'own_log' (a file of its own), or is one of 'screen', 'log', 'both', 'own_log', 'full'.
    Raises ValueError for anything else.
    """
    destinations = _normalize_output_configuration(output_config)
    plain = logging.Formatter('{msg}', style='{')
    loggers = []
    for source in ('stdout', 'stderr'):
        logger = logging.getLogger(f'{process_name}-{source}')
        wanted = destinations['both'] | destinations[source]
        if 'screen' in wanted:
            handler = launch_config.get_screen_handler()
            handler.setFormatterFor(logger, plain)
            _add_handler(logger, handler)
        if 'log' in wanted:
            handler = launch_config.get_log_file_handler(main_log_file_name)
            handler.setFormatterFor(logger, logging.Formatter('{created:.7f} {msg}', style='{'))
            _add_handler(logger, handler)
        for own_source, file_name in ((source, f'{process_name}-{source}.log'), ('both', f'{process_name}.log')):
            if 'own_log' in destinations[own_source]:
                handler = launch_config.get_log_file_handler(file_name)
                handler.setFormatter(plain)
                _add_handler(logger, handler)
        loggers.append(logger)
    return loggers[0], loggers[1]


def reset() -> None:
    """Forget all handlers and go back to the defaults."""
    for logger in LaunchLogger.all_loggers:
        logger.setLevel(logging.NOTSET)
        logger.handlers.clear()
    for handler in launch_config.file_handlers.values():
        handler.close()
    launch_config.reset()
    logging.setLoggerClass(LaunchLogger)


launch_config = LaunchConfig()
reset()
