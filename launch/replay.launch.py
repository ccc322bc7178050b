# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Play a rosbag2 into generator, tracker and playback: look at what would be imagined, without a robot."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from robot4d_nodes.launch_checks import require_files


def generate_launch_description() -> LaunchDescription:
    """Start the nodes under use_sim_time, and the player a little later so that no message is missed."""
    share = FindPackageShare('robot4d')

    def config(name: str) -> PathJoinSubstitution:
        return PathJoinSubstitution([share, 'config', f'{name}.yaml'])

    def node(executable: str, *files, **parameters) -> Node:
        return Node(
            package='robot4d', executable=executable, name=executable, output='screen',
            parameters=[config(executable), *files, {'use_sim_time': True, **parameters}],
        )

    return LaunchDescription([
        DeclareLaunchArgument('bag', description='folder of the rosbag2'),
        DeclareLaunchArgument('engine', default_value='diffusion', description='generator engine: diffusion or hold'),
        DeclareLaunchArgument('model', default_value='', description='folder of the model; empty: the shipped one'),
        DeclareLaunchArgument(
            'cameras', default_value=config('cameras'), description='YAML: the cameras and their topics',
        ),
        DeclareLaunchArgument('rate', default_value='1.0', description='playback speed'),
        DeclareLaunchArgument('delay', default_value='5.0', description='seconds to wait for the nodes before playing'),
        DeclareLaunchArgument('rviz', default_value='false', description='start RViz'),
        require_files(parameters=('cameras',), others=('bag', 'model')),
        node(
            'generator', LaunchConfiguration('cameras'), config('robot'), engine=LaunchConfiguration('engine'),
            model=ParameterValue(LaunchConfiguration('model'), value_type=str),
        ),
        node('tracker', config('robot')),
        node('playback', LaunchConfiguration('cameras')),
        ExecuteProcess(
            cmd=[
                'ros2', 'bag', 'play', LaunchConfiguration('bag'), '--clock',
                '--rate', LaunchConfiguration('rate'), '--delay', LaunchConfiguration('delay'),
            ],
            output='screen',
        ),
        Node(
            package='rviz2', executable='rviz2',
            arguments=['-d', PathJoinSubstitution([share, 'config', 'rviz', 'robot4d.rviz'])],
            parameters=[{'use_sim_time': True}], condition=IfCondition(LaunchConfiguration('rviz')),
        ),
    ])
