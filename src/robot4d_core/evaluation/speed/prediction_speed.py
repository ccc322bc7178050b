# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How long a prediction takes and what it needs, beside diffusers' Stable Video Diffusion of the same size.

Ours imagines colours and pointmaps of two views, Stable Video Diffusion the colours of the two. Weights are random.
The floor is the time that the counted operations take at the speed of a large matrix product.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.utils import logging as diffusers_logging
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers.utils import logging as transformers_logging

from robot4d_core.errors import ConfigurationError, ParameterError
from robot4d_core.evaluation.measurement_file import describe_machine
from robot4d_core.evaluation.speed.operations import WeightlessPipeline, Work, networks_of
from robot4d_core.evaluation.speed.report import GIBIBYTE, OURS, Measurement, Speed, SpeedReport
from robot4d_core.evaluation.speed.svd_baseline import imagine_views, make_svd
from robot4d_core.evaluation.speed.timing import PeakMemory, Run, measure_peak, time_prediction
from robot4d_core.generator.engines.diffusion_engine import torch_device
from robot4d_core.generator.model.configurations import Configuration, make_pipeline, read_configuration
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import pointmap_from_depth
from robot4d_core.text_files import write_text

DTYPES = {'cpu': torch.float32, 'cuda': torch.bfloat16}


@dataclass(frozen=True)
class Look:
    """What two cameras see: rgb (2, H, W, 3) uint8, pointmap (2, H, W, 3) metres."""

    rgb: np.ndarray
    pointmap: np.ndarray


@dataclass(frozen=True)
class Contender:
    """A way to imagine two views: predict(pipeline, look, steps) with the pipeline that make makes."""

    name: str
    make: Callable[[Configuration], DiffusionPipeline]
    predict: Callable[[DiffusionPipeline, Look, int], object]


def _predict_ours(pipeline: DiffusionPipeline, look: Look, steps: int) -> object:
    return pipeline(look.rgb, look.pointmap, steps)


def _predict_svd(pipeline: DiffusionPipeline, look: Look, steps: int, **way: bool) -> object:
    return imagine_views(pipeline, look.rgb, steps, **way)


CONTENDERS = (
    Contender(OURS, make_pipeline, _predict_ours),
    Contender('SVD, two runs', make_svd, partial(_predict_svd, guided=False, together=False)),
    Contender('SVD, a batch', make_svd, partial(_predict_svd, guided=False, together=True)),
    Contender('SVD, guided', make_svd, partial(_predict_svd, guided=True, together=False)),
)


def benchmark_speed(
    configurations: list[str],
    steps: list[int],
    device: str = 'auto',
    repeats: int = 3,
    count_only: bool = False,
    json_path: Path | None = None,
) -> SpeedReport:
    """Count and, unless count_only, measure every configuration at every number of steps; print and write the numbers.

    A configuration that does not fit into memory is only counted. Raises ConfigurationError, DeviceError, and
    ParameterError for a file that cannot be written.
    """
    if json_path is not None and not json_path.parent.is_dir():
        raise ParameterError(f'{json_path.parent} is no folder; make it, or write the numbers to another file')
    console = Console()
    where = torch_device(device)
    dtype = DTYPES[where.type]
    sizes = {name: read_configuration(name) for name in configurations}
    if without := [name for name, size in sizes.items() if size.unet is None]:
        raise ConfigurationError(f"{' and '.join(without)} has no U-Net, whose speed is measured; leave it out")
    machine = describe_machine('torch', 'diffusers') | dict(threads=torch.get_num_threads())
    if where.type == 'cuda':
        machine['gpu'] = torch.cuda.get_device_name(where)
    with _quiet_libraries():
        with console.status('counting operations'):
            speeds = [
                speed for name, configuration in sizes.items()
                for speed in _count(name, configuration, list(dict.fromkeys(steps)), dtype)
            ]
        report = SpeedReport(machine, str(where), str(dtype).removeprefix('torch.'), None, {}, speeds)
        if not count_only:
            report = _measure(console, report, sizes, where, dtype, repeats)
    report.print(console)
    if json_path is not None:
        write_text(json_path, json.dumps(report.to_dict(), indent=1) + '\n')
    return report


def imaginary_look(width: int, height: int) -> Look:
    """Return what two cameras with noisy colours see of a bumpy wall."""
    camera = PinholeCamera(width, height, width, width, width / 2, height / 2)
    rows, columns = np.mgrid[:height, :width] / height
    depth = (1 + 0.1 * np.sin(9 * rows) * np.cos(9 * columns)).astype(np.float32)
    rgb = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    return Look(rgb, np.stack([pointmap_from_depth(depth, camera)] * 2))


