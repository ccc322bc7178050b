# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PythonExpression: the value of a Python expression."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..frontend.expose import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.perform_substitutions_impl import perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution('eval')
class PythonExpression(Substitution):
    """The value of a Python expression as text; `python_modules` can be used in it, those of `math` by bare name."""

    def __init__(
        self, expression: SomeSubstitutionsType, python_modules: SomeSubstitutionsType = ('math',),
    ) -> None:
        """Take the expression and the names of the modules that it uses."""
        super().__init__()
        self.__expression = normalize_to_list_of_substitutions(expression)
        self.__python_modules = normalize_to_list_of_substitutions(python_modules)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(eval expression [module,module])`."""
        if not 1 <= len(data) <= 2:
            raise TypeError('eval substitution expects 1 or 2 arguments')
        kwargs = {'expression': data[0]}
        if len(data) == 2:
            modules = ''.join(sub.perform(None) for sub in normalize_to_list_of_substitutions(data[1]))
            kwargs['python_modules'] = [name.strip() for name in modules.split(',') if name.strip()]
        return cls, kwargs

    @property
    def expression(self) -> list[Substitution]:
        """The expression."""
        return self.__expression

    @property
    def python_modules(self) -> list[Substitution]:
        """The names of the modules."""
        return self.__python_modules

    def describe(self) -> str:
        """Say what will be substituted."""
        return 'PythonExpr({}, [{}])'.format(
            ' + '.join(sub.describe() for sub in self.expression),
            ', '.join(sub.describe() for sub in self.python_modules))

    def perform(self, context: LaunchContext) -> str:
        """Evaluate the expression."""
        names = {}
        for module_name in self.python_modules:
            module = importlib.import_module(context.perform_substitution(module_name))
            if module.__name__ == 'math':
                names.update(vars(module))
            names[module.__name__] = module
        return str(eval(perform_substitutions(context, self.expression), {}, names))
