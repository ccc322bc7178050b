# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The segmentation of a robot that was filmed without one: its description drawn at the recorded joint positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from robot4d_core.episodes.segments import label_of
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.drawing import RobotDrawing
from robot4d_core.robot.names import GripperNames
from robot4d_core.robot.robot import Robot


class RobotSegmenter:
    """Labels the pixels of arms, hands and fingers, as segments.py numbers them.

    Raises RobotDescriptionError when the description cannot be drawn.
    """

    def __init__(self, robot: Robot) -> None:
        self._drawing = RobotDrawing(robot.description)
        self._label_of_link = _labels(robot)
        self._T_root_base = robot.description.pose(robot.base_frame)

    def segment(self, placement: CameraPlacement, positions: Mapping[str, float], depth: np.ndarray) -> np.ndarray:
        """Return (H, W) uint8 labels, 0 where the robot is not seen.

        placement: in the robot's base frame; positions: of all joints by name, rad or metres; depth: (H, W) metres, as
        measured. Where another surface, or none, was measured, the robot is not seen.
        """
        in_root = replace(placement, T_world_optical=self._T_root_base @ placement.T_world_optical)
        drawn = self._drawing.posed(positions).draw(in_root)
        return np.where(drawn.seen(depth), self._label_of_link[drawn.link], 0).astype(np.uint8)


def _labels(robot: Robot) -> np.ndarray:
    """Label the links of each arm: what of the gripper carries a pad, the rest of it as hand, and the rest as arm."""
    labels = dict.fromkeys(robot.description.links, 0)
    for number, arm in enumerate(robot.arms):
        labels |= dict.fromkeys(robot.description.links_of_arm(arm.joints), label_of(number, 'arm'))
        labels |= dict.fromkeys(robot.description.links_below(arm.gripper.hand), label_of(number, 'hand'))
        for finger, part in zip(arm.gripper.fingers, ('finger_left', 'finger_right')):
            labels |= dict.fromkeys(_branch(robot.description, arm.gripper, finger), label_of(number, part))
    return np.array(list(labels.values()), np.uint8)


def _branch(description: RobotDescription, gripper: GripperNames, finger: str) -> tuple[str, ...]:
    """Return the link nearest to the hand that moves in it and carries a finger, and all that it carries."""
    rigid, above = description.rigid_with(gripper.hand), finger
    while (further := description.link_above(above)) not in rigid:
        above = further
    return description.links_below(above)
