# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""robot4d on a real robot. Nothing moves until the executor's dry_run is false and a `run_task` goal is sent."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from robot4d_nodes.launch_checks import require_files


def generate_launch_description() -> LaunchDescription:
    """Start generator, tracker, executor, coordinator and playback for the robot that the YAML files describe."""
    share = FindPackageShare('robot4d')

    def file_argument(name: str, description: str) -> DeclareLaunchArgument:
        default = PathJoinSubstitution([share, 'config', f'{name}.yaml'])
        return DeclareLaunchArgument(name, default_value=default, description=description)

    def node(executable: str, *files, **parameters) -> Node:
        own = PathJoinSubstitution([share, 'config', f'{executable}.yaml'])
        return Node(
            package='robot4d', executable=executable, name=executable, output='screen',
            parameters=[own, *files, {'use_sim_time': LaunchConfiguration('use_sim_time'), **parameters}],
        )

    cameras, robot = LaunchConfiguration('cameras'), LaunchConfiguration('robot')
    urdf = ParameterValue(LaunchConfiguration('urdf'), value_type=str)
    return LaunchDescription([
        file_argument('cameras', 'YAML: names and topics of the cameras, the calibrated reference camera first'),
        file_argument('robot', 'YAML: names in the robot description; its controllers and limits count, too'),
        file_argument('controllers', 'YAML: names of the arm and gripper controllers and their joints'),
        file_argument('limits', 'YAML: workspace, speeds and every other safety limit'),
        DeclareLaunchArgument(
            'urdf', default_value='',
            description='URDF or xacro of the robot; its gripper geometry is what the tracker looks for; empty: the '
                        'topic in robot.yaml, or the cell of robot4d',
        ),
        DeclareLaunchArgument('engine', default_value='diffusion', description='generator engine: diffusion or hold'),
        DeclareLaunchArgument('model', default_value='', description='folder of the model; empty: the shipped one'),
        DeclareLaunchArgument('device', default_value='auto', description='auto, cpu or cuda'),
        DeclareLaunchArgument('dry_run', default_value='true', description='false: really move the arm'),
        DeclareLaunchArgument('speed_scaling', default_value='0.1', description='share of the speed limits, (0, 1]'),
        DeclareLaunchArgument('use_sim_time', default_value='false', description='take time from /clock'),
        DeclareLaunchArgument('rviz', default_value='true', description='start RViz'),
        require_files(parameters=('cameras', 'robot', 'controllers', 'limits'), others=('urdf', 'model')),
        node(
            'generator', cameras, robot,
            engine=LaunchConfiguration('engine'),
            model=ParameterValue(LaunchConfiguration('model'), value_type=str),
            device=LaunchConfiguration('device'),
            robot_description_file=urdf,
        ),
        node('tracker', robot, robot_description_file=urdf),
        node(
            'executor', LaunchConfiguration('controllers'), LaunchConfiguration('limits'), robot,
            robot_description_file=urdf,
            dry_run=ParameterValue(LaunchConfiguration('dry_run'), value_type=bool),
            speed_scaling=ParameterValue(LaunchConfiguration('speed_scaling'), value_type=float),
        ),
        node('coordinator'),
        node('playback', cameras),
        Node(
            package='rviz2', executable='rviz2',
            arguments=['-d', PathJoinSubstitution([share, 'config', 'rviz', 'robot4d.rviz'])],
            condition=IfCondition(LaunchConfiguration('rviz')),
        ),
    ])
