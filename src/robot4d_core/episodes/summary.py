# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a store of episodes holds, in words and numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import numpy as np

from robot4d_core.episodes.splits import held_out_cameras, training_cameras
from robot4d_core.episodes.store import LOOKS_KIND, SCHEMA, EpisodeStore
from robot4d_core.errors import EpisodeError
from robot4d_core.prediction import FRAME_INTERVAL

FAILURES_SHOWN = 5


def summarise(store: EpisodeStore) -> dict[str, str]:
    """Return what a store holds, line by line: what the line is about, and what is to say about it."""
    attributes, steps, unreadable = {}, {}, []
    for name in store.names:
        try:
            steps[name] = len(store.read(name).times)
            attributes[name] = store.attributes(name)
        except EpisodeError:
            unreadable.append(name)
    each = attributes.values()
    lines = {
        'store': f'{store.folder}, schema {SCHEMA}',
        'task': str(store.settings.get('task')),
        'instruction': _counted(a.get('instruction') for a in each),
        'episodes': f'{len(attributes)}: ' + _counted(a.get('split') for a in each),
        'unreadable': f"{', '.join(unreadable)}; see `robot4d dataset check`" if unreadable else '',
        'failed': _failures(store.failures),
        'unfinished': ', '.join(path.name for path in store.unfinished),
        'steps': _steps([steps[name] for name in attributes]),
        'looks': _looks([a.get('look') for a in each]) if store.settings.get('kind') == LOOKS_KIND else '',
        'cameras': _cameras(store.settings),
        'sensor': _sensor(store.settings.get('sensor')),
        'grippers': _counted(', '.join(a.get('grippers', [])) for a in each),
        'objects': _counted(', '.join(a.get('objects', [])) for a in each),
        'bytes': _bytes([_bytes_under(store.folder / name) for name in attributes]),
    }
    return {what: line for what, line in lines.items() if line}


def _counted(values: Iterable[str]) -> str:
    return ', '.join(f'{count} x {value}' for value, count in Counter(values).most_common())


def _failures(failures: dict[str, str]) -> str:
    if not failures:
        return 'none'
    shown = [f'{name} ({reason})' for name, reason in list(failures.items())[:FAILURES_SHOWN]]
    more = len(failures) - len(shown)
    return f"{len(failures)}: {'; '.join(shown)}" + (f'; and {more} more' if more else '')


def _steps(steps: list[int]) -> str:
    if not steps:
        return ''
    duration = timedelta(seconds=round(sum(steps) * FRAME_INTERVAL))
    return (f'{sum(steps)} of {FRAME_INTERVAL} s, {duration} in all; '
            f'per episode {min(steps)} to {max(steps)}, median {np.median(steps):g}')


def _looks(each: list[dict | None]) -> str:
    """Describe how looks lie about the expert's way; None for one that was imported."""
    looks = [look for look in each if look is not None]
    if not looks:
        return f'{len(each)} from bags, which do not say how far off the usual way they are' if each else ''
    metres, radians = np.concatenate([look['displacement'] for look in looks]).T
    rejected = [reason for look in looks for reason in look.get('rejected', ())]
    return (f"displaced from the expert's way by {1e3 * np.median(metres):.0f} mm and "
            f'{np.degrees(np.median(radians)):.0f} degrees in the median, {1e3 * np.quantile(metres, 0.9):.0f} mm and '
            f'{np.degrees(np.quantile(radians, 0.9)):.0f} degrees at the 90th percentile; '
            f'{len(rejected)} draws rejected' + (f': {_counted(rejected)}' if rejected else ''))


def _cameras(settings: dict) -> str:
    count = settings['cameras']
    width, height = settings.get('size', ('?', '?'))
    return (f'{count} of {width}x{height} pixels, {len(training_cameras(count))} to train with, '
            f'{len(held_out_cameras(count))} held out'
            + ''.join(f', one {name}' for name in settings.get('outside_shell', ())))


def _sensor(sensor: dict | str | None) -> str:
    if isinstance(sensor, dict):
        return ', '.join(f'{key} {value:g}' for key, value in sensor.items() if value)
    return sensor or 'ideal'


def _bytes(sizes: list[int]) -> str:
    if not sizes:
        return ''
    return f'{sum(sizes) / 1e6:.1f} MB in all, {np.median(sizes) / 1e6:.2f} MB per episode'


def _bytes_under(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob('*') if path.is_file())
