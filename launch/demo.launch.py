# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole line in simulation: all nodes, the simulated cell, and the demo that drives them."""

from typing import List  # noqa: UP035 - the type that launch_ros knows

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable, Shutdown
from launch.conditions import UnlessCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, PythonExpression
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = [
    ('task', 'PutSpatulaOnTable', 'what the cell holds and the robot shall do; PlaceAppleFromBowlIntoBin has two arms'),
    ('robot', 'cell', "of the cell: cell, or panda, as it is published, which the shipped model doesn't know"),
    ('engine', PythonExpression(["'oracle' if '", LaunchConfiguration('robot'), "' == 'panda' else 'diffusion'"]),
     'generator engine: diffusion (learned), oracle (simulation only) or hold (frozen scene)'),
    ('model', '', 'folder of the learned model; empty: the one shipped for the task'),
    ('seed', '1', 'of object poses and camera poses'),
    ('steps', '0', 'denoising steps; 0: the default of the engine'),
    ('max_cycles', '24', 'predict-track-execute cycles before giving up'),
    ('second_camera_offset', '[0.0, 0.0, 0.0, 0.0]', 'moves the second camera: x, y, z in metres, turn in degrees'),
    ('dry_run', 'false', 'plan and check, but do not move'),
    ('output', 'out/demo', 'folder for summary.json, the picture and the video'),
    ('headless', 'false', 'true: do not start RViz'),
]


def generate_launch_description() -> LaunchDescription:
    """Start every node in its own process; the end of the demo ends them all."""
    share = FindPackageShare('robot4d')
    panda = ["'", LaunchConfiguration('robot'), "' == 'panda'"]
    robot = PythonExpression([
        "'robots/panda_cell' if ", *panda, " else 'two_arms' if '", LaunchConfiguration('task'),
        "' == 'PlaceAppleFromBowlIntoBin' else 'robot'"])
    urdf = PathJoinSubstitution([share, 'urdf', 'panda_cell.urdf.xacro'])
    description = {'robot_description_file': PythonExpression(["'", urdf, "' if ", *panda, " else ''"])}

    def node(executable: str, *config, **parameters) -> Node:
        return Node(
            package='robot4d',
            executable=executable,
            name=executable,
            output='screen',
            parameters=[
                *(PathJoinSubstitution([share, 'config', [name, '.yaml']]) for name in config),
                {'use_sim_time': True, **parameters},
            ],
        )

    def argument(name: str, value_type: type) -> ParameterValue:
        return ParameterValue(LaunchConfiguration(name), value_type=value_type)

    demo = Node(
        package='robot4d',
        executable='demo',
        name='demo',
        output='screen',
        output_format='{line}',
        emulate_tty=True,
        parameters=[{
            'use_sim_time': True,
            'task': argument('task', str),
            'robot': argument('robot', str),
            'engine': argument('engine', str),
            'model': argument('model', str),
            'max_cycles': argument('max_cycles', int),
            'dry_run': argument('dry_run', bool),
            'output': argument('output', str),
        }],
        on_exit=Shutdown(reason='the demo has ended'),
    )
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS),
        SetEnvironmentVariable('OMP_NUM_THREADS', '1'),  # the nodes share few cores; the toy model is faster so
        node(
            'cell', 'cell',
            task=argument('task', str), robot=argument('robot', str), seed=argument('seed', int),
            second_camera_offset=ParameterValue(LaunchConfiguration('second_camera_offset'), value_type=List[float]),
        ),
        node(
            'generator', 'generator', 'cameras', robot,
            **description, engine=argument('engine', str), model=argument('model', str), steps=argument('steps', int),
            max_silence=10.0, observation_timeout=30.0,  # a busy machine may simulate slower than it looks
        ),
        node('tracker', 'tracker', robot, **description),
        node(
            'executor', 'executor', robot, 'controllers', 'limits', **description, dry_run=False, speed_scaling=1.0,
            max_silence=10.0,  # on a busy machine the simulated robot stands still whenever it is silent
        ),
        node('coordinator', 'coordinator'),
        node('playback', 'playback', 'cameras'),
        demo,
        Node(
            package='rviz2',
            executable='rviz2',
            arguments=['-d', PathJoinSubstitution([share, 'config', 'rviz', 'robot4d.rviz'])],
            parameters=[{'use_sim_time': True}],
            condition=UnlessCondition(LaunchConfiguration('headless')),
        ),
    ])
