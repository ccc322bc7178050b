# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot in a bag whose user names none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.recorded_robot import robot_of
from robot4d_core.robot.names import read_arm_names
from robot4d_core.robot.robot import Robot


def noted_robot(reader: BagReader, package_paths: Sequence[Path] = ()) -> Robot | None:
    """Return the robot that robot4d left in a bag, None in other bags; package_paths: see robot_of.

    Raises EpisodeError.
    """
    attributes = reader.note.get('attributes', {})
    return robot_of(attributes, package_paths) if {'robot', 'cell_robot'} & set(attributes) else None


def cell_robot_with(joints: Collection[str]) -> Robot:
    """Return the robot of the cell with one arm at least, and a second when some of its joints are told of."""
    numbers = [number for number, arm in enumerate(read_arm_names(), 1) if not set(joints).isdisjoint(arm.all_joints)]
    return Robot.shipped(max([1, *numbers]))
