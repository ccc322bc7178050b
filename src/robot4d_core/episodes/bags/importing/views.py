# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The images of an episode: a second reading of the bag, which decodes only what the steps need."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from robot4d_core.episodes.bags.importing.timeline import Timeline
from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.bags.recording import Recording
from robot4d_core.errors import ImageError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.lens import LensCamera
from robot4d_core.geometry.pointmaps import depth_in_millimetres, resize_depth
from robot4d_core.sensors.images import colour_image, depth_image, label_image
from robot4d_core.sensors.sources import check_frames, refuse_same_images


def read_views(reader: BagReader, timeline: Timeline, on_message: Callable[[], None]) -> dict[str, np.ndarray]:
    """Return rgb, depth and segmentation of an Episode; segmentation is 0 for cameras that recorded none.

    Raises ImageError when an image is broken, of another size than camera_info says or than before, or when the depth
    cannot be in the unit that its encoding stands for; ObservationError when two cameras are one.
    """
    recording = timeline.recording
    names = [camera.name for camera in recording.cameras]
    check_frames({name: (recording.colour[name].frame_id, recording.depth[name].frame_id) for name in names})
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
    seen = dict.fromkeys(wanted, -1)
    for topic, _, message in reader.messages(wanted):
        on_message()
        seen[topic] += 1
        kind, index, steps = wanted[topic]
        if seen[topic] not in steps:
            continue
        step = steps[seen[topic]]
        pixels = _decode(kind, message, topic, recording.lenses[recording.cameras[index].name], step)
        images[kind][index, step] = _resized(pixels, kind, width, height)
    refuse_same_images(dict(zip(names, images['rgb'], strict=True)))
    return images


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


def _decode(kind: str, message, topic: str, lens: LensCamera, step: int) -> np.ndarray:
    """Return the rectified pixels of a message; depth in millimetres."""
    read, rectify = {
        'rgb': (colour_image, lens.rectified_colour), 'depth': (depth_image, lens.rectified_depth),
        'segmentation': (label_image, lens.rectified_labels)}[kind]
    pixels = read(message, topic)
    _check_size(pixels, topic, lens.camera, step)
    rectified = rectify(pixels)
    return depth_in_millimetres(rectified) if kind == 'depth' else rectified


def _check_size(pixels: np.ndarray, topic: str, camera: PinholeCamera, step: int) -> None:
    if pixels.shape[:2] == (camera.height, camera.width):
        return
    came = f'{pixels.shape[1]}x{pixels.shape[0]}'
    expected = f'camera_info says {camera.width}x{camera.height}'
    if step == 0:
        raise ImageError(
            f'{topic}: the image is {came} but {expected}; use depth aligned to colour, and the camera_info of that '
            'stream')
    raise ImageError(
        f'{topic}: the image size changes within the bag: {came} at step {step}, but {expected}; record one bag per '
        'setting')


def _resized(pixels: np.ndarray, kind: str, width: int, height: int) -> np.ndarray:
    """Resize as the generator does at run time: colour by area, depth and labels by nearest neighbour."""
    if pixels.shape[:2] == (height, width):
        return pixels
    if kind == 'rgb':
        return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return resize_depth(pixels, width, height)
