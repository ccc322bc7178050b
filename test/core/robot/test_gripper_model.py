# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The gripper's surface out of a robot description."""

from __future__ import annotations

import numpy as np
import pytest

from core.box_world import GRIPPER, GRIPPER_URDF
from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper_model import GripperModel
from shipped_robot import ARM, DESCRIPTION

MODEL = GripperModel.from_description(RobotDescription(GRIPPER_URDF), GRIPPER)


def test_surface_points_lie_on_the_boxes_with_normals_outward():
    surface = MODEL.surface(0.05)
    boxes = [((0, 0, -0.08), (0.07, 0.18, 0.08)), ((0, 0.033, -0.01), (0.02, 0.016, 0.06)),
             ((0, -0.033, -0.01), (0.02, 0.016, 0.06))]
    for part, (centre, size) in enumerate(boxes):
        local = (surface.points[surface.part == part] - centre) / (np.array(size) / 2)
        np.testing.assert_allclose(np.abs(local).max(axis=1), 1.0, atol=1e-6)
        faces = np.abs(local).argmax(axis=1)
        outward = np.take_along_axis(surface.normals[surface.part == part] * local, faces[:, None], axis=1)
        np.testing.assert_allclose(outward, 1.0, atol=1e-6)
        assert len(np.unique(faces)) == 3


def test_fingers_part_by_the_opening():
    left, right = (MODEL.surface(0.06).points[MODEL.surface(0.06).part == part] for part in (1, 2))
    assert left[:, 1].min() - right[:, 1].max() == pytest.approx(0.06, abs=1e-6)
    assert MODEL.gripper.stroke == pytest.approx(0.08)


def test_colours_come_from_the_materials():
    np.testing.assert_allclose([part.colour for part in MODEL.parts], [[1, 0.5, 0], [0.9, 0.1, 0.6], [0.1, 0.7, 0.8]])


@pytest.mark.parametrize('held', [0.0, 0.015, 0.048, 0.06])  # nothing, a handle, a cereal box, an apple
def test_whatever_is_held_counts_as_closed(held):
    assert MODEL.closed(held, before=False) and MODEL.closed(held, before=True)


def test_open_counts_as_open_and_in_between_nothing_changes():
    assert not MODEL.closed(0.08, before=True) and not MODEL.closed(0.075, before=True)
    assert MODEL.closed(0.068, before=True)
    assert not MODEL.closed(0.068, before=False)


def test_the_cell_gripper_has_its_tool_centre_between_the_finger_tips():
    model = GripperModel.from_description(DESCRIPTION, ARM.gripper)
    surface = model.surface(0.04)
    fingers = surface.points[surface.finger]
    np.testing.assert_allclose(fingers[:, :2].mean(axis=0), 0.0, atol=2e-3)
    assert fingers[:, 2].min() < 0 < fingers[:, 2].max() < 0.02
    assert model.gripper.stroke == pytest.approx(0.08)


@pytest.mark.parametrize(('urdf', 'message'), [
    ('<robot', 'not XML'),
    (GRIPPER_URDF.replace('name="gripper_hand"', 'name="palm"', 1), "no link 'gripper_hand'; it has: palm"),
    (GRIPPER_URDF.replace('prismatic', 'fixed'), "no movable joint 'left'"),
    (GRIPPER_URDF.replace('visual', 'sketch'), 'neither visual nor collision'),
    (GRIPPER_URDF.replace('<box size="0.07 0.18 0.08"/>', '<mesh filename="package://x/hand.stl"/>'), 'hand.stl'),
    (GRIPPER_URDF.replace('<box size="0.07 0.18 0.08"/>', '<blob/>'), '<blob>'),
])
def test_descriptions_that_cannot_be_tracked_are_refused(urdf, message):
    with pytest.raises(RobotDescriptionError, match=message):
        GripperModel.from_description(RobotDescription(urdf), GRIPPER)
