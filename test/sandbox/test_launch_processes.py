# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Processes: starting, output, respawning, and ending without leaving any behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from importlib.util import find_spec

import pytest
from launch.actions import DeclareLaunchArgument, ExecuteProcess, SetEnvironmentVariable, Shutdown
from launch.substitutions import LaunchConfiguration

pytestmark = pytest.mark.usefixtures('launch_logs')

IGNORES_SIGINT = 'trap "" INT; echo ready; while :; do sleep 0.05; done'
IGNORES_SIGNALS = 'trap "" INT TERM; echo ready; while :; do sleep 0.05; done'
DIES_SOON = 'sleep 0.3'


def shell(script, **kwargs):
    return ExecuteProcess(cmd=['sh', '-c', script], **{'output': 'screen', **kwargs})


def lines(capsys):
    return [re.sub(r'-\d+\]', '-N]', line) for line in capsys.readouterr().out.splitlines() if 'echo' not in line]


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_output_lines_have_the_name_of_the_process(run_launch, capsys):
    assert run_launch(ExecuteProcess(
        cmd=['sh', '-c', 'echo out; echo err >&2; printf rest'], name='talker', output='screen')) == 0
    out = lines(capsys)
    assert {'[talker-N] out', '[talker-N] err', '[talker-N] rest'} <= set(out)
    assert any(re.fullmatch(r'\[INFO\] \[talker-N\]: process started with pid \[\d+\]', line) for line in out)
    assert any(re.fullmatch(r'\[INFO\] \[talker-N\]: process has finished cleanly \[pid \d+\]', line) for line in out)


def test_processes_are_numbered(run_launch, capsys):
    assert run_launch(shell('echo a'), shell('echo b', name='other')) == 0
    out = capsys.readouterr().out
    first, second = int(re.search(r'\[sh-(\d+)\] a', out)[1]), int(re.search(r'\[other-(\d+)\] b', out)[1])
    assert second == first + 1


def test_lines_are_not_torn(run_launch, capsys):
    assert run_launch(shell('printf "a"; sleep 0.1; printf "b\\nc"; sleep 0.1; printf "d\\n"', name='x')) == 0
    assert [line for line in lines(capsys) if line.startswith('[x-N] ')] == ['[x-N] ab', '[x-N] cd']


@pytest.mark.parametrize('emulate_tty', [False, True])
def test_all_output_of_a_short_process_arrives(emulate_tty, run_launch, capsys):
    counting = shell('for i in $(seq 2000); do echo $i; done', output_format='{line}', emulate_tty=emulate_tty)
    assert run_launch(counting) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line.isdecimal()] == [
        str(i) for i in range(1, 2001)]


def test_a_descendant_that_keeps_the_output_open_is_not_waited_for(run_launch, capsys):
    start = time.monotonic()
    assert run_launch(shell('sleep 60 & echo done')) == 0
    assert time.monotonic() - start < 50
    assert '[sh-N] done' in [re.sub(r'-\d+\]', '-N]', line) for line in capsys.readouterr().out.splitlines()]


def test_what_the_screen_cannot_express_is_replaced(run_launch, capsys):
    assert run_launch(shell(r"printf 'a\377b\n'", name='x')) == 0
    assert '[x-N] a\ufffdb' in lines(capsys)


@pytest.mark.parametrize('output, on_screen, in_log', [
    ('screen', {'out', 'err'}, set()),
    ('log', {'err'}, {'out', 'err'}),
    ('both', {'out', 'err'}, {'out', 'err'}),
])
def test_output_goes_where_it_is_wanted(output, on_screen, in_log, run_launch, capsys, tmp_path):
    assert run_launch(ExecuteProcess(cmd=['sh', '-c', 'echo out; echo err >&2'], name='x', output=output)) == 0
    def found(text):
        return set(re.findall(r'\[x-\d+\] (out|err)$', text, re.MULTILINE))
    assert found(capsys.readouterr().out) == on_screen
    log = next((tmp_path / 'log').glob('*/launch.log'))
    assert found(log.read_text()) == in_log


