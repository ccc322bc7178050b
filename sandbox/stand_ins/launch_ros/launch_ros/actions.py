# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ROS nodes as processes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import yaml
from launch.actions import PROCESS_OPTIONS, ExecuteProcess
from launch.context import LaunchContext
from launch.not_offered import lacks, not_offered, refuse_options
from launch.substitutions import parts, perform
from rclpy.validate_node_name import validate_node_name

from launch_ros.parameter_descriptions import evaluate
from launch_ros.substitutions import ExecutableInPackage

__getattr__ = lacks(
    __name__, 'ComposableNodeContainer LifecycleNode LifecycleTransition LoadComposableNodes PushROSNamespace '
    'PushRosNamespace RosTimer SetParameter SetParametersFromFile SetRemap SetROSLogDir SetUseSimTime')

PROCESS = {'output', 'output_format', 'emulate_tty', 'on_exit', 'condition'}


class Node(ExecuteProcess):
    """Runs a ROS node; `ExecuteProcess` tells what else can be said about it.

    The command line is: arguments, --ros-args, the node's name, its parameters; of these, later ones win.
    """

    def __init__(
        self, *, package: Any, executable: Any, name: Any = None, parameters: list | None = None,
        arguments: Iterable[Any] = (), **options: Any,
    ) -> None:
        """Describe the node. parameters: paths of YAML files, and dictionaries with values as `evaluate` takes them."""
        unknown = {option: value for option, value in options.items() if option not in PROCESS}
        refuse_options('Node', unknown, f'namespace exec_name remappings ros_arguments exec_in_pkg {PROCESS_OPTIONS}')
        if parameters is not None and not isinstance(parameters, list):
            raise TypeError(f"'Node' expected 'parameters' to be a list, but got {parameters!r}")
        super().__init__(cmd=[ExecutableInPackage(executable, package), *arguments, '--ros-args'], **options)
        self._node_name = None if name is None else parts(name)
        self._parameters = [entry if isinstance(entry, dict) else parts(entry) for entry in parameters or []]

    def execute(self, context: LaunchContext) -> None:
        """Complete the command line and start the node."""
        if self._node_name is not None:
            name = perform(context, self._node_name)
            validate_node_name(name)
            self._add('-r', f'__node:={name}')
        for entry in self._parameters:
            if isinstance(entry, dict):
                self._add('--params-file', _write_parameters(context, entry))
            elif Path(path := perform(context, entry)).is_file():
                self._add('--params-file', path)
            else:
                context.log.message(
                    'WARNING', 'launch_ros.actions.node', f'Parameter file path is not a file: {path}')
        super().execute(context)

    def _add(self, *words: str) -> None:
        self.cmd.extend(parts(word) for word in words)


def _write_parameters(context: LaunchContext, values: dict) -> str:
    """Write parameters into a file of their own, for any node that reads it; returns its path."""
    if any(isinstance(value, dict) or not isinstance(name, str) for name, value in values.items()):
        raise not_offered('a dictionary in a dictionary of parameters, or a name that is no text')
    evaluated = {name: evaluate(context, name, value) for name, value in values.items()}
    with NamedTemporaryFile(mode='w', prefix='launch_params_', delete=False) as file:
        yaml.dump({'/**': {'ros__parameters': evaluated}}, file, default_flow_style=False)
    return file.name