def _count(name: str, configuration: Configuration, steps: list[int], dtype: torch.dtype) -> list[Speed]:
    look = imaginary_look(*configuration.image_size)
    makers = {contender.make for contender in CONTENDERS}
    pipelines = {make: WeightlessPipeline(partial(make, configuration), dtype) for make in makers}
    return [
        Speed(name, tuple(configuration.image_size), number, contender.name,
              pipelines[contender.make].count(partial(contender.predict, look=look, steps=number)), None)
        for number in steps for contender in CONTENDERS
    ]


def _measure(
    console: Console, counted: SpeedReport, sizes: dict[str, Configuration], device: torch.device, dtype: torch.dtype,
    repeats: int,
) -> SpeedReport:
    groups = {name: [speed for speed in counted.speeds if speed.configuration == name] for name in sizes}
    shortages = {name: _shortage([speed.work for speed in group], device) for name, group in groups.items()}
    skipped = {name: shortage for name, shortage in shortages.items() if shortage is not None}
    peak, speeds = measure_peak(device, dtype), []
    progress = Progress(
        TextColumn('{task.description}'), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn(), TextColumn('left'),
        console=console, transient=True,
    )
    with progress:
        task = progress.add_task('', total=sum(
            _operations(group, repeats) for name, group in groups.items() if name not in skipped))
        for name, group in groups.items():
            if name in skipped:
                speeds += group
                continue
            progress.update(task, description=f'measuring {name}')
            try:
                speeds += _measure_configuration(
                    sizes[name], group, device, dtype, repeats, partial(progress.advance, task))
            except torch.cuda.OutOfMemoryError as error:
                skipped[name] = f'the memory of the GPU ran out ({error})'
                speeds += group
            peak = max(peak, measure_peak(device, dtype))
    return replace(counted, peak=peak, skipped=skipped, speeds=speeds)


def _measure_configuration(
    configuration: Configuration, counted: list[Speed], device: torch.device, dtype: torch.dtype, repeats: int,
    advance: Callable[[float], None],
) -> list[Speed]:
    """Let all contenders run in turns, every other turn in reverse, after a run of one step that is not timed."""
    look = imaginary_look(*configuration.image_size)
    makers = {contender.make for contender in CONTENDERS}
    pipelines = {make: _load(make(configuration), device, dtype) for make in makers}
    contenders = {contender.name: contender for contender in CONTENDERS}

    def run(speed: Speed, steps: int) -> Run:
        contender = contenders[speed.contender]
        pipeline, work = pipelines[contender.make], speed.work
        return time_prediction(
            pipeline, lambda: contender.predict(pipeline, look, steps), device,
            lambda stage: advance(work.operations[stage] / work.calls[stage]))

    memory = {}
    for speed in counted[:len(CONTENDERS)]:
        working = PeakMemory(device)
        run(speed, 1)
        growth = working.growth()
        memory[speed.contender] = None if growth is None else growth + speed.work.weights
    runs = [[] for _ in counted]
    for turn in range(repeats):
        for speed, its_runs in list(zip(counted, runs, strict=True))[::1 if turn % 2 == 0 else -1]:
            its_runs.append(run(speed, speed.steps))
    return [
        replace(speed, measurement=_summary(its_runs, memory[speed.contender]))
        for speed, its_runs in zip(counted, runs, strict=True)
    ]


def _summary(runs: list[Run], memory: int | None) -> Measurement:
    """Take the run of median length, the longer of two."""
    median = sorted(runs, key=lambda run: run.total)[len(runs) // 2]
    return Measurement(median, [run.total for run in runs], memory)


def _operations(counted: list[Speed], repeats: int) -> float:
    """Return the operations of measuring a configuration, those of the runs of one step included."""
    warm_up = sum(
        speed.work.total - speed.work.operations['denoise'] * (1 - 1 / speed.steps)
        for speed in counted[:len(CONTENDERS)])
    return warm_up + repeats * sum(speed.work.total for speed in counted)


def _shortage(works: list[Work], device: torch.device) -> str | None:
    """Say why ours and Stable Video Diffusion do not fit into memory together; None if they do."""
    weights = {work.parameters: work.weights for work in works}
    needed = sum(weights.values()) + max(work.working_memory for work in works)
    free = torch.cuda.mem_get_info(device)[0] if device.type == 'cuda' else psutil.virtual_memory().available
    if needed <= free:
        return None
    return (f'it and Stable Video Diffusion together need {needed / GIBIBYTE:.1f} GiB of memory, '
            f'{free / GIBIBYTE:.1f} GiB are free')


def _load(pipeline: DiffusionPipeline, device: torch.device, dtype: torch.dtype) -> DiffusionPipeline:
    pipeline.set_progress_bar_config(disable=True)
    for network in networks_of(pipeline):
        network.eval()
    return pipeline.to(device, dtype)


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep advice that does not concern random weights off the screen."""
    libraries = (diffusers_logging, transformers_logging)
    levels = [library.get_verbosity() for library in libraries]
    for library in libraries:
        library.set_verbosity_error()
    try:
        yield
    finally:
        for library, level in zip(libraries, levels, strict=True):
            library.set_verbosity(level)
