# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Every node starts by itself, says why when it cannot, and ends in an orderly way on a signal in every phase."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.action import ActionClient
from std_msgs.msg import String

from nodes.bench import Probe, node_process, overrides, wait_until
from robot4d.action import Predict
from robot4d_core.errors import EngineError
from robot4d_nodes.lifecycle import Robot4dNode, spinning
from robot4d_nodes.parameters import parameter

SCRIPT = """
import sys, time
from dataclasses import dataclass
from robot4d_nodes.lifecycle import Robot4dNode, run_node
from robot4d_nodes.parameters import parameter

@dataclass(frozen=True)
class Parameters:
    phase: str = parameter('active', 'Where to dawdle')
    limit: float = parameter(0.5, 'A limit', low=0.0, high=1.0)

class Dawdler(Robot4dNode):
    def __init__(self, **options):
        super().__init__('dawdler', Parameters(), **options)
        print('constructed', flush=True)
    def configure(self):
        print('configuring', flush=True)
        if self.parameters.phase == 'configure':
            self.stopping.wait(200)
    def activate(self):
        if self.parameters.phase == 'compute':
            self.create_timer(0.01, self.compute)
        if self.parameters.phase == 'raise':
            self.create_timer(0.01, lambda: 1 / 0)
        print('activated', flush=True)
    def compute(self):
        print('computing', flush=True)
        time.sleep(200)
    def deactivate(self):
        print('deactivated', flush=True)

sys.exit(run_node(Dawdler))
"""


@dataclass(frozen=True)
class Parameters:
    """What decides whether the node under test can be configured."""

    model: str = parameter('missing', 'A model', at_configure=True)


class Fragile(Robot4dNode):
    """A node that cannot be configured while its model is missing."""

    def __init__(self, **values) -> None:
        super().__init__('fragile', Parameters(), parameter_overrides=overrides(**values))
        self.log: list[str] = []

    def configure(self) -> None:
        self.configured.callback(self.log.append, 'released')
        if self.parameters.model == 'missing':
            raise EngineError("model 'missing' does not exist; set the parameter model")
        if self.parameters.model == 'bug':
            raise KeyError('a bug')

    def activate(self) -> None:
        self.log.append('activated')

    def deactivate(self) -> None:
        self.log.append('deactivated')


def change_state(probe: Probe, transition: int) -> bool:
    client = probe.create_client(ChangeState, '/fragile/change_state')
    assert client.wait_for_service(timeout_sec=100.0)
    future = client.call_async(ChangeState.Request(transition=Transition(id=transition)))
    wait_until(future.done)
    return future.result().success


@pytest.fixture
def probe(ros):
    return Probe()


def test_a_node_configures_and_activates_itself(probe):
    node = Fragile(model='present')
    with spinning(node, probe):
        wait_until(lambda: node.active)
        client = probe.create_client(GetState, '/fragile/get_state')
        assert client.wait_for_service(timeout_sec=100.0)
        future = client.call_async(GetState.Request())
        wait_until(future.done)
        assert future.result().current_state.label == 'active'
        health = wait_until(lambda: probe.health.get('fragile: state'))
        assert (health.level, health.message) == (DiagnosticStatus.OK, 'active')
    assert node.log == ['activated', 'deactivated', 'released']


def test_without_autostart_the_node_waits_for_the_lifecycle_services(probe):
    node = Fragile(model='present', autostart=False)
    with spinning(node, probe):
        assert change_state(probe, Transition.TRANSITION_CONFIGURE)
        assert node.state == 'inactive' and node.log == []
        assert change_state(probe, Transition.TRANSITION_ACTIVATE)
        assert node.active
        assert change_state(probe, Transition.TRANSITION_DEACTIVATE)
        assert change_state(probe, Transition.TRANSITION_CLEANUP)
        assert node.state == 'unconfigured' and node.log == ['activated', 'deactivated', 'released']


def test_when_configure_fails_expect_the_reason_in_diagnostics_and_success_once_the_cause_is_gone(probe):
    node = Fragile()
    with spinning(node, probe):
        health = wait_until(lambda: probe.health.get('fragile: state'))
        assert health.level == DiagnosticStatus.ERROR
        assert health.message == "cannot configure: model 'missing' does not exist; set the parameter model"
        assert node.state == 'unconfigured' and node.log == ['released']
        node.set_parameters(overrides(model='present'))
        assert change_state(probe, Transition.TRANSITION_CONFIGURE)
        assert change_state(probe, Transition.TRANSITION_ACTIVATE)
        wait_until(lambda: probe.health['fragile: state'].level == DiagnosticStatus.OK)


def test_when_configure_has_a_bug_expect_it_named_and_the_node_unconfigured(probe):
    node = Fragile(model='bug')
    with spinning(node, probe):
        health = wait_until(lambda: probe.health.get('fragile: state'))
        assert "KeyError: 'a bug'" in health.message
        assert node.state == 'unconfigured' and node.log == ['released']


@pytest.fixture
def script(tmp_path):
    path = tmp_path / 'dawdler.py'
    path.write_text(SCRIPT)
    return path


@pytest.mark.parametrize('phase, line', [
    ('active', 'constructed'), ('configure', 'configuring'), ('active', 'activated'), ('compute', 'computing'),
])
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_every_phase_ends_the_process_in_order(script, phase, line, number):
    with node_process(script, f'phase:={phase}') as process:
        seen = ''
        while line not in seen:
            seen += process.stdout.readline()
        sent = time.monotonic()
        process.send_signal(number)
        rest, _ = process.communicate(timeout=100)
        assert process.returncode == 0
        assert time.monotonic() - sent < 60, 'it does not wait for what would take 200 s'
        assert 'Traceback' not in seen + rest
        assert ('activated' in seen + rest) == ('deactivated' in rest)


def test_when_a_callback_raises_expect_a_stack_trace_and_exit_status_1(script):
    with node_process(script, 'phase:=raise') as process:
        output, _ = process.communicate(timeout=100)
        assert process.returncode == 1
        assert 'ZeroDivisionError' in output and 'deactivated' not in output


def test_when_a_parameter_is_out_of_range_expect_exit_status_1_and_one_line(script):
    with node_process(script, 'limit:=2.0') as process:
        output, _ = process.communicate(timeout=100)
        assert process.returncode == 1
        assert 'limit out of range' in output and 'Traceback' not in output


def test_destroying_clients_and_subscriptions_does_not_disturb_the_executor(probe):
    failures = []
    with spinning(probe, on_failure=lambda: failures.append('spin')):
        for _ in range(200):
            subscription = probe.create_subscription(String, 'words', lambda _: None, 1)
            client = ActionClient(probe, Predict, 'predict')
            time.sleep(0.001)
            client.destroy()
            probe.destroy_subscription(subscription)
        words = probe.collect(String, 'words', 1)
        publisher = probe.create_publisher(String, 'words', 1)
        wait_until(lambda: publisher.publish(String(data='alive')) or words)
    assert not failures
