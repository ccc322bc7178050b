# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Which camera images come from: colour and depth of one view from one, and two views never from the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from robot4d_core.errors import ImageError, ObservationError


def check_frames(frames: Mapping[str, tuple[str, str]]) -> None:
    """Check the frame_ids of cameras (name: of colour, of depth).

    Raises ImageError when depth is not aligned to colour, ObservationError when two cameras are in one frame.
    """
    for name, (colour, depth) in frames.items():
        if colour != depth:
            raise ImageError(f"{name}: depth is in frame '{depth}' but colour in '{colour}'; use the depth image that "
                             'is aligned to colour')
    for (a, (of_a, _)), (b, (of_b, _)) in combinations(frames.items(), 2):
        if of_a == of_b:
            raise ObservationError(
                f"cameras {a} and {b} are both in frame '{of_a}': either they are one camera, or both drivers have the "
                'same name; give each camera its own (realsense-ros: camera_name and serial_no)')


def refuse_shared_topics(topics: Mapping[str, Sequence[str]]) -> None:
    """Raise ObservationError when two cameras (name: topics) take a topic in common."""
    for (a, of_a), (b, of_b) in combinations(topics.items(), 2):
        if shared := sorted(set(of_a) & set(of_b)):
            raise ObservationError(
                f'cameras {a} and {b} both take {", ".join(shared)}; every camera needs its own topics')


def refuse_same_images(images: Mapping[str, np.ndarray]) -> None:
    """Raise ObservationError when the colour images of two cameras (name: uint8) hold the same pixels."""
    for (a, of_a), (b, of_b) in combinations(images.items(), 2):
        if np.array_equal(of_a, of_b):
            raise ObservationError(
                f'the colour images of cameras {a} and {b} are identical to the last bit: both come from one camera; '
                'give each camera its own device (realsense-ros: serial_no)')
