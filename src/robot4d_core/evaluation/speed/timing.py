# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Time and memory of one prediction, on a CPU or a GPU."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from robot4d_core.evaluation.speed.pipeline_stages import STAGES, wrapped_networks

REST = 'rest'  # what is no network's: images to numbers and back, the sampler, registration
PEAK_SIZE = {'cpu': 1024, 'cuda': 8192}  # of the matrices whose product measures the peak
PEAK_REPEATS = 10


@dataclass(frozen=True)
class Run:
    """Seconds of one prediction, in all and by stage: STAGES and REST."""

    total: float
    stages: dict[str, float]


def time_prediction(
    pipeline: DiffusionPipeline,
    predict: Callable[[], object],
    device: torch.device,
    called: Callable[[str], None] = lambda stage: None,
) -> Run:
    """Time a prediction of a pipeline; called(stage) is called after each call of a network."""
    clock, calls = _Clock(device), []

    def timing(stage: str, method: Callable) -> Callable:
        def timed(*args, **kwargs):
            start = clock.now()
            output = method(*args, **kwargs)
            calls.append((stage, start, clock.now()))
            called(stage)
            return output

        return timed

    with wrapped_networks(pipeline, timing):
        start = clock.now()
        predict()
        total = clock.seconds(start, clock.now())
    stages = dict.fromkeys(STAGES, 0.0)
    for stage, start, end in calls:
        stages[stage] += clock.seconds(start, end)
    return Run(total, stages | {REST: total - sum(stages.values())})


def measure_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Return the operations per second of the fastest of some products of large matrices."""
    size = PEAK_SIZE[device.type]
    a, b = (torch.rand(size, size, device=device).to(dtype) for _ in range(2))
    clock, times = _Clock(device), []
    for _ in range(PEAK_REPEATS):
        start = clock.now()
        a @ b
        times.append(clock.seconds(start, clock.now()))
    return 2 * size**3 / min(times)


class PeakMemory:
    """The most memory in use since this was made, beyond what was in use then."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        gc.collect()
        if device.type == 'cuda':
            torch.cuda.reset_peak_memory_stats(device)
            self._before = torch.cuda.memory_allocated(device)
        elif sys.platform == 'linux':
            ctypes.CDLL(None).malloc_trim(0)  # what was freed but kept would not be seen to be taken again
            Path('/proc/self/clear_refs').write_text('5')  # resets VmHWM, the peak
            self._before = _status_bytes('VmRSS')

    def growth(self) -> int | None:
        """Return the bytes; None on a system that does not tell."""
        if self._device.type == 'cuda':
            return torch.cuda.max_memory_allocated(self._device) - self._before
        return _status_bytes('VmHWM') - self._before if sys.platform == 'linux' else None


class _Clock:
    """The device's own time on a GPU, which runs behind the program; else the program's."""

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == 'cuda'

    def now(self):
        if not self._cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def seconds(self, start, end) -> float:
        if not self._cuda:
            return end - start
        end.synchronize()
        return start.elapsed_time(end) / 1e3


def _status_bytes(entry: str) -> int:
    """Return an entry of /proc/self/status, which are in kB."""
    lines = Path('/proc/self/status').read_text('utf-8').splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f'{entry}:'))
