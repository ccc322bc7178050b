# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the user says about recorded bags, where they do not speak for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robot4d_core.episodes.bags.recorded_arms import RecordedArm
from robot4d_core.episodes.bags.synchronisation import TOLERANCE
from robot4d_core.episodes.bags.topics import CameraTopics
from robot4d_core.robot.description import RobotDescription


@dataclass(frozen=True)
class ImportSettings:
    """How bags are read. What is None is taken from the bag.

    cameras: the topics, in the episode's order; arms: None for the arms of robot4d's cell that are in joint_states;
    robot_description: whose root is base_frame, to segment the robot with, None for that of robot4d's cell;
    size: (width, height) to which images are resized; tolerance: seconds between what belongs to one step; register:
    estimate from the images where a camera stands that tf does not hold; looks: the bags are looks, not demonstrations,
    also where they do not say so.
    """

    task: str | None = None
    instruction: str | None = None
    success: bool | None = None
    split: str | None = None
    cameras: Sequence[CameraTopics] | None = None
    arms: Sequence[RecordedArm] | None = None
    base_frame: str = 'world'
    robot_description: RobotDescription | None = None
    size: tuple[int, int] | None = None
    tolerance: float = TOLERANCE
    register: bool = False
    looks: bool = False
