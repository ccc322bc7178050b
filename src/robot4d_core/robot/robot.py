# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A robot as others are given it: its description and what its arms are called in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.names import CELL, SHIPPED, ArmNames, read_arm_names, shipped_arm_names
from robot4d_core.robot.robot_file import read_base_frame, read_package_paths, read_xacro_arguments
from robot4d_core.share import share_directory


@dataclass(frozen=True)
class Robot:
    """base_frame: the link that does not move, in which a state gives the pose of the reference camera;
    grippers: of the arms. Raises RobotDescriptionError when the description lacks one of the names, or a gripper.
    """

    description: RobotDescription
    arms: tuple[ArmNames, ...]
    base_frame: str = 'world'
    grippers: tuple[Gripper, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for arm in self.arms:
            for joint in arm.all_joints:
                self.description.require_joint(joint)
        self.description.require_still(self.base_frame)
        object.__setattr__(self, 'grippers', tuple(Gripper(self.description, arm.gripper) for arm in self.arms))

    @classmethod
    def from_files(
        cls, description: Path, names: Path, package_paths: Sequence[Path] = (),
        xacro_arguments: Mapping[str, str] | None = None,
    ) -> Robot:
        """Read a URDF or xacro file, and a file with names as config/robot.yaml.

        package_paths come before those that the file of names has, xacro_arguments in the place of those.
        Raises RobotDescriptionError, ParameterError.
        """
        return cls(
            RobotDescription.from_file(
                description, read_xacro_arguments(names) | dict(xacro_arguments or {}),
                (*package_paths, *read_package_paths(names))),
            read_arm_names(names), read_base_frame(names))

    @classmethod
    def shipped(cls, arms: int, name: str = CELL) -> Robot:
        """Return a robot of the simulated cell by its name in SHIPPED, with so many arms; one robot serves all callers.

        Raises RobotDescriptionError when there is none of that name or with so many arms, or its meshes are missing.
        """
        return _shipped(arms, name)

    @property
    def links(self) -> tuple[str, ...]:
        """The links of all arms; tables and other furniture of the description are none of them."""
        return tuple(link for arm in self.arms for link in self.description.links_of_arm(arm.joints))

    def positions(self, joints: np.ndarray, openings: np.ndarray) -> dict[str, float]:
        """Return all positions by joint: joints (A, J) rad of the arms; openings (A,) metres.

        Of an arm with fewer than J joints the first numbers count. Raises GripperError for an opening out of reach.
        """
        positions: dict[str, float] = {}
        for arm, gripper, angles, opening in zip(self.arms, self.grippers, joints, openings, strict=True):
            positions |= zip(arm.joints, map(float, angles[:len(arm.joints)]), strict=True)
            positions |= gripper.positions(float(opening))
        return positions

    def tools(self, positions: Mapping[str, float]) -> np.ndarray:
        """Return T_base_tcp (A, 4, 4) of every arm's gripper."""
        poses = self.description.poses(positions)
        numbers = [self.description.links.index(arm.gripper.tcp) for arm in self.arms]
        T_root_base = poses[self.description.links.index(self.base_frame)]
        return np.linalg.inv(T_root_base) @ poses[numbers]

    def openings(self, positions: Mapping[str, float]) -> np.ndarray:
        """Return the opening (A,) of every gripper, metres."""
        return np.array([gripper.opening(positions) for gripper in self.grippers])


@cache
def _shipped(arms: int, name: str) -> Robot:
    if name not in SHIPPED:
        raise RobotDescriptionError(f"the simulated cell has no robot '{name}'; choose one of {', '.join(SHIPPED)}")
    names = shipped_arm_names(name)
    if arms > len(names):
        raise RobotDescriptionError(
            f"the simulated cell's robot '{name}' has {len(names)} arm, {arms} are needed; choose '{CELL}'")
    arguments = {'arms': arms} if name == CELL else {}
    return Robot(RobotDescription.from_file(share_directory() / SHIPPED[name].description, arguments), names[:arms])
