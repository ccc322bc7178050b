# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the user says about recorded bags, where they do not speak for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robot4d_core.episodes.bags.synchronisation import TOLERANCE
from robot4d_core.episodes.bags.topics import USUAL_TOPICS, CameraTopics, RobotTopics
from robot4d_core.robot.robot import Robot


@dataclass(frozen=True)
class ImportSettings:
    """How bags are read. What is None is taken from the bag.

    cameras: the topics, in the episode's order; robot: None for that which robot4d left in the bag (package_paths: see
    robot_of), else that of its cell with those of its arms that are in joint_states; robot_topics: what tells of it;
    size: (width, height) to which images are resized; tolerance: seconds between what belongs to one step; register:
    estimate from the images where a camera stands that tf does not hold; looks: the bags are looks, not demonstrations,
    also where they do not say so.
    """

    task: str | None = None
    instruction: str | None = None
    success: bool | None = None
    split: str | None = None
    cameras: Sequence[CameraTopics] | None = None
    robot: Robot | None = None
    package_paths: Sequence[Path] = ()
    robot_topics: RobotTopics = USUAL_TOPICS
    size: tuple[int, int] | None = None
    tolerance: float = TOLERANCE
    register: bool = False
    looks: bool = False
