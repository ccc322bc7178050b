# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Lines of grippers: where they run, what tells imagined from followed ones and closed grippers from open ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from core.saved_predictions import saved_prediction
from robot4d_core.geometry.poses import make_pose
from robot4d_core.viewer.gripper_line import (
    AXIS_COLOURS,
    AXIS_LENGTH,
    FOLLOWED,
    IMAGINED,
    GripperLine,
    imagined_lines,
    planned_lines,
)

POSES = np.stack([make_pose(Rotation.from_euler('z', 0.1 * k), [0.1 * k, 0.2, 0.3]) for k in range(4)])
CLOSED = np.array([False, False, True, True])


def parts(line: GripperLine) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The segments and colours of the line itself, and the segments of its axes."""
    segments, colours = line.segments()
    axes = 3 * len(line.poses)
    np.testing.assert_array_equal(colours[-axes:], np.tile(AXIS_COLOURS, (len(line.poses), 1)))
    return segments[:-axes], colours[:-axes], segments[-axes:]


def test_a_followed_line_is_whole_and_dark_towards_closed_poses():
    segments, colours, _ = parts(GripperLine(POSES, CLOSED))
    np.testing.assert_allclose(segments, np.stack([POSES[:-1, :3, 3], POSES[1:, :3, 3]], axis=1))
    np.testing.assert_array_equal(colours, FOLLOWED[[0, 1, 1]])


def test_an_imagined_line_is_half_as_long_in_its_own_colours():
    segments, colours, _ = parts(GripperLine(POSES, CLOSED, imagined=True))
    lengths = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    np.testing.assert_allclose(lengths.sum(), 0.15)
    for segment, colour in zip(segments, colours):
        assert (colour == IMAGINED[int(segment.mean(axis=0)[0] > 0.1)]).all()


def test_every_pose_has_the_axes_of_its_frame():
    axes = parts(GripperLine(POSES, CLOSED, imagined=True))[2].reshape(4, 3, 2, 3)
    for pose, ends in zip(POSES, axes):
        np.testing.assert_allclose(ends[:, 0], np.tile(pose[:3, 3], (3, 1)))
        np.testing.assert_allclose((ends[:, 1] - ends[:, 0]) / AXIS_LENGTH, pose[:3, :3].T)


def test_a_gripper_of_which_nobody_knows_whether_it_is_closed_is_drawn_as_open():
    np.testing.assert_array_equal(parts(GripperLine(POSES))[1], np.repeat(FOLLOWED[:1], 3, axis=0))


def test_a_single_pose_has_axes_and_no_line():
    assert len(GripperLine(POSES[:1], CLOSED[:1], imagined=True).segments()[0]) == 3


def test_every_imagined_gripper_has_a_line(tmp_path):
    prediction = saved_prediction(tmp_path / 'store').prediction
    assert [line.imagined for line in imagined_lines(prediction)] == [True, True]
    assert imagined_lines(replace(prediction, paths=())) == []


def test_a_plan_is_drawn_from_the_observation_to_where_its_gripper_is_lost(make_plan):
    observed = make_pose(np.eye(3), [-0.1, 0.2, 0.3])
    plan = make_plan(POSES, closed=CLOSED, observed_pose=observed, confidence=np.array([0.9, 0.8, 0.0, 0.9]))
    (line,) = planned_lines([plan])
    np.testing.assert_array_equal(line.poses, [observed, POSES[0], POSES[1]])
    np.testing.assert_array_equal(line.closed, [False, False, False])
    assert not line.imagined
