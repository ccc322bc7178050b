# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What gripper controllers call a position."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from robot4d_core.robot.gripper import Gripper

POSITIONS: Mapping[str, Callable[[Gripper, float], float]] = {
    'pads': lambda gripper, opening: opening,
    'finger': lambda gripper, opening: opening / 2,
    'joint': lambda gripper, opening: gripper.positions(opening)[gripper.names.finger_joints[0]],
    'share': lambda gripper, opening: (opening - gripper.range[0]) / gripper.stroke,
    'closure': lambda gripper, opening: (gripper.range[1] - opening) / gripper.stroke,
}
"""The position for a gripper and an opening, metres between its pads.

pads: metres between the pads; finger: half of that; joint: rad or metres of the first finger joint; share: of the range
of the description, 0 closed to 1 open; closure: 0 open to 1 closed.
"""
