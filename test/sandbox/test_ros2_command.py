# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The sandbox's `ros2` command against a node of the real rclpy."""

import os
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
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
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


def test_when_a_command_is_upstreams_only_expect_a_sentence():
    assert 'the sandbox does not have this command' in ros2('doctor', status=2)


@pytest.fixture(scope='module')
def domain():
    """A ROS domain with the node `talker`: a latched topic, a parameter, a service and an action."""
    with domain_coordinator.domain_id() as number:
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=number)
        node = rclpy.create_node('talker', context=context)
        node.declare_parameter('speed', 0.5)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        node.create_publisher(String, 'chatter', latched).publish(String(data='hello'))
        node.create_service(SetBool, 'switch', lambda request, answer: SetBool.Response(success=request.data))

        def close(goal_handle):
            goal_handle.succeed()
            return GripperCommand.Result(position=goal_handle.request.command.position)

        action = ActionServer(node, GripperCommand, 'gripper', close)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        thread = threading.Thread(target=executor.spin)
        thread.start()
        yield number
        executor.shutdown()
        thread.join()
        action.destroy()
        node.destroy_node()
        rclpy.shutdown(context=context)


def listed(kind: str, name: str, domain: int) -> list[str]:
    """Return what `ros2 KIND list` prints, with a name that it may not have discovered at first on a busy machine."""
    for _ in range(10):
        if name in (names := ros2(kind, 'list', domain=domain).split()):
            break
    return names


def test_when_the_graph_is_listed_expect_its_names_without_the_commands_own(domain):
    assert listed('node', '/talker', domain) == ['/talker']
    assert '/chatter' in listed('topic', '/chatter', domain)
    assert listed('action', '/gripper', domain) == ['/gripper']


def test_when_a_latched_topic_is_echoed_late_expect_its_last_message(domain):
    assert ros2('topic', 'echo', 'chatter', '--once', domain=domain) == 'data: hello\n---\n'


def test_when_a_parameter_is_set_expect_the_new_value(domain):
    assert 'Set parameter successful' in ros2('param', 'set', '/talker', 'speed', '0.25', domain=domain)
    assert ros2('param', 'get', '/talker', 'speed', domain=domain) == 'float value is: 0.25\n'


def test_when_a_parameter_is_refused_expect_the_reason(domain):
    kind = Parameter.Type.INTEGER
    assert str(kind) in ros2('param', 'set', '/talker', 'speed', '3', domain=domain, status=1)


def test_when_a_service_is_called_expect_its_answer(domain):
    answer = ros2('service', 'call', '/switch', 'std_srvs/srv/SetBool', '{data: true}', domain=domain)
    assert answer == "success: true\nmessage: ''\n"


def test_when_a_goal_is_sent_expect_result_and_status(domain):
    goal = '{command: {position: 0.02}}'
    printed = ros2('action', 'send_goal', '/gripper', 'control_msgs/action/GripperCommand', goal, domain=domain)
    assert 'position: 0.02' in printed
    assert printed.endswith('Goal finished with status: SUCCEEDED\n')


def test_when_a_goal_has_an_unknown_field_expect_the_fields_there_are(domain):
    action = ('/gripper', 'control_msgs/action/GripperCommand')
    printed = ros2('action', 'send_goal', *action, '{speed: 3}', domain=domain, status=1)
    assert "no field 'speed'" in printed
    assert 'command' in printed
