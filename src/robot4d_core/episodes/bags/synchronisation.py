# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The moments of an episode, 0.5 s apart, and which message of each stream belongs to each of them."""

from __future__ import annotations

import numpy as np

from robot4d_core.episodes.bags.recording import Stream, stamps_of
from robot4d_core.errors import EpisodeError, SynchronisationError
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES
from robot4d_core.sensors.stamps import clocks_differ, first_jump

TOLERANCE = 0.05  # seconds between what belongs to one moment, unless told otherwise
MAX_DELAY = 1.0  # seconds between a header stamp and the bag's log time


def check_clocks(streams: list[Stream]) -> None:
    """Raise SynchronisationError when stamps are far from the bag's log time, or two streams' clocks differ.

    A message is logged when it arrives, so a stream that was stamped by another clock shows in its median delay.
    """
    delays = {stream.name: float(np.median(stream.delays)) * 1e-9 for stream in streams if stream.stamps}
    for name, delay in delays.items():
        if abs(delay) > MAX_DELAY:
            raise SynchronisationError(
                f'{name}: header stamps lie {abs(delay):.3f} s {"before" if delay > 0 else "after"} the log time of '
                f'the bag (median; at most {MAX_DELAY} s is expected); its clock is another one: synchronise the '
                'computers (chrony, PTP), or in simulation record with --use-sim-time')
    if differing := clocks_differ(delays):
        raise SynchronisationError(differing)


def check_order(streams: list[Stream]) -> None:
    """Raise SynchronisationError when the stamps of a stream jump back: what is before and after is of two times."""
    for stream in streams:
        seconds = [stamp * 1e-9 for stamp in stream.stamps]
        if jump := first_jump(seconds):
            number, back = jump
            raise SynchronisationError(
                f'{stream.name}: the stamps jump back by {back:.3f} s at message {number} of {len(seconds)}, after '
                f'{seconds[number - 1] - seconds[0]:.1f} s: its clock was set, or the recorded bag began again; record '
                'again, or cut the bag there')


def choose_moments(
    reference: Stream, others: list[Stream], moving: tuple[float, float], tolerance: float
) -> np.ndarray:
    """Return the stamps (T,) in ns of the reference stream's messages nearest to a raster of 0.5 s.

    The raster begins when every stream has begun, and ends with the first that ends. moving: first and last stamp
    of the transforms. Raises SynchronisationError when the reference stream has a gap, EpisodeError when it is shorter
    than a training window.
    """
    slack, interval = round(tolerance * 1e9), round(FRAME_INTERVAL * 1e9)
    stamps = np.unique(stamps_of(reference))
    spans = [(min(stream.stamps), max(stream.stamps)) for stream in others]
    first = max([moving[0], *(start - slack for start, _ in spans)])
    last = min([moving[1], *(end + slack for _, end in spans)])
    usable = stamps[(stamps >= first) & (stamps <= last)]
    if not len(usable):
        begun, ended = _latest_and_earliest([reference, *others])
        raise SynchronisationError(
            f'no moment is in all streams: {begun.name} begins at {min(begun.stamps) * 1e-9:.3f}, {ended.name} ends at '
            f'{max(ended.stamps) * 1e-9:.3f}, tf reaches from {moving[0] * 1e-9:.3f} to {moving[1] * 1e-9:.3f}; record '
            'all topics over the same time, with one clock')
    raster = np.arange(usable[0], usable[-1] + slack + 1, interval)
    chosen = usable[_nearest(usable, raster)]
    too_far = np.abs(chosen - raster) > slack
    if too_far[-1] and raster[-1] > usable[-1]:
        raster, chosen, too_far = raster[:-1], chosen[:-1], too_far[:-1]
    if too_far.any():
        raise SynchronisationError(_gaps(reference, raster, chosen - raster, too_far, tolerance))
    if len(chosen) < 1 + FRAMES:
        raise EpisodeError(
            f'the episode has {len(chosen)} steps of {FRAME_INTERVAL} s in which every stream is there, a training '
            f'window needs {1 + FRAMES} ({FRAMES * FRAME_INTERVAL} s); record longer')
    return chosen


def match(stream: Stream, moments: np.ndarray, tolerance: float) -> list:
    """Return the values of the messages nearest to the moments (T,).

    Raises SynchronisationError when one is further away than tolerance (seconds).
    """
    values, offsets = nearest_values(stream, moments)
    too_far = np.abs(offsets) > tolerance * 1e9
    if too_far.all():
        raise SynchronisationError(
            f'{stream.name}: its stamps are {np.median(np.abs(offsets)) * 1e-9:.3f} s (median) from those of the first '
            f'camera all along, at most {tolerance} s is allowed; synchronise the clocks, or trigger the cameras '
            'together')
    if too_far.any():
        raise SynchronisationError(_gaps(stream, moments, offsets, too_far, tolerance))
    return values


def nearest_values(stream: Stream, moments: np.ndarray) -> tuple[list, np.ndarray]:
    """Return the value nearest to each moment (T,), and its stamp minus the moment in ns (T,)."""
    stamps = stamps_of(stream)
    order = np.argsort(stamps, kind='stable')
    chosen = order[_nearest(stamps[order], moments)]
    return [stream.values[index] for index in chosen], stamps[chosen] - moments


def _nearest(stamps: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Return the index into sorted stamps (N,) nearest to each moment (T,)."""
    after = np.clip(np.searchsorted(stamps, moments), 0, len(stamps) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(stamps[before] - moments) <= np.abs(stamps[after] - moments), before, after)


def _latest_and_earliest(streams: list[Stream]) -> tuple[Stream, Stream]:
    return max(streams, key=lambda s: min(s.stamps)), min(streams, key=lambda s: max(s.stamps))


def _gaps(stream: Stream, moments: np.ndarray, offsets: np.ndarray, too_far: np.ndarray, tolerance: float) -> str:
    worst = np.argmax(np.abs(offsets))
    period = float(np.median(np.diff(np.unique(stamps_of(stream))))) * 1e-9 if len(stream.stamps) > 1 else np.inf
    advice = (
        'messages were dropped while recording, record again to a faster disk' if period <= 2 * tolerance else
        f'it comes every {period:.3f} s: record it faster, or allow more with --tolerance')
    second, away = (moments[worst] - moments[0]) * 1e-9, abs(offsets[worst]) * 1e-9
    return (f'{stream.name}: {too_far.sum()} of {len(moments)} steps have no message within {tolerance} s; the nearest '
            f'to second {second:.1f} of the episode is {away:.3f} s away; {advice}')
