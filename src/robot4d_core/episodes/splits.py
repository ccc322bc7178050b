# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The fixed split into what models train on and what they are measured on, by seed and by camera."""

from __future__ import annotations

SPLITS = ('training', 'validation', 'held_out_objects')
"""held_out_objects: episodes whose objects stand in a region where no training or validation episode has them."""


def split_of(seed: int) -> str:
    """Return the split of the episode made from a seed: of every ten, eight train."""
    return {8: 'validation', 9: 'held_out_objects'}.get(seed % 10, 'training')


def training_cameras(count: int) -> range:
    """Return the indices of the cameras of an episode that models may train on, the first three quarters."""
    return range(count - count // 4)


def held_out_cameras(count: int) -> range:
    """Return the indices of the cameras of an episode that no model trains on, the last quarter."""
    return range(count - count // 4, count)
