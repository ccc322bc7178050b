# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What `robot4d benchmark speed` found, as tables and JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table

from robot4d_core.evaluation.speed.operations import Work
from robot4d_core.evaluation.speed.pipeline_stages import STAGES
from robot4d_core.evaluation.speed.timing import REST, Run

OURS = 'robot4d'
GIBIBYTE = 2**30
TERA = 1e12
LEGEND = (
    "robot4d imagines colours and pointmaps of two views, SVD (diffusers' StableVideoDiffusionPipeline) their colours, "
    'without guidance but for the last row. GiB: weights and the most that is held besides, at least (counted) or as '
    'measured. floor: the operations at the peak, that of a matrix product. ratio: ours to this.'
)


@dataclass(frozen=True)
class Measurement:
    """The run of median length; totals: seconds of every run; memory: bytes of the weights and held besides, at most.

    memory is None where the system does not tell.
    """

    run: Run
    totals: list[float]
    memory: int | None


@dataclass(frozen=True)
class Speed:
    """Two views imagined by a contender, in a configuration's size and a number of steps.

    measurement: None where it was only counted.
    """

    configuration: str
    image_size: tuple[int, int]
    steps: int
    contender: str
    work: Work
    measurement: Measurement | None


@dataclass(frozen=True)
class SpeedReport:
    """Everything that was counted and measured.

    peak: operations per second, None where nothing was measured; skipped: by configuration, why it was only counted.
    """

    machine: dict[str, str | int]
    device: str
    dtype: str
    peak: float | None
    skipped: dict[str, str]
    speeds: list[Speed]

    def operations_ratio(self, speed: Speed) -> float:
        """Return our operations, in the same configuration and steps, relative to a contender's."""
        return self._ours(speed).work.total / speed.work.total

    def time_ratio(self, speed: Speed) -> float | None:
        """Return our time, in the same configuration and steps, relative to a contender's; None if not measured."""
        if speed.measurement is None:
            return None
        return self._ours(speed).measurement.run.total / speed.measurement.run.total

    def floor(self, speed: Speed) -> float | None:
        """Return the seconds that the operations take at the peak; None if that was not measured."""
        return None if self.peak is None else speed.work.total / self.peak

    def to_dict(self) -> dict:
        """Return JSON values."""
        return asdict(self) | dict(speeds=[
            asdict(speed) | dict(
                operations_ratio=self.operations_ratio(speed), time_ratio=self.time_ratio(speed),
                floor=self.floor(speed))
            for speed in self.speeds
        ])

    def print(self, console: Console) -> None:
        """Print what was counted, what was measured, why the rest was not, and on which machine."""
        for (name, steps), group in groupby(self.speeds, key=lambda speed: (speed.configuration, speed.steps)):
            speeds = list(group)
            width, height = speeds[0].image_size
            console.rule(f'{name}, {width}x{height}, {steps} steps')
            console.print(self._counted(speeds))
            if name in self.skipped:
                console.print(f'not measured: {self.skipped[name]}')
            elif speeds[0].measurement is not None:
                console.print(self._measured(speeds))
        console.print(LEGEND, style='dim')
        facts = {'device': self.device, 'numbers': self.dtype, **self.machine}
        if self.peak is not None:
            facts['peak'] = f'{self.peak / TERA:.3g} TFLOP/s'
        console.print(', '.join(f'{name} {value}' for name, value in facts.items()), style='dim')

    def _counted(self, group: list[Speed]) -> Table:
        table = _table('TFLOP of a prediction', ('M weights', *STAGES, 'all', 'GiB', 'ratio'))
        for speed in group:
            work = speed.work
            table.add_row(
                speed.contender, f'{work.parameters / 1e6:.1f}',
                *(_short(work.operations[stage] / TERA) for stage in STAGES), _short(work.total / TERA),
                f'{(work.weights + work.working_memory) / GIBIBYTE:.2f}', f'{self.operations_ratio(speed):.2f}',
            )
        return table

    def _measured(self, group: list[Speed]) -> Table:
        table = _table('seconds', (*STAGES, REST, 'all', 'floor', 'of\npeak', 'GiB', 'ratio'))
        for speed in group:
            run, memory = speed.measurement.run, speed.measurement.memory
            table.add_row(
                speed.contender, *(_short(run.stages[stage]) for stage in (*STAGES, REST)), _short(run.total),
                _short(self.floor(speed)), f'{self.floor(speed) / run.total:.0%}',
                '?' if memory is None else f'{memory / GIBIBYTE:.2f}', f'{self.time_ratio(speed):.2f}',
            )
        return table

    def _ours(self, speed: Speed) -> Speed:
        return next(
            ours for ours in self.speeds
            if (ours.configuration, ours.steps, ours.contender) == (speed.configuration, speed.steps, OURS))


def _table(title: str, numbers: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify='left', box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column('two views by', no_wrap=True)
    for column in numbers:
        table.add_column(column, justify='right', no_wrap=True)
    return table


def _short(number: float) -> str:
    return f'{number:.3f}' if number < 1 else f'{number:.3g}'
