# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The sandbox's `ros2` command against a node of the real rclpy."""

import itertools
import os
import signal
import subprocess
import threading
from importlib.util import find_spec
from pathlib import Path

import domain_coordinator
import pytest
import rclpy
from control_msgs.action import GripperCommand
from rclpy.action import ActionServer
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.parameter import Parameter
from std_msgs.msg import String
from std_srvs.srv import SetBool

SANDBOX = Path(__file__).parents[2] / 'sandbox'
COMMAND = SANDBOX / 'bin' / 'ros2'
LAUNCH_FILE = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.substitutions import LaunchConfiguration

def generate_launch_description():
    return LaunchDescription([
        DeclareLaunchArgument('word', default_value='nothing', description='what is said'),
        ExecuteProcess(cmd=['echo', ['said ', LaunchConfiguration('word')]], output='screen'),
    ])
"""

pytestmark = pytest.mark.skipif(
    not find_spec('ros2cli').origin.startswith(str(SANDBOX)), reason='this machine has the real ros2 command',
)


def ros2(*arguments: str, domain: int = 0, status: int = 0) -> str:
    """Run the command and return what it printed."""
    environment = {**os.environ, 'ROS_DOMAIN_ID': str(domain)}
    result = subprocess.run([COMMAND, *arguments], env=environment, capture_output=True, text=True, timeout=200)
    output = result.stdout + result.stderr
    assert result.returncode == status, output
    return output


def test_when_a_launch_file_is_given_expect_its_processes_with_the_arguments(tmp_path):
    (tmp_path / 'talk.launch.py').write_text(LAUNCH_FILE)
    assert 'said hello' in ros2('launch', str(tmp_path / 'talk.launch.py'), 'word:=hello')


def test_when_arguments_are_asked_for_expect_names_descriptions_and_defaults(tmp_path):
    (tmp_path / 'talk.launch.py').write_text(LAUNCH_FILE)
    shown = ros2('launch', str(tmp_path / 'talk.launch.py'), '--show-args')
    assert "    'word':\n        what is said\n        (default: 'nothing')" in shown
    assert 'said' not in shown.replace('is said', '')


@pytest.mark.parametrize(('arguments', 'sentence'), [
    (['launch', 'no_such_package', 'x.launch.py'], "package 'no_such_package' is not installed"),
    (['launch', 'robot4d', 'x.launch.py'], 'demo.launch.py'),
    (['launch', 'robot4d', 'demo.launch.py', 'engine=oracle'], "malformed launch argument 'engine=oracle'"),
    (['run', 'robot4d', 'no_such_node'], 'coordinator'),
])
def test_when_something_is_missing_expect_one_sentence_that_names_it(arguments, sentence):
    printed = ros2(*arguments, status=1)
    assert sentence in printed
    assert 'Traceback' not in printed


def test_when_only_upstream_has_a_command_expect_a_sentence_that_names_it():
    sentence = "ros2 doctor exists in ROS 2 but not in the sandbox's stand-in; "
    assert ros2('doctor', status=2) == f'{sentence}see `ros2 --help`, or use a machine with ROS 2\n'


@pytest.fixture
def main(monkeypatch, capsys):
    """Return a function that runs a command in this process and returns its status and what it printed as errors."""
    from ros2cli.__main__ import main

    def run(arguments: str) -> tuple[int, str]:
        monkeypatch.setattr('sys.argv', ['ros2', *arguments.split()])
        try:
            status = main()
        except SystemExit as end:
            status = end.code
        return status, capsys.readouterr().err
    return run


@pytest.mark.parametrize(('arguments', 'named'), [
    ('node list', 'ros2 node'),
    ('topic echo --once /chatter', 'ros2 topic echo'),
    ('topic hz /chatter --window 5', 'ros2 topic hz --window'),
    ('action list -t', 'ros2 action list -t'),
    ('bag record -a', 'ros2 bag record'),
    ('bag play bag --loop', 'ros2 bag play --loop'),
    ('bag play bag --topics /a /b', 'ros2 bag play --topics'),
    ("""action send_goal /move control_msgs/action/FollowJointTrajectory {trajectory:{"points":[{}]}}""",
     'a list of messages (points) on the command line'),
])
def test_when_only_upstream_has_a_verb_or_option_expect_a_sentence_that_names_it(main, arguments, named):
    status, printed = main(arguments)
    assert status == 2
    assert printed.startswith(f"{named} exists in ROS 2 but not in the sandbox's stand-in;")
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize('arguments', ['nonsense', 'topic nonsense', 'action list --nonsense'])
def test_when_upstream_does_not_have_it_either_expect_the_usage(main, arguments):
    status, printed = main(arguments)
    assert status == 2
    assert printed.startswith('usage: ros2') and 'nonsense' in printed


def test_when_the_folder_is_no_bag_expect_a_sentence(tmp_path):
    assert 'it has no metadata.yaml' in ros2('bag', 'play', str(tmp_path), status=1)


@pytest.fixture(scope='module')
def talker():
    """A node with a topic, a parameter, a service and an action, beside a lifecycle node, in their own ROS domain."""
    with domain_coordinator.domain_id() as number:
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=number)
        node, managed = rclpy.create_node('talker', context=context), LifecycleNode('managed', context=context)
        node.declare_parameter('speed', 0.5)
        ticks = node.create_publisher(String, 'ticks', 10)
        node.create_timer(0.1, lambda: ticks.publish(String()))
        node.create_service(SetBool, 'switch', lambda request, answer: SetBool.Response(success=request.data))

        def close(goal_handle):
            goal_handle.publish_feedback(GripperCommand.Feedback(stalled=True))
            goal_handle.succeed()
            return GripperCommand.Result(position=goal_handle.request.command.position)

        action = ActionServer(node, GripperCommand, 'gripper', close)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        executor.add_node(managed)
        thread = threading.Thread(target=executor.spin)
        thread.start()
        yield node
        executor.shutdown()
        thread.join()
        action.destroy()
        managed.destroy_node()
        node.destroy_node()
        rclpy.shutdown(context=context)


@pytest.fixture
def domain(talker) -> int:
    """The ROS domain of the talker."""
    return talker.context.get_domain_id()


def test_when_actions_are_listed_expect_their_names(domain):
    for _ in range(10):  # a busy machine may not have discovered it at first
        if names := ros2('action', 'list', domain=domain):
            break
    assert names == '/gripper\n'


def test_when_the_rate_of_a_topic_is_asked_for_expect_it_every_second(domain):
    command = subprocess.Popen(
        [COMMAND, 'topic', 'hz', 'ticks'], env={**os.environ, 'ROS_DOMAIN_ID': str(domain)}, stdout=subprocess.PIPE,
        text=True)
    lines = list(itertools.islice(command.stdout, 4))
    command.send_signal(signal.SIGINT)
    assert command.wait(60) == 130
    assert [line.split(':')[0] for line in lines] == ['average rate', '\tmin'] * 2
    assert 1 < float(lines[2].split()[-1]) < 30
    assert int(lines[3].split()[-1]) > int(lines[1].split()[-1])


def test_when_a_parameter_is_set_expect_the_new_value(talker, domain):
    assert 'Set parameter successful' in ros2('param', 'set', '/talker', 'speed', '0.25', domain=domain)
    assert talker.get_parameter('speed').value == 0.25


def test_when_a_parameter_is_refused_expect_the_reason(domain):
    kind = Parameter.Type.INTEGER
    assert str(kind) in ros2('param', 'set', '/talker', 'speed', '3', domain=domain, status=1)


def test_when_a_lifecycle_node_is_told_expect_it_to_go_and_what_else_there_is(domain):
    assert ros2('lifecycle', 'set', '/managed', 'configure', domain=domain) == 'Transitioning successful\n'
    assert "'activate'" in ros2('lifecycle', 'set', '/managed', 'configure', domain=domain, status=1)


def test_when_a_service_is_called_expect_its_answer(domain):
    answer = ros2('service', 'call', '/switch', 'std_srvs/srv/SetBool', '{data: true}', domain=domain)
    assert answer == "success: true\nmessage: ''\n"


def test_when_a_goal_is_sent_expect_result_and_status(domain):
    goal = '{command: {position: 0.02}}'
    printed = ros2(
        'action', 'send_goal', '--feedback', '/gripper', 'control_msgs/action/GripperCommand', goal, domain=domain)
    assert 'position: 0.02' in printed
    assert 'Feedback:\n' in printed and 'stalled: true' in printed
    assert printed.endswith('Goal finished with status: SUCCEEDED\n')


def test_when_a_goal_has_an_unknown_field_expect_the_fields_there_are(domain):
    action = ('/gripper', 'control_msgs/action/GripperCommand')
    printed = ros2('action', 'send_goal', *action, '{speed: 3}', domain=domain, status=1)
    assert "no field 'speed'" in printed
    assert 'command' in printed
