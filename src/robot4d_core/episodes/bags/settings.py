# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the user says about recorded bags, where they do not speak for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robot4d_core.episodes.bags.topics import CameraTopics
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.names import ArmNames, read_arm_names

TOLERANCE = 0.05  # seconds


@dataclass(frozen=True)
class RecordedArm:
    """The names of an arm in joint_states and tf, and of its gripper in episodes."""

    gripper: str
    joints: tuple[str, ...]
    finger_joints: tuple[str, ...]
    tcp: str

    @classmethod
    def of(cls, names: ArmNames) -> RecordedArm:
        """Take what recordings need of an arm's names."""
        return cls(names.gripper.name, names.joints, names.gripper.finger_joints, names.gripper.tcp)

    @property
    def all_joints(self) -> tuple[str, ...]:
        """The arm's joints, then the fingers'."""
        return *self.joints, *self.finger_joints


def known_arms() -> tuple[RecordedArm, ...]:
    """Return the arms of the robot that comes with robot4d, the first of which every recording has."""
    return tuple(RecordedArm.of(names) for names in read_arm_names())


@dataclass(frozen=True)
class ImportSettings:
    """How bags are read. What is None is taken from the bag.

    cameras: the topics, in the episode's order; arms: None for the arms of robot4d's cell that are in joint_states;
    robot_description: whose root is base_frame, to segment the robot with, None for that of robot4d's cell;
    size: (width, height) to which images are resized; tolerance: seconds between what belongs to one step; register:
    estimate from the images where a camera stands that tf does not hold.
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
