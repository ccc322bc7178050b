# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a training is made of, as a YAML file: the demonstrations, the model's shape, the stages and their budgets."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from robot4d_core.cell.tasks.by_name import make_task
from robot4d_core.errors import RecipeError
from robot4d_core.robot.names import CELL, shipped_arm_names
from robot4d_core.share import share_directory
from robot4d_core.text_files import read_yaml

STAGES = ('path', 'rgb_autoencoder', 'pointmap_autoencoder', 'view_alignment', 'diffusion')
BUDGET = ('steps', 'minutes')


@dataclass(frozen=True)
class StageSettings:
    """How a stage trains; AdamW with a warm-up, and averaged weights (EMA).

    steps or minutes: the budget, one of them; minutes of training, checkpoints of a killed run included.
    batch: samples per optimiser step, those of all processes together; micro_batch: samples that a process holds at
    once, all of its share by default. schedule: 'cosine' to zero over the budget, or 'constant'. clip: norm of the
    gradient. warmup: steps. samples: pictures of what the model makes, evenly over the budget.
    """

    batch: int
    learning_rate: float
    steps: int | None = None
    minutes: float | None = None
    micro_batch: int | None = None
    schedule: str = 'cosine'
    warmup: int = 100
    betas: tuple[float, ...] = (0.9, 0.99)
    epsilon: float = 1e-6
    weight_decay: float = 1e-4
    clip: float = 1.0
    ema_decay: float = 0.998
    gradient_checkpointing: bool = False
    checkpoint_minutes: float = 2.0
    samples: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise RecipeError(f'a stage has a budget in steps or in minutes, got {self.steps=}, {self.minutes=}')
        for name in ('batch', 'learning_rate', 'warmup', 'clip', *BUDGET, 'micro_batch'):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise RecipeError(f'{name} must be positive, got {value}')
        if self.schedule not in ('cosine', 'constant'):
            raise RecipeError(f"schedule must be 'cosine' or 'constant', got '{self.schedule}'")

    def accumulation(self, processes: int) -> int:
        """Return the number of micro-batches per optimiser step of each process. Raises RecipeError."""
        micro = self.micro_batch or max(1, self.batch // processes)
        if self.batch % (micro * processes):
            raise RecipeError(
                f'a batch of {self.batch} cannot be divided among {processes} processes with {micro} at once; '
                'change batch or micro_batch')
        return self.batch // (micro * processes)


@dataclass(frozen=True)
class DataSettings:
    """The demonstrations to record of each task, of seeds seed, seed + 1, ...; sensor: 'ideal' or 'noisy'.

    episodes: of each task, 0 where nothing learns from demonstrations; looks: scenes of each task, of the same seeds,
    of which looks are taken for the path; robot: of the cell, a name in robot.names.SHIPPED.
    """

    tasks: tuple[str, ...]
    episodes: int
    cameras: int
    seed: int = 0
    sensor: str = 'ideal'
    looks: int = 0
    robot: str = CELL


@dataclass(frozen=True)
class EvaluationSettings:
    """How the model is measured when it is trained.

    windows: drawn from validation episodes, 0 for no measurement; steps: of denoising, also in the pictures made while
    training.
    """

    windows: int
    steps: int
    seed: int = 0


@dataclass(frozen=True)
class Recipe:
    """A training from demonstrations to a measured model.

    data: None for a recipe whose demonstrations the user brings. model: the name of a configuration under
    config/models, or a path. in_memory: episodes and latents are held in memory, else windows are read and encoded as
    they are needed. precision: 'bf16' (mixed) or 'no'. file_megabytes: size of the files of weights at most, None for
    what diffusers chooses. begin_with: a model that comes with robot4d, whose parts those without a stage are taken
    from, and with whose U-Net that of the diffusion begins. A stage that is None is left out.
    """

    name: str
    data: DataSettings | None
    model: str
    evaluation: EvaluationSettings
    diffusion: StageSettings | None = None
    path: StageSettings | None = None
    rgb_autoencoder: StageSettings | None = None
    pointmap_autoencoder: StageSettings | None = None
    view_alignment: StageSettings | None = None
    in_memory: bool = True
    precision: str = 'bf16'
    file_megabytes: int | None = None
    begin_with: str | None = None

    def __post_init__(self) -> None:
        if self.precision not in ('bf16', 'no'):
            raise RecipeError(f"precision must be 'bf16' or 'no', got '{self.precision}'")
        if self.file_megabytes is not None and self.file_megabytes <= 0:
            raise RecipeError(f'file_megabytes must be positive, or left out for no limit, got {self.file_megabytes}')

    def with_robot(self, robot: str) -> Recipe:
        """Return the recipe for another robot of the cell, without the tasks for which it has too few arms.

        Raises RecipeError when the user brings the demonstrations.
        """
        if self.data is None:
            raise RecipeError(
                f"the recipe '{self.name}' records nothing; give what was recorded with '{robot}' by --data")
        tasks = tuple(task for task in self.data.tasks if make_task(task).arms <= len(shipped_arm_names(robot)))
        return replace(self, data=replace(self.data, tasks=tasks, robot=robot))

    def fixed(self) -> dict:
        """Return what must not change while a training goes on: all but what follows it and its last budget."""
        entries = dataclasses.asdict(self)
        del entries['evaluation'], entries['file_megabytes']
        if self.data is not None and self.data.robot == CELL:
            del entries['data']['robot']  # trainings of once do not name it
        if self.diffusion is not None:
            for name in BUDGET:
                del entries['diffusion'][name]
        return entries


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with robot4d."""
    return sorted(path.stem for path in _folder().glob('*.yaml'))


def read_recipe(name: str | Path) -> Recipe:
    """Read a recipe by its name under config/recipes, or by the path of a YAML file. Raises RecipeError."""
    path = Path(name) if Path(name).suffix == '.yaml' else _folder() / f'{name}.yaml'
    if not path.is_file():
        raise RecipeError(f"no recipe '{name}'; give one of {', '.join(recipe_names())}, or the path of a YAML file")
    entries = read_yaml(path)
    try:
        return _parse(Recipe, {'name': path.stem, 'data': None} | _mapping(entries))
    except RecipeError as error:
        raise RecipeError(f'{path}: {error}') from error


def _folder() -> Path:
    return share_directory() / 'config' / 'recipes'


def _mapping(entries: Any) -> dict:
    if not isinstance(entries, dict):
        raise RecipeError(f'expected names with values, got {entries!r}')
    return entries


def _parse(kind: type, entries: dict) -> Any:
    hints = get_type_hints(kind)
    unknown = set(entries) - set(hints)
    missing = {
        field.name for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.name not in entries}
    if unknown or missing:
        raise RecipeError('; '.join(
            f"{what} {', '.join(sorted(names))}" for what, names in (('unknown:', unknown), ('missing:', missing))
            if names))
    values = {}
    for name, value in entries.items():
        try:
            values[name] = _value(hints[name], value)
        except RecipeError as error:
            raise RecipeError(f'{name}: {error}') from error
    return kind(**values)


def _value(kind: Any, value: Any) -> Any:
    if get_origin(kind) is UnionType:
        return None if value is None else _value(get_args(kind)[0], value)
    if dataclasses.is_dataclass(kind):
        return _parse(kind, _mapping(value))
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(get_args(kind)[0], entry) for entry in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        hint = ' (write 1.0e-6, not 1e-6)' if kind is float else ''
        raise RecipeError(f'expected {getattr(kind, "__name__", kind)}, got {value!r}{hint}')
    return value
