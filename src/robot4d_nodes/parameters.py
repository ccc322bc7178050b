# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Node parameters, declared as one table per node.

A table is a frozen dataclass whose fields are made by `parameter`:

    @dataclass(frozen=True)
    class TrackerParameters:
        max_wait: float = parameter(1.0, 'How long to wait for tf, seconds', low=0.0, high=10.0)

    declare(node, TrackerParameters())           # the values of the instance are the defaults
    settings = read(node, TrackerParameters)     # a typed object with the values now
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import ParameterUninitializedException
from rclpy.node import Node
from rclpy.parameter import Parameter

from robot4d_core.errors import ParameterError

Table = TypeVar('Table')

_METADATA = 'robot4d'
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True)
class _Rule:
    description: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    read_only: bool
    at_configure: bool

    def descriptor(self, value: Any) -> ParameterDescriptor:
        constraints = []
        if self.choices:
            constraints.append(f'one of: {", ".join(self.choices)}')
        if self.at_configure:
            constraints.append('can be set while the node is unconfigured')
        descriptor = ParameterDescriptor(
            description=self.description, read_only=self.read_only, additional_constraints='; '.join(constraints)
        )
        if self.low is None and self.high is None:
            return descriptor
        if isinstance(value, int):
            descriptor.integer_range = [IntegerRange(
                from_value=-_LARGEST_INTEGER if self.low is None else int(self.low),
                to_value=_LARGEST_INTEGER if self.high is None else int(self.high),
            )]
        else:
            descriptor.floating_point_range = [FloatingPointRange(
                from_value=float('-inf') if self.low is None else float(self.low),
                to_value=float('inf') if self.high is None else float(self.high),
            )]
        return descriptor

    def refusal(self, parameter: Parameter, unconfigured: bool) -> str | None:
        if self.at_configure and not unconfigured:
            return (f'{parameter.name} takes effect at configure: '
                    'first `ros2 lifecycle set NODE deactivate`, then cleanup, set it, configure, activate')
        if self.choices:
            for value in [parameter.value] if isinstance(parameter.value, str) else parameter.value:
                if value not in self.choices:
                    return f"{parameter.name} must be one of {', '.join(self.choices)}, got '{value}'"
        return None


def parameter(
    default: Any,
    description: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    read_only: bool = False,
    at_configure: bool = False,
) -> Any:
    """Make a field of a parameter table: a bool, int, float, str or a non-empty list of one of them.

    description: states the unit; low, high: inclusive bounds; choices: allowed strings; read_only: fixed at start;
    at_configure: takes effect when the node is configured, and is refused while it is.
    """
    metadata = {_METADATA: _Rule(description, low, high, choices, read_only, at_configure)}
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def _rules(table) -> dict[str, _Rule]:
    return {entry.name: entry.metadata[_METADATA] for entry in fields(table)}


def declare(node: Node, table: Any, *, prefix: str = '', unconfigured: Callable[[], bool] = lambda: True) -> None:
    """Declare every field of table (an instance: its values are the defaults) as a parameter named prefix + field.

    unconfigured: whether parameters that take effect at configure may be set now.
    Raises rclpy's InvalidParameterValueException or InvalidParameterTypeException when an override does not fit.
    """
    rules = {prefix + name: rule for name, rule in _rules(table).items()}

    def check(changes: list[Parameter]) -> SetParametersResult:
        for change in changes:
            refusal = change.name in rules and rules[change.name].refusal(change, unconfigured())
            if refusal:
                return SetParametersResult(successful=False, reason=refusal)
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(check)
    for name, rule in _rules(table).items():
        value = getattr(table, name)
        node.declare_parameter(prefix + name, value, rule.descriptor(value))


def read(node: Node, table: type[Table], *, prefix: str = '') -> Table:
    """Return the present values of the declared table as a typed object.

    Raises ParameterError for an empty list in a file, which ROS takes for no value at all.
    """
    try:
        return table(**{name: node.get_parameter(prefix + name).value for name in _rules(table)})
    except ParameterUninitializedException as error:
        name = error.args[0].split(': ')[-1]
        raise ParameterError(f'the parameter {name} is an empty list; fill it, or remove it') from error
