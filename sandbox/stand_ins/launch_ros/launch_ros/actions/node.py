# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Node: runs a ROS node."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable
from tempfile import NamedTemporaryFile
from typing import Any

import launch.logging
import yaml
from launch.actions import ExecuteProcess
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitutions import LocalSubstitution
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name

from ..parameter_descriptions import Parameter
from ..parameters_type import SomeParameters
from ..remap_rule_type import SomeRemapRules
from ..substitutions import ExecutableInPackage
from ..utilities import (
    add_node_name,
    evaluate_parameters,
    get_node_name_count,
    make_namespace_absolute,
    normalize_parameters,
    normalize_remap_rules,
    prefix_namespace,
)


class Node(ExecuteProcess):
    """
    Runs a ROS node; `ExecuteProcess` and `ExecuteLocal` tell what else can be said about it.

    Everything that concerns ROS is put on the node's command line: `arguments`, then `--ros-args` with
    `ros_arguments`, name, namespace, parameters and remappings, in this order.
    """

    UNSPECIFIED_NODE_NAME = '<node_name_unspecified>'
    UNSPECIFIED_NODE_NAMESPACE = '<node_namespace_unspecified>'

    def __init__(
        self, *,
        executable: SomeSubstitutionsType,
        package: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        namespace: SomeSubstitutionsType | None = None,
        exec_name: SomeSubstitutionsType | None = None,
        parameters: SomeParameters | None = None,
        remappings: SomeRemapRules | None = None,
        ros_arguments: Iterable[SomeSubstitutionsType] | None = None,
        arguments: Iterable[SomeSubstitutionsType] | None = None,
        **kwargs: Any,
    ) -> None:
        """
        Describe the node.

        executable: its name in the package, or its path if no package is given.
        name, namespace: those given in the node's code by default; a relative namespace is put below the pushed one.
        exec_name: the label of the process.
        parameters: files and dictionaries; later ones win, but a node's full name wins over wildcards.
        remappings: (from, to) pairs.
        """
        cmd = [executable if package is None else ExecutableInPackage(package=package, executable=executable)]
        cmd += [] if arguments is None else arguments
        cmd += [] if ros_arguments is None else ['--ros-args', *ros_arguments]
        cmd += ['--ros-args']
        if name is not None:
            cmd += ['-r', LocalSubstitution("ros_specific_arguments['name']", description='node name')]
        if parameters is not None:
            ensure_argument_type(parameters, list, 'parameters', 'Node')
        super().__init__(cmd=cmd, name=exec_name, **kwargs)
        self.__package = package
        self.__node_executable = executable
        self.__node_name = name
        self.__node_namespace = namespace
        self.__parameters = normalize_parameters(parameters or [])
        self.__remappings = list(normalize_remap_rules(remappings or []))

        self.__expanded_node_name = self.UNSPECIFIED_NODE_NAME
        self.__expanded_node_namespace = self.UNSPECIFIED_NODE_NAMESPACE
        self.__expanded_parameter_arguments: list[tuple[str, bool]] | None = None
        self.__expanded_remappings: list[tuple[str, str]] | None = None
        self.__final_node_name: str | None = None
        self.__substitutions_performed = False
        self.__logger = launch.logging.get_logger(__name__)

    @property
    def node_package(self) -> SomeSubstitutionsType | None:
        """The package of the node."""
        return self.__package

    @property
    def node_executable(self) -> SomeSubstitutionsType:
        """The executable of the node."""
        return self.__node_executable

    @property
    def node_name(self) -> str:
        """The full name of the node, with markers for what is not specified; raises RuntimeError before execution."""
        if self.__final_node_name is None:
            raise RuntimeError("cannot access 'node_name' before executing action")
        return self.__final_node_name

    @property
    def expanded_node_namespace(self) -> str:
        """The namespace, or a marker if it is not specified."""
        return self.__expanded_node_namespace

    @property
    def expanded_remapping_rules(self) -> list[tuple[str, str]] | None:
        """The remappings, None if there are none."""
        return self.__expanded_remappings

    def is_node_name_fully_specified(self) -> bool:
        """Whether the launch file determines both name and namespace."""
        return not any(
            marker in self.node_name for marker in (self.UNSPECIFIED_NODE_NAME, self.UNSPECIFIED_NODE_NAMESPACE))

    def _perform_substitutions(self, context: LaunchContext) -> None:
        """Complete the command line; derived classes may do so before `execute`, which then does not again."""
        if self.__substitutions_performed:
            return
        self.__substitutions_performed = True
        try:
            self.__expand_name(context)
        except Exception:
            self.__logger.error(
                "Error while expanding or validating node name or namespace for "
                f"'package={self.__package}, executable={self.__node_executable}, name={self.__node_name}, "
                f"namespace={self.__node_namespace}':")
            raise
        self.__expand_parameters(context)
        self.__expand_remappings(context)

    def __extend_cmd(self, *parts: SomeSubstitutionsType) -> None:
        self.cmd.extend(normalize_to_list_of_substitutions(part) for part in parts)

    def __expand_name(self, context: LaunchContext) -> None:
        def perform(text: SomeSubstitutionsType | None) -> str | None:
            return None if text is None else perform_substitutions(context, normalize_to_list_of_substitutions(text))

        if self.__node_name is not None:
            self.__expanded_node_name = perform(self.__node_name)
            validate_node_name(self.__expanded_node_name)
        namespace = make_namespace_absolute(prefix_namespace(
            context.launch_configurations.get('ros_namespace'), perform(self.__node_namespace)))
        if namespace is not None:
            self.__expanded_node_namespace = namespace
            self.__extend_cmd('-r', LocalSubstitution("ros_specific_arguments['ns']"))
            validate_namespace(namespace)
        self.__final_node_name = prefix_namespace(self.__expanded_node_namespace, self.__expanded_node_name)

    def __expand_parameters(self, context: LaunchContext) -> None:
        """Add the parameters of the scope, then the node's own."""
        self.__expanded_parameter_arguments = []
        for param in context.launch_configurations.get('global_params', []):
            if isinstance(param, tuple):
                name, value = param
                self.__extend_cmd('-p', f'{name}:={value}')
            else:
                path = os.path.abspath(param)
                assert os.path.isfile(path)
                self.__add_parameter_argument(path, is_file=True)
        for params in evaluate_parameters(context, self.__parameters):
            if isinstance(params, Parameter):
                name, value = params.evaluate(context)
                self.__add_parameter_argument(f'{name}:={yaml.dump(value)}', is_file=False)
            elif isinstance(params, dict):
                self.__add_parameter_argument(self._create_params_file_from_dict(params), is_file=True)
            elif isinstance(params, pathlib.Path) and params.is_file():
                self.__add_parameter_argument(str(params), is_file=True)
            else:
                self.__logger.warning(f'Parameter file path is not a file: {params}')

    def __add_parameter_argument(self, argument: str, *, is_file: bool) -> None:
        self.__expanded_parameter_arguments.append((argument, is_file))
        self.__extend_cmd('--params-file' if is_file else '-p', argument)

    def _create_params_file_from_dict(self, params: dict[str, Any]) -> str:
        node = self.node_name if self.is_node_name_fully_specified() else '/**'
        with NamedTemporaryFile(mode='w', prefix='launch_params_', delete=False) as file:
            yaml.dump({node: {'ros__parameters': params}}, file, default_flow_style=False)
        return file.name

    def __expand_remappings(self, context: LaunchContext) -> None:
        """Add the remappings of the scope, then the node's own."""
        remappings = [
            *context.launch_configurations.get('ros_remaps', []),
            *((perform_substitutions(context, source), perform_substitutions(context, target))
              for source, target in self.__remappings)]
        if remappings:
            self.__expanded_remappings = remappings
        for source, target in remappings:
            self.__extend_cmd('-r', f'{source}:={target}')

    def execute(self, context: LaunchContext) -> None:
        """Start the node."""
        self._perform_substitutions(context)
        context.extend_locals({'ros_specific_arguments': {
            'name': f'__node:={self.__expanded_node_name}', 'ns': f'__ns:={self.__expanded_node_namespace}'}})
        super().execute(context)
        if self.is_node_name_fully_specified():
            add_node_name(context, self.node_name)
            count = get_node_name_count(context, self.node_name)
            if count > 1:
                launch.logging.get_logger(self.name).warning(
                    f'there are now at least {count} nodes with the name {self.node_name} created within this '
                    'launch context')
