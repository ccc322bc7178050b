# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Parameter tables: defaults, bounds and choices, as `ros2 param` sees them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from nodes.bench import overrides
from robot4d_nodes.parameters import declare, parameter, read

pytestmark = pytest.mark.usefixtures('ros')


@dataclass(frozen=True)
class Table:
    """A table with one parameter of each kind."""

    limit: float = parameter(0.5, 'A limit, metres', low=0.0, high=1.0)
    count: int = parameter(3, 'A count', low=1)
    engine: str = parameter('hold', 'An engine', choices=('hold', 'oracle'))
    names: list[str] = parameter(['a', 'b'], 'Names', read_only=True)
    model: str = parameter('', 'A model', at_configure=True)
    flag: bool = parameter(True, 'A flag')


@pytest.fixture
def make_node():
    nodes = []

    def make(table=None, unconfigured=lambda: True, prefix='', **values) -> Node:
        node = Node('parameters_under_test', parameter_overrides=overrides(**values))
        nodes.append(node)
        declare(node, table or Table(), prefix=prefix, unconfigured=unconfigured)
        return node

    yield make
    for node in nodes:
        node.destroy_node()


def set_parameter(node: Node, name: str, value):
    (result,) = node.set_parameters([Parameter(name, value=value)])
    return result


def test_without_overrides_the_defaults_come_back_as_a_typed_object(make_node):
    assert read(make_node(), Table) == Table()


def test_overrides_replace_defaults(make_node):
    assert read(make_node(limit=0.25, names=['c']), Table) == Table(limit=0.25, names=['c'])


def test_the_values_of_the_instance_are_the_defaults_and_the_prefix_separates_tables(make_node):
    node = make_node(Table(limit=0.1), prefix='first.')
    declare(node, Table(limit=0.2), prefix='second.')
    assert read(node, Table, prefix='first.').limit == 0.1
    assert read(node, Table, prefix='second.').limit == 0.2


@pytest.mark.parametrize('name, value, reason', [
    ('limit', 1.5, 'limit out of range'), ('limit', float('nan'), 'limit out of range'), ('limit', 1, 'expected'),
    ('count', 0, 'count out of range'), ('engine', 'magic', "one of hold, oracle, got 'magic'"),
    ('names', ['x'], 'read-only'),
])
def test_when_a_value_does_not_fit_expect_refusal_with_a_reason_and_the_old_value(make_node, name, value, reason):
    node = make_node()
    result = set_parameter(node, name, value)
    assert not result.successful and reason in result.reason
    assert read(node, Table) == Table()


def test_bounds_are_inclusive(make_node):
    node = make_node()
    assert set_parameter(node, 'limit', 1.0).successful and set_parameter(node, 'limit', 0.0).successful
    assert read(node, Table).limit == 0.0


def test_when_an_override_is_out_of_range_expect_the_node_not_to_start(make_node):
    with pytest.raises(InvalidParameterValueException, match='limit out of range'):
        make_node(limit=2.0)
    with pytest.raises(InvalidParameterTypeException, match='limit'):
        make_node(limit=1)


def test_a_parameter_of_configure_is_refused_while_the_node_is_configured(make_node):
    configured = [False]
    node = make_node(unconfigured=lambda: not configured[0])
    assert set_parameter(node, 'model', 'a').successful
    configured[0] = True
    result = set_parameter(node, 'model', 'b')
    assert not result.successful and 'cleanup' in result.reason
    assert read(node, Table).model == 'a'


def test_ros2_param_describe_shows_text_bounds_and_choices(make_node):
    node = make_node()
    limit, engine, names = node.describe_parameters(['limit', 'engine', 'names'])
    assert limit.description == 'A limit, metres'
    assert (limit.floating_point_range[0].from_value, limit.floating_point_range[0].to_value) == (0.0, 1.0)
    assert engine.additional_constraints == 'one of: hold, oracle'
    assert names.read_only
