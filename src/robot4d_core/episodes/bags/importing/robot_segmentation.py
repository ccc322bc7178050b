# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The segmentation of a robot that was filmed without one: its description drawn at the recorded joint positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from robot4d_core.episodes.bags.recorded_arms import RecordedArm
from robot4d_core.episodes.segments import label_of
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.drawing import RobotDrawing


class RobotSegmenter:
    """Labels the pixels of arms, hands and fingers, as segments.py numbers them.

    Raises RobotDescriptionError when the description cannot be drawn or lacks a joint.
    """

    def __init__(self, description: RobotDescription, arms: Sequence[RecordedArm]) -> None:
        self._drawing = RobotDrawing(description)
        self._label_of_link = _labels(description, arms)

    def segment(self, placement: CameraPlacement, positions: Mapping[str, float], depth: np.ndarray) -> np.ndarray:
        """Return (H, W) uint8 labels, 0 where the robot is not seen.

        positions: of all joints by name, rad or metres; depth: (H, W) metres, as measured. Where another surface, or
        none, was measured, the robot is not seen.
        """
        drawn = self._drawing.posed(positions).draw(placement)
        return np.where(drawn.seen(depth), self._label_of_link[drawn.link], 0).astype(np.uint8)


def _labels(description: RobotDescription, arms: Sequence[RecordedArm]) -> np.ndarray:
    """Label what hangs below the base of each arm: the fingers, what carries them, and the rest as arm."""
    labels = dict.fromkeys(description.links, 0)
    for number, arm in enumerate(arms):
        for link in description.links_of_arm(arm.joints):
            labels[link] = label_of(number, 'arm')
        for joint, part in zip(arm.finger_joints, ('finger_left', 'finger_right')):
            finger = description.link_moved_by(joint)
            labels[description.link_above(finger)] = label_of(number, 'hand')
            labels[finger] = label_of(number, part)
    return np.array(list(labels.values()), np.uint8)
