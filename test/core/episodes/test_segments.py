# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Every label means one thing, with any number of arms and objects; those of one and two arms are as they ever were."""

import numpy as np

from robot4d_core.episodes.segments import MOST_ARMS, MOST_OBJECTS, PARTS, SEGMENTS, label_of, segment_names
from robot4d_core.episodes.windows import gripper_mask


def test_labels_of_two_arms_and_their_objects_are_those_of_older_stores():
    names = segment_names(2, ['spatula', 'crock'])
    assert [names[label] for label in range(11)] == [*SEGMENTS, 'spatula', 'crock'] and len(names) == 11
    assert list(segment_names(1, ['spatula'])) == [0, 1, 2, 3, 4, 9]


def test_no_label_has_two_meanings():
    names = segment_names(MOST_ARMS, [f'object_{number}' for number in range(MOST_OBJECTS)])
    assert sorted(names) == list(range(256)) and len(set(names.values())) == 256
    assert names[label_of(2, 'hand')] == 'arm_3_hand'


def test_hands_and_fingers_of_every_arm_are_of_grippers():
    labels = np.arange(256)
    grippers = {label_of(arm, part) for arm in range(MOST_ARMS) for part in PARTS if part != 'arm'}
    assert set(labels[gripper_mask(labels)]) == grippers
