# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The recorded tf answers as tf2 would, and names the link that it lacks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from robot4d_core.episodes.bags.transform_history import TransformHistory
from robot4d_core.errors import TransformError
from robot4d_core.geometry.poses import interpolate_pose, invert_pose, make_pose, quaternion_of

SECOND = 10**9
TOLERANCE = SECOND // 2


def random_pose(random) -> np.ndarray:
    return make_pose(Rotation.random(random_state=random), random.normal(size=3))


def add(history, parent, child, stamp, pose, static=False):
    history.add(parent, child, stamp, pose[:3, 3], quaternion_of(pose), static)


@given(st.integers(0, 10**6), st.integers(1, 8), st.floats(0.0, 1.0))
def test_any_two_frames_of_a_tree_are_connected_at_any_moment(seed, size, fraction):
    random = np.random.default_rng(seed)
    history, stamp = TransformHistory(), round(fraction * SECOND)
    truth = {'0': np.eye(4)}
    for child in map(str, range(1, size + 1)):
        parent = str(random.integers(0, int(child)))
        if random.random() < 0.5:
            pose = random_pose(random)
            add(history, parent, child, 7, pose, static=True)
        else:
            before, after = random_pose(random), random_pose(random)
            add(history, parent, child, SECOND, after)
            add(history, parent, child, 0, before)
            pose = interpolate_pose(before, after, stamp / SECOND)
        truth[child] = truth[parent] @ pose
    target, source = (str(frame) for frame in random.integers(0, size + 1, 2))
    found = history.lookup(target, source, stamp, TOLERANCE)
    assert found == pytest.approx(invert_pose(truth[target]) @ truth[source], abs=1e-9)


def test_half_way_is_the_middle_of_the_line_and_half_of_the_turn():
    history = TransformHistory()
    add(history, 'world', 'tcp', 0, np.eye(4))
    add(history, 'world', 'tcp', SECOND, make_pose(Rotation.from_euler('z', 1.0), [2.0, 0.0, 0.0]))
    half = make_pose(Rotation.from_euler('z', 0.5), [1.0, 0.0, 0.0])
    assert history.lookup('world', 'tcp', SECOND // 2, TOLERANCE) == pytest.approx(half, abs=1e-12)
    assert history.span('world', 'tcp') == (0, SECOND)


def test_what_moves_above_the_common_ancestor_does_not_matter():
    history = TransformHistory()
    add(history, 'map', 'world', 5 * SECOND, np.eye(4))
    add(history, 'world', 'tcp', 0, np.eye(4), static=True)
    add(history, 'world', 'camera', 0, np.eye(4), static=True)
    assert history.lookup('camera', 'tcp', 0, TOLERANCE) == pytest.approx(np.eye(4))
    assert history.span('camera', 'tcp') == (-np.inf, np.inf)


@pytest.mark.parametrize('stamp', [-1, SECOND + 1])
def test_when_asked_before_or_after_the_samples_expect_no_extrapolation(stamp):
    history = TransformHistory()
    add(history, 'world', 'tcp', 0, np.eye(4))
    add(history, 'world', 'tcp', SECOND, np.eye(4))
    with pytest.raises(TransformError, match="'world' -> 'tcp'"):
        history.lookup('world', 'tcp', stamp, TOLERANCE)


def test_when_the_samples_are_far_apart_expect_refusal():
    history = TransformHistory()
    add(history, 'world', 'tcp', 0, np.eye(4))
    add(history, 'world', 'tcp', 3 * SECOND, np.eye(4))
    with pytest.raises(TransformError, match='1.500 s away'):
        history.lookup('world', 'tcp', 3 * SECOND // 2, TOLERANCE)


def test_when_a_link_is_missing_expect_its_name():
    history = TransformHistory()
    add(history, 'world', 'base', 0, np.eye(4), static=True)
    add(history, 'flange', 'tcp', 0, np.eye(4), static=True)
    with pytest.raises(TransformError, match="'tcp' hangs below 'flange'.*'flange' as child"):
        history.lookup('world', 'tcp', 0, TOLERANCE)
    with pytest.raises(TransformError, match="'nowhere' is not in tf at all"):
        history.lookup('world', 'nowhere', 0, TOLERANCE)


def test_when_a_frame_has_two_parents_or_is_its_own_ancestor_expect_refusal():
    history = TransformHistory()
    add(history, 'a', 'b', 0, np.eye(4))
    with pytest.raises(TransformError, match="'b' has two parents, 'a' and 'c'"):
        add(history, 'c', 'b', 0, np.eye(4))
    add(history, 'b', 'a', 0, np.eye(4))
    with pytest.raises(TransformError, match='own ancestor'):
        history.lookup('world', 'b', 0, TOLERANCE)


def test_when_a_quaternion_is_not_of_unit_length_expect_the_link():
    history = TransformHistory()
    history.add('world', 'tcp', 0, (0, 0, 0), (0, 0, 0, 0))
    with pytest.raises(TransformError, match="'world' -> 'tcp'.*length 1"):
        history.lookup('world', 'tcp', 0, TOLERANCE)
