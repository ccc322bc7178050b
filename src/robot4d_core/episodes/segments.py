# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the numbers in a segmentation image mean."""

from __future__ import annotations

from collections.abc import Sequence

SEGMENTS = (
    'background', 'arm', 'hand', 'finger_left', 'finger_right',
    'second_arm', 'second_hand', 'second_finger_left', 'second_finger_right',
)
"""The names of labels 0, 1, ...; the task's objects follow, in the task's order."""

PARTS = SEGMENTS[1:5]
FURTHER_ARMS = 224  # the first of the labels up to 255 that a third arm and those after it have
MOST_OBJECTS = FURTHER_ARMS - len(SEGMENTS)
MOST_ARMS = 2 + (256 - FURTHER_ARMS) // len(PARTS)


def label_of(arm: int, part: str) -> int:
    """Return the label of one of PARTS; arm: 0 for the first, below MOST_ARMS."""
    first = 1 + len(PARTS) * arm if arm < 2 else FURTHER_ARMS + len(PARTS) * (arm - 2)
    return first + PARTS.index(part)


def segment_names(arms: int, objects: Sequence[str]) -> dict[int, str]:
    """Return by label what an image of so many arms and of objects may show; at most MOST_ARMS and MOST_OBJECTS."""
    further = {label_of(arm, part): f'arm_{arm + 1}_{part}' for arm in range(2, arms) for part in PARTS}
    return dict(enumerate(SEGMENTS[:1 + len(PARTS) * arms])) | dict(enumerate(objects, len(SEGMENTS))) | further
