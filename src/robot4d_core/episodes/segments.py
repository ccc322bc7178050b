# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the numbers in a segmentation image mean."""

from __future__ import annotations

SEGMENTS = (
    'background', 'arm', 'hand', 'finger_left', 'finger_right',
    'second_arm', 'second_hand', 'second_finger_left', 'second_finger_right',
)
"""The names of labels 0, 1, ...; the task's objects follow, in the task's order."""

PARTS = SEGMENTS[1:5]


def label_of(arm: int, part: str) -> int:
    """Return the label of one of PARTS; arm: 0 for the first, 1 for the second."""
    return 1 + len(PARTS) * arm + PARTS.index(part)
