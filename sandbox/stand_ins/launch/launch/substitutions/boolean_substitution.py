# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Substitutions that combine booleans; their values are 'true' and 'false'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..frontend.expose import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.type_utils import perform_typed_substitution
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def _perform_boolean(context: LaunchContext, value: list[Substitution]) -> bool:
    try:
        return perform_typed_substitution(context, value, bool)
    except (TypeError, ValueError) as error:
        raise SubstitutionFailure(error) from error


def _to_text(value: bool) -> str:
    return str(value).lower()


@expose_substitution('not')
class NotSubstitution(Substitution):
    """The opposite of a boolean."""

    def __init__(self, value: SomeSubstitutionsType) -> None:
        """Take the boolean."""
        super().__init__()
        self.__value = normalize_to_list_of_substitutions(value)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(not value)`."""
        if len(data) != 1:
            raise TypeError('not substitution expects 1 argument')
        return cls, {'value': data[0]}

    @property
    def value(self) -> list[Substitution]:
        """The boolean."""
        return self.__value

    def describe(self) -> str:
        """Say what will be substituted."""
        return f'NotSubstitution({self.value})'

    def perform(self, context: LaunchContext) -> str:
        """Return 'true' or 'false'; raises SubstitutionFailure if the value is no boolean."""
        return _to_text(not _perform_boolean(context, self.value))


class _LeftRightSubstitution(Substitution):
    """Base of the substitutions with two booleans."""

    _name: str

    def __init__(self, left: SomeSubstitutionsType, right: SomeSubstitutionsType) -> None:
        """Take the two booleans."""
        super().__init__()
        self.__left = normalize_to_list_of_substitutions(left)
        self.__right = normalize_to_list_of_substitutions(right)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(name left right)`."""
        if len(data) != 2:
            raise TypeError(f'{cls._name} substitution expects 2 arguments')
        return cls, {'left': data[0], 'right': data[1]}

    @property
    def left(self) -> list[Substitution]:
        """The first boolean."""
        return self.__left

    @property
    def right(self) -> list[Substitution]:
        """The second boolean."""
        return self.__right

    def describe(self) -> str:
        """Say what will be substituted."""
        return f'{type(self).__name__}({self.left} {self.right})'

    def _perform_both(self, context: LaunchContext) -> tuple[bool, bool]:
        return _perform_boolean(context, self.left), _perform_boolean(context, self.right)


@expose_substitution('and')
class AndSubstitution(_LeftRightSubstitution):
    """Whether both booleans are true."""

    _name = 'and'

    def perform(self, context: LaunchContext) -> str:
        """Return 'true' or 'false'; raises SubstitutionFailure if a value is no boolean."""
        return _to_text(all(self._perform_both(context)))


@expose_substitution('or')
class OrSubstitution(_LeftRightSubstitution):
    """Whether at least one of two booleans is true."""

    _name = 'or'

    def perform(self, context: LaunchContext) -> str:
        """Return 'true' or 'false'; raises SubstitutionFailure if a value is no boolean."""
        return _to_text(any(self._perform_both(context)))


class _ManySubstitution(Substitution):
    """Base of the substitutions with any number of booleans."""

    def __init__(self, *args: SomeSubstitutionsType) -> None:
        """Take the booleans."""
        super().__init__()
        self.__args = [normalize_to_list_of_substitutions(arg) for arg in args]

    @property
    def args(self) -> list[list[Substitution]]:
        """The booleans."""
        return self.__args

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"{type(self).__name__}({' '.join(str(arg) for arg in self.args)})"

    def _perform_all(self, context: LaunchContext) -> Iterable[bool]:
        return [_perform_boolean(context, arg) for arg in self.args]


class AnySubstitution(_ManySubstitution):
    """Whether at least one boolean is true."""

    def perform(self, context: LaunchContext) -> str:
        """Return 'true' or 'false'; raises SubstitutionFailure if a value is no boolean."""
        return _to_text(any(self._perform_all(context)))


class AllSubstitution(_ManySubstitution):
    """Whether all booleans are true."""

    def perform(self, context: LaunchContext) -> str:
        """Return 'true' or 'false'; raises SubstitutionFailure if a value is no boolean."""
        return _to_text(all(self._perform_all(context)))
