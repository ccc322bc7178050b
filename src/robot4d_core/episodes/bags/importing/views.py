# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The images of an episode: a second reading of the bag, which decodes only what the steps need."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager

import cv2
import numpy as np

from robot4d_core.episodes.bags.images import colour_pixels, depth_pixels, label_pixels
from robot4d_core.episodes.bags.importing.timeline import Timeline
from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.bags.recording import Recording
from robot4d_core.errors import ImageError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import depth_in_metres, depth_in_millimetres, resize_depth

PLAUSIBLE_DEPTH = (0.1, 10.0)  # metres, of the median


def read_views(reader: BagReader, timeline: Timeline, on_message: Callable[[], None]) -> dict[str, np.ndarray]:
    """Return rgb, depth and segmentation of an Episode; segmentation is 0 for cameras that recorded none.

    Raises ImageError when an image is broken, of another size than camera_info says or than before, or when the depth
    cannot be in the unit that its encoding stands for.
    """
    recording = timeline.recording
    width, height = timeline.settings.size or _common_size(recording)
    shape = len(recording.cameras), len(timeline), height, width
    images = {'rgb': np.zeros((*shape, 3), np.uint8), 'depth': np.zeros(shape, np.uint16),
              'segmentation': np.zeros(shape, np.uint8)}
    wanted = {
        streams[camera.name].name: (kind, index, timeline.messages(streams[camera.name]))
        for kind, streams in (
            ('rgb', recording.colour), ('depth', recording.depth), ('segmentation', recording.segmentation))
        for index, camera in enumerate(recording.cameras) if camera.name in streams
    }
    medians: dict[str, list[float]] = {topic: [] for topic, (kind, _, _) in wanted.items() if kind == 'depth'}
    seen = dict.fromkeys(wanted, -1)
    for topic, _, message in reader.messages(wanted):
        on_message()
        seen[topic] += 1
        kind, index, steps = wanted[topic]
        if seen[topic] not in steps:
            continue
        step = steps[seen[topic]]
        with _named(topic):
            pixels = _decode(kind, message, medians.get(topic))
            _check_size(pixels, recording.intrinsics[recording.cameras[index].name], step)
        images[kind][index, step] = _resized(pixels, kind, width, height)
    for topic, values in medians.items():
        _check_unit(topic, values)
    return images


@contextmanager
def _named(topic: str):
    try:
        yield
    except ImageError as error:
        raise ImageError(f'{topic}: {error}') from error


def _common_size(recording: Recording) -> tuple[int, int]:
    sizes = {
        camera.info: (intrinsics.width, intrinsics.height)
        for camera in recording.cameras for intrinsics in [recording.intrinsics[camera.name]]}
    if len(set(sizes.values())) > 1:
        described = ', '.join(f'{topic} {width}x{height}' for topic, (width, height) in sizes.items())
        raise ImageError(
            f'camera_info tells of different sizes: {described}; all images of an episode have one size: resize them '
            'with --size WxH, or record the camera_info that belongs to the colour images')
    return next(iter(sizes.values()))


def _decode(kind: str, message, medians: list[float] | None) -> np.ndarray:
    """Return the pixels of a message; the median of a depth image, in metres, is appended to medians."""
    if kind == 'rgb':
        return colour_pixels(message)
    if kind == 'segmentation':
        return label_pixels(message)
    metres = depth_in_metres(*depth_pixels(message))
    if np.isnan(metres).all():
        raise ImageError('a depth image has no valid pixel; is the emitter or the alignment off?')
    medians.append(float(np.nanmedian(metres)))
    return depth_in_millimetres(metres)


def _check_size(pixels: np.ndarray, camera: PinholeCamera, step: int) -> None:
    if pixels.shape[:2] == (camera.height, camera.width):
        return
    came = f'{pixels.shape[1]}x{pixels.shape[0]}'
    expected = f'camera_info says {camera.width}x{camera.height}'
    if step == 0:
        raise ImageError(
            f'the image is {came} but {expected}; use depth aligned to colour, and the camera_info of that stream')
    raise ImageError(
        f'the image size changes within the bag: {came} at step {step}, but {expected}; record one bag per setting')


def _resized(pixels: np.ndarray, kind: str, width: int, height: int) -> np.ndarray:
    """Resize as the generator does at run time: colour by area, depth and labels by nearest neighbour."""
    if pixels.shape[:2] == (height, width):
        return pixels
    if kind == 'rgb':
        return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return resize_depth(pixels, width, height)


def _check_unit(topic: str, medians: list[float]) -> None:
    """Raise ImageError when the depths (metres) of a stream cannot be depths."""
    low, high = PLAUSIBLE_DEPTH
    median = float(np.median(medians))
    if not low <= median <= high:
        raise ImageError(
            f'{topic}: the median depth is {median:.4g} m, expected {low} to {high} m; the unit is wrong: 16UC1 must '
            'be millimetres, 32FC1 metres')
