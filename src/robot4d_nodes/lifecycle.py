# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What all robot4d nodes share: the lifecycle, start-up, and an orderly end on SIGINT and SIGTERM."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import rclpy
from rcl_interfaces.msg import ParameterDescriptor
from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import InvalidHandle, InvalidParameterTypeException, InvalidParameterValueException
from rclpy.lifecycle import LifecycleNodeMixin, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from robot4d_core.errors import ParameterError, Robot4dError
from robot4d_nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Health
from robot4d_nodes.ending_signals import EndingSignals
from robot4d_nodes.parameters import declare, read
from robot4d_nodes.patient_executor import PatientExecutor
from robot4d_nodes.unheard_parameters import unheard_parameters

UNCONFIGURED, INACTIVE, ACTIVE, FINALIZED = 'unconfigured', 'inactive', 'active', 'finalized'

_SHUTDOWN_TIMEOUT = 4.0  # seconds; ros2 launch sends SIGTERM after 5
_SPIN_WAIT = 0.1  # seconds
_STEADY = Clock(clock_type=ClockType.STEADY_TIME)


class Robot4dNode(LifecycleNodeMixin, Node):
    """A lifecycle node that configures and activates itself, unless its parameter `autostart` is false.

    A subclass declares what it publishes and serves in its constructor and overrides `configure` (load, subscribe;
    everything that must be undone is pushed on `self.configured`), `activate` and `deactivate`. Any Robot4dError that
    configure or activate raises is logged as it stands and shown in /diagnostics; the node goes back to where it was.
    Waits inside the node end when `stopping` is set.

    Parameters that it was given and does not hear are warned of, or refused where `strict` says so.
    """

    strict = False

    def __init__(self, name: str, table: Any, **node_options) -> None:
        """Declare the parameters of table (see parameters.declare) and wait for the executor."""
        Node.__init__(self, name, **node_options)
        transitions = MutuallyExclusiveCallbackGroup()
        LifecycleNodeMixin.__init__(self, callback_group=transitions)
        self.state = UNCONFIGURED
        self.stopping = threading.Event()
        self.configured = contextlib.ExitStack()
        self.closing = contextlib.ExitStack()
        self.diagnostics = Diagnostics(self)
        self._problem = ''
        self._table = type(table)
        self._transitions = transitions
        self._finished = threading.Event()
        self.declare_table(table)
        self.declare_parameter('autostart', True, ParameterDescriptor(
            description='Configure and activate the node by itself after its start', read_only=True))
        self.diagnostics.add('state', self._health)
        if self.get_parameter('autostart').value:
            self._call_once(self._autostart)

    def configure(self) -> None:
        """Load and check everything; raise a Robot4dError that says what to do when something is missing."""

    def activate(self) -> None:
        """Begin to work."""

    def deactivate(self) -> None:
        """Stop working; called before cleanup and at the end."""

    @property
    def parameters(self) -> Any:
        """The present values of the node's parameter table."""
        return read(self, self._table)

    @property
    def active(self) -> bool:
        """Whether the node does its work."""
        return self.state == ACTIVE and not self.stopping.is_set()

    def declare_table(self, table: Any, prefix: str = '') -> None:
        """Declare one more parameter table."""
        declare(self, table, prefix=prefix, unconfigured=lambda: self.state == UNCONFIGURED)

    def read_table(self, table: type, prefix: str = '') -> Any:
        """Return the present values of a table that declare_table has declared."""
        return read(self, table, prefix=prefix)

    def seconds_now(self) -> float:
        """Return the time of the node's clock (simulated under use_sim_time), seconds."""
        return self.get_clock().now().nanoseconds * 1e-9

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Configure; undo what was half done when it fails."""
        result = self._attempt('configure', self._configure)
        if result != TransitionCallbackReturn.SUCCESS:
            self.configured.close()
            return result
        self.state = INACTIVE
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Activate publishers, then the node."""
        super().on_activate(state)
        result = self._attempt('activate', self.activate)
        if result == TransitionCallbackReturn.SUCCESS:
            self.state = ACTIVE
            self.get_logger().info('active')
        else:
            super().on_deactivate(state)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Deactivate the node, then publishers."""
        self.state = INACTIVE
        self.deactivate()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything that configure took."""
        self.configured.close()
        self.state = UNCONFIGURED
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and release, whatever the node was doing."""
        if state.label == ACTIVE:
            self.state = INACTIVE
            self.deactivate()
        self.configured.close()
        self.state = FINALIZED
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall back to unconfigured after an unexpected exception."""
        self.configured.close()
        self.state = UNCONFIGURED
        return super().on_error(state)

    def end(self) -> threading.Event:
        """Ask the node to stop its work and shut down; the event is set once it has (the executor must spin)."""
        self.stopping.set()
        self._call_once(self._shut_down)
        return self._finished

    def destroy_node(self) -> None:
        """Destroy what rclpy does not know of (self.closing), then the node."""
        self.closing.close()
        super().destroy_node()

    def _configure(self) -> None:
        self.configure()
        unheard = unheard_parameters(self, shared=not self.strict)
        if unheard and self.strict:
            raise ParameterError(f"{'; '.join(unheard)}; correct or remove it, then start the node again")
        for sentence in unheard:
            self.get_logger().warning(f'{sentence}; what it says is not in force')

    def _attempt(self, verb: str, action: Callable[[], None]) -> TransitionCallbackReturn:
        try:
            action()
        except Robot4dError as error:
            self._problem = f'cannot {verb}: {error}'
            self.get_logger().error(
                f'{self._problem}. Then run: ros2 lifecycle set {self.get_fully_qualified_name()} {verb}')
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # rclpy would swallow it
            self._problem = f'cannot {verb}: {type(error).__name__}: {error}'
            self.get_logger().error(f'{self._problem}\n{traceback.format_exc()}')
            return TransitionCallbackReturn.ERROR
        self._problem = ''
        return TransitionCallbackReturn.SUCCESS

    def _autostart(self) -> None:
        if self.state == UNCONFIGURED and self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            if not self.stopping.is_set():
                self.trigger_activate()

    def _shut_down(self) -> None:
        try:
            if self.state != FINALIZED:
                self.trigger_shutdown()
        finally:
            self._finished.set()

    def _call_once(self, action: Callable[[], None]) -> None:
        """Run action in the executor, serialised with the lifecycle services."""
        def fire() -> None:
            self.destroy_timer(timer)
            action()

        timer = self.create_timer(0.0, fire, callback_group=self._transitions, clock=_STEADY)

    def _health(self) -> Health:
        if self._problem:
            return Health(ERROR, self._problem, {'state': self.state})
        return Health(OK if self.state == ACTIVE else WARN, self.state, {'state': self.state})