def test_messages_go_to_screen_and_log_file(run_launch, capsys, tmp_path):
    assert run_launch(ExecuteProcess(cmd=['true'], name='x')) == 0
    log = next((tmp_path / 'log').glob('*/launch.log'))
    out = capsys.readouterr().out
    assert f'[INFO] [launch]: All log files can be found below {log.parent}\n' in out
    assert re.search(r'^\d+\.\d{7} \[INFO\] \[x-\d+\]: process has finished cleanly', log.read_text(), re.MULTILINE)


@pytest.mark.parametrize('wrong, error', [
    ('nowhere', ValueError), ('own_log', NotImplementedError), ({'stdout': 'screen'}, NotImplementedError)])
def test_wrong_output_configuration(wrong, error):
    with pytest.raises(error):
        ExecuteProcess(cmd=['true'], output=wrong)


def test_output_format(run_launch, capsys):
    assert run_launch(shell('echo hello', output_format='the shell says {line}')) == 0
    assert 'the shell says hello' in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize('emulate_tty, configuration, expected', [
    (False, None, 'False'), (True, None, 'True'), (False, 'true', 'True'), (True, '0', 'False')])
def test_emulate_tty(emulate_tty, configuration, expected, run_launch, capsys):
    argument = DeclareLaunchArgument('emulate_tty', default_value=configuration or '')
    assert run_launch(*([argument] if configuration else []), ExecuteProcess(
        cmd=[sys.executable, '-S', '-c', 'import sys; print("tty", sys.stdout.isatty(), sys.stderr.isatty())'],
        output='screen', emulate_tty=emulate_tty)) == 0
    assert capsys.readouterr().out.count(f'] tty {expected} {expected}\n') == 1


def test_what_cannot_be_formatted_ends_the_launch_before_the_process_runs(run_launch, capsys):
    assert run_launch(shell('echo hello', output_format='[{this.process_description.final_name}] {line}')) == 1
    out = capsys.readouterr().out
    assert "Caught exception in launch (see debug for traceback): 'ExecuteProcess' object has no attribute" in out
    assert 'process started' not in out


def test_emulate_tty_that_is_no_boolean(run_launch, capsys):
    assert run_launch(DeclareLaunchArgument('emulate_tty', default_value='maybe'), shell('echo hello')) == 1
    assert "expected one of [true, 1, false, 0] but got 'maybe'" in capsys.readouterr().out


def test_the_keyboard_stays_with_the_launch(run_launch, capsys):
    assert run_launch(shell('timeout 0.2 cat; echo "cat ended with $?"', on_exit=None, output_format='{line}')) == 0
    assert 'cat ended with 124' in capsys.readouterr().out.splitlines()


def test_exit_codes_are_reported_but_do_not_fail_the_launch(run_launch, capsys):
    processes = [shell(script) for script in ('exit 7', 'kill -TERM $$', 'true')]
    assert run_launch(*processes) == 0
    assert [process.return_code for process in processes] == [7, -signal.SIGTERM, 0]
    assert re.search(r"process has died \[pid \d+, exit code 7, cmd 'sh -c exit 7'\]", capsys.readouterr().out)


def test_program_that_does_not_exist(run_launch, capsys):
    assert run_launch(ExecuteProcess(cmd=['/nowhere/program'], on_exit=Shutdown())) == 0
    assert 'exception occurred while executing process' in capsys.readouterr().out


def test_on_exit_shutdown_ends_everything(run_launch, capsys):
    other = shell('echo pid $$; exec sleep 60', name='sleep')
    start = time.monotonic()
    assert run_launch(other, shell('sleep 0.5; exit 1', name='required', on_exit=Shutdown(reason='required'))) == 0
    assert time.monotonic() - start < 50
    assert other.return_code == -signal.SIGINT
    out = '\n'.join(lines(capsys))
    assert not is_running(int(re.search(r'pid (\d+)$', out, re.MULTILINE)[1]))
    assert 'process[required-N] was required: shutting down launched system' in out
    assert "sending signal 'SIGINT' to process[sleep-N]" in out