class StillComputingError(Exception):
    """Every node has shut down, but a callback is still busy."""


@contextlib.contextmanager
def spinning(*nodes: Node, on_failure: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Spin nodes in threads of their own; at the end, end and destroy them and join the threads.

    on_failure is called when a callback raised; its stack trace has been printed.
    Raises TimeoutError when a node does not end in time, StillComputingError when only a callback does not.
    """
    executor = PatientExecutor(context=nodes[0].context)
    for node in nodes:
        executor.add_node(node)
    stop = threading.Event()

    def spin() -> None:
        try:
            while not stop.is_set():
                with contextlib.suppress(InvalidHandle):  # destroyed between the wait and its callback
                    executor.spin_once(timeout_sec=_SPIN_WAIT)
        except Exception:
            traceback.print_exc()
            on_failure()

    thread = threading.Thread(target=spin, name='spin', daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished = [(node, node.end()) for node in nodes if isinstance(node, Robot4dNode)]
        late = [node.get_name() for node, event in finished
                if thread.is_alive() and not event.wait(_SHUTDOWN_TIMEOUT)]
        stop.set()
        thread.join(_SHUTDOWN_TIMEOUT)
        joining = threading.Thread(target=executor.shutdown, name='joining', daemon=True)
        joining.start()
        joining.join(_SHUTDOWN_TIMEOUT)
        if late or thread.is_alive():
            raise TimeoutError(f'did not end within {_SHUTDOWN_TIMEOUT} s: {", ".join(late) or "a callback"}')
        if joining.is_alive():
            raise StillComputingError('ended, but leaves a computation unfinished')
        for node in nodes:
            node.destroy_node()


def run_node(make_node: Callable[[], Robot4dNode]) -> int:
    """Run one node until SIGINT or SIGTERM and return the exit status of its process: 0 after an orderly end."""
    signals, failures = EndingSignals(), []

    def fail() -> None:
        failures.append('a callback raised')
        signals.end()

    try:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    except RCLError as error:  # of arguments or parameter files, and ROS_DOMAIN_ID
        advice = '; set HOME or ROS_LOG_DIR' if 'logging directory' in str(error) else ''
        print(f'cannot start: {error}{advice}', file=sys.stderr, flush=True)
        return 1
    try:
        with spinning(make_node(), on_failure=fail):
            signals.wait()
    except (InvalidParameterTypeException, InvalidParameterValueException, Robot4dError) as error:
        rclpy.logging.get_logger('robot4d').fatal(f'cannot start: {error}')
        failures.append('bad parameter')
    except StillComputingError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1 if failures else 0)
    except TimeoutError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)  # a thread is stuck in foreign code and would keep the process alive
    rclpy.shutdown()
    status = 1 if failures else 0
    if not _threads_ended(_SHUTDOWN_TIMEOUT):
        os._exit(status)
    return status


def _threads_ended(timeout: float) -> bool:
    """Wait for the threads that would keep the process alive, a model that is still loading for example."""
    deadline = time.monotonic() + timeout
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                return False
    return True