def test_failure_ends_everything(run_launch, capsys):
    process = ExecuteProcess(cmd=['sleep', '60'])
    assert run_launch(process, SetEnvironmentVariable('X', LaunchConfiguration('unknown')), shell('echo late')) == 1
    assert process.return_code == -signal.SIGINT
    out = capsys.readouterr().out
    assert "Caught exception in launch (see debug for traceback): launch configuration 'unknown'" in out
    assert '] late' not in out


def test_on_exit_yields_actions_in_their_order(run_launch, capsys):
    assert run_launch(shell('exit 4', on_exit=[
        SetEnvironmentVariable('A', 'set before'), shell('echo "$A"', output_format='{line}')])) == 0
    assert 'set before' in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize('noninteractive, expected', [(True, -signal.SIGINT), (False, -signal.SIGTERM)])
def test_interrupt_reaches_processes_without_terminal(noninteractive, expected, run_launch):
    """In a terminal, SIGINT goes to all processes at once; launch only sends it where there is none."""
    process = ExecuteProcess(cmd=['sleep', '60'])
    assert run_launch(
        DeclareLaunchArgument('sigterm_timeout', default_value='0.2'), process,
        shell(f'{DIES_SOON}; trap "" INT; kill -INT {os.getpid()}'), noninteractive=noninteractive) == 0
    assert process.return_code == expected


@pytest.mark.parametrize('script, patience, expected', [
    (IGNORES_SIGINT, '60.0', -signal.SIGTERM), (IGNORES_SIGNALS, '0.3', -signal.SIGKILL)])
def test_stubborn_process_is_ended(script, patience, expected, run_launch, capsys):
    process = shell(script)
    assert run_launch(
        DeclareLaunchArgument('sigterm_timeout', default_value='0.2'),
        DeclareLaunchArgument('sigkill_timeout', default_value=patience), process,
        shell(DIES_SOON, on_exit=Shutdown())) == 0
    assert process.return_code == expected
    out = capsys.readouterr().out
    assert "failed to terminate '0.2' seconds after receiving 'SIGINT', escalating to 'SIGTERM'" in out
    assert ("escalating to 'SIGKILL'" in out) == (expected == -signal.SIGKILL)


def test_processes_started_after_shutdown_do_not_run(run_launch):
    process = shell('true')
    assert run_launch(Shutdown(), process) == 0
    assert process.return_code is None


def test_processes_that_end_at_once_are_waited_for(run_launch):
    processes = [ExecuteProcess(cmd=['true']) for _ in range(20)]
    assert run_launch(*processes) == 0
    assert [process.return_code for process in processes] == [0] * 20


LAUNCH_PROGRAM = textwrap.dedent("""
    import sys
    from launch import LaunchDescription, LaunchService
    from launch.actions import DeclareLaunchArgument, ExecuteProcess
    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription([
        DeclareLaunchArgument('sigterm_timeout', default_value='0.3'),
        DeclareLaunchArgument('sigkill_timeout', default_value='0.3'),
        *(ExecuteProcess(cmd=['sh', '-c', script], output='screen') for script in sys.argv[1:])]))
    sys.exit(service.run())
""")
WAITS = 'echo pid $$; exec sleep 60'


class LaunchProgram:
    """A launch in a process of its own, with three children, one of which ignores SIGINT and SIGTERM."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, '-c', LAUNCH_PROGRAM, WAITS, WAITS, 'echo pid $$; ' + IGNORES_SIGNALS],
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.children = []
        while len(self.children) < 3:
            if found := re.search(r'\] pid (\d+)', self.process.stdout.readline()):
                self.children.append(int(found.group(1)))
        time.sleep(0.1)
        return self

    def __exit__(self, *error):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.communicate()


@pytest.mark.parametrize('number, return_code', [(signal.SIGINT, 0), (signal.SIGTERM, 1)])
def test_signal_to_the_launch_ends_all_children(number, return_code):
    if number == signal.SIGTERM and find_spec('launch.not_offered') is None:
        pytest.skip('upstream leaves the children to themselves')
    with LaunchProgram() as program:
        assert all(map(is_running, program.children))
        program.process.send_signal(number)
        program.process.send_signal(number)
        out, _ = program.process.communicate(timeout=100)
        assert program.process.returncode == return_code, out
        assert not any(map(is_running, program.children))
    assert out.count('process has died') == 3
