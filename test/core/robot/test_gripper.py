# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Grippers of every kind: metres between the pads from joint positions, and back; what is no gripper is refused."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.box_world import GRIPPER, GRIPPER_URDF
from published_grippers import EACH, GRIPPERS, published_description, published_model
from published_robots import SCHUNK_EGK40
from robot4d_core.errors import GripperError, RobotDescriptionError
from robot4d_core.executor.gripper_command import POSITIONS
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper import Gripper

OURS = Gripper(RobotDescription(GRIPPER_URDF), GRIPPER)
JAW = 0.1  # metres from the joint of the turning jaw to its tip
TURNING_URDF = f"""
<robot name="jaw">
  <link name="hand">
    <visual><origin xyz="0 -0.01 {JAW / 2}"/><geometry><box size="0.02 0.02 {JAW + 0.01}"/></geometry></visual>
  </link>
  <link name="jaw">
    <visual><origin xyz="0 0.005 {JAW / 2}"/><geometry><box size="0.02 0.01 {JAW + 0.01}"/></geometry></visual>
  </link>
  <link name="tcp"/>
  <joint name="turn" type="revolute">
    <parent link="hand"/><child link="jaw"/><axis xyz="-1 0 0"/><limit lower="0" upper="1.7" velocity="1" effort="1"/>
  </joint>
  <joint name="tcp" type="fixed"><parent link="hand"/><child link="tcp"/><origin xyz="0 0 {JAW}"/></joint>
</robot>
"""
TURNING = replace(GRIPPER, hand='hand', fingers=('jaw',), finger_joints=('turn',), tcp='tcp')
JAW_GRIPPER = Gripper(RobotDescription(TURNING_URDF), TURNING)
RANGES = {  # metres; what the makers say of the Panda's hand and the 2F-85; read off the geometry of the others
    'panda': (0.0, 0.08), 'robotiq_2f_85': (0.0015, 0.086), 'schunk_egk40': (0.0, 0.031), 'baxter': (0.017, 0.059),
    'so101': (0.002, 0.131)}


@given(st.floats(0, 0.04), st.floats(0, 0.04))
def test_the_opening_of_sliding_fingers_is_the_sum_of_their_ways(left, right):
    assert OURS.opening({'left': left, 'right': right}) == pytest.approx(left + right, abs=1e-9)


@given(st.floats(0, 1.7))
def test_the_opening_of_a_turning_jaw_is_the_chord_between_its_pads(angle):
    chord = 2 * JAW * np.sin(angle / 2)
    assert JAW_GRIPPER.opening({'turn': angle}) == pytest.approx(chord, abs=1e-6)
    assert JAW_GRIPPER.positions(chord)['turn'] == pytest.approx(angle, abs=1e-3)
    assert JAW_GRIPPER.range == pytest.approx((0.0, 2 * JAW * np.sin(1.7 / 2)), abs=1e-6)


@pytest.mark.parametrize('name', EACH)
def test_published_grippers_open_as_far_as_they_do(name):
    assert published_model(name).gripper.range == pytest.approx(RANGES[name], abs=1e-3)


@pytest.mark.parametrize('name', EACH)
def test_joint_positions_and_openings_are_the_inverse_of_each_other(name):
    gripper = published_model(name).gripper
    for opening in np.linspace(*gripper.range, 11):
        assert gripper.opening(gripper.positions(opening)) == pytest.approx(opening, abs=2e-5)


@pytest.mark.parametrize('name', EACH)
def test_pads_are_as_far_apart_as_the_opening_says(name):
    gripper = published_model(name).gripper
    for opening in np.linspace(*gripper.range, 5):
        assert np.linalg.norm(np.subtract(*gripper.pads(opening))) == pytest.approx(abs(opening), abs=2e-5)


def test_a_closed_gripper_is_never_told_less_than_nothing():
    gripper = published_model('panda').gripper
    assert POSITIONS['finger'](gripper, gripper.range[0]) == 0.0


@pytest.mark.parametrize('name', EACH)
def test_parts_are_where_the_description_has_them(name):
    gripper, description = published_model(name).gripper, published_description(name)
    for opening in np.linspace(*gripper.range, 7):
        positions = gripper.positions(opening)
        T_root_tcp = description.pose(GRIPPERS[name].tcp, positions)
        for pose, part in zip(gripper.poses(opening), gripper.parts, strict=True):
            np.testing.assert_allclose(T_root_tcp @ pose, description.pose(part.link, positions), atol=2e-4)


@pytest.mark.parametrize('ends', [('-0.04', '0'), ('0', '0.04')])
def test_a_finger_may_have_a_range_of_negative_positions(ends):
    turned = '0 1 0' if ends[0] == '-0.04' else '0 -1 0'
    right = f'<axis xyz="{turned}"/><limit lower="{ends[0]}" upper="{ends[1]}"'
    urdf = GRIPPER_URDF.replace('<axis xyz="0 -1 0"/><limit lower="0" upper="0.04"', right)
    gripper = Gripper(RobotDescription(urdf), GRIPPER)
    assert gripper.range == pytest.approx((0.0, 0.08))
    assert abs(gripper.positions(0.06)['right']) == pytest.approx(0.03)


def test_fingers_that_could_pass_each_other_are_closed_where_they_touch():
    gripper = Gripper(RobotDescription(GRIPPER_URDF.replace('lower="0"', 'lower="-0.02"')), GRIPPER)
    assert gripper.range == pytest.approx((0.0, 0.08), abs=1e-5)
    assert gripper.positions(0.0) == pytest.approx({'left': 0.0, 'right': 0.0}, abs=1e-5)


def test_a_narrower_open_width_is_where_the_gripper_counts_as_open():
    gripper = Gripper(RobotDescription(GRIPPER_URDF), replace(GRIPPER, open_width=0.05))
    assert (gripper.share(0.0), gripper.share(0.05), gripper.range[1]) == pytest.approx((0.0, 1.0, 0.08))


@pytest.mark.parametrize('opening', [-0.01, 0.09, np.nan])
def test_openings_out_of_reach_are_refused(opening):
    with pytest.raises(GripperError, match=r'cannot bring its pads .* they are 0.0000 to 0.0800 m apart'):
        OURS.positions(opening)


@pytest.mark.parametrize(('position', 'opened', 'half', 'closed'), [
    ('pads', 0.086, 0.0438, 0.0015), ('finger', 0.043, 0.0219, 0.00075), ('joint', 0.0, 0.426, 0.8),
    ('share', 1.0, 0.5, 0.0), ('closure', 0.0, 0.5, 1.0)])
def test_controllers_are_told_what_they_call_a_position(position, opened, half, closed):
    gripper = published_model('robotiq_2f_85').gripper
    low, high = gripper.range
    told = [POSITIONS[position](gripper, opening) for opening in (high, (low + high) / 2, low)]
    assert told == pytest.approx([opened, half, closed], abs=1e-3 if position == 'joint' else 1e-4)


TCP_ORIGIN = '<child link="gripper_tcp"/><origin xyz="0 0 0.1"/>'


@pytest.mark.parametrize(('urdf', 'names', 'message'), [
    (GRIPPER_URDF.replace(TCP_ORIGIN, TCP_ORIGIN.replace('0.1', '0.14')), {}, "tcp_frame 'gripper_tcp' is not between"),
    (GRIPPER_URDF.replace(TCP_ORIGIN, TCP_ORIGIN.replace('0 0 0.1', '0 0.06 0.1')), {}, 'not between the pads'),
    (GRIPPER_URDF.replace(TCP_ORIGIN, TCP_ORIGIN.replace('/>', ' rpy="0 0 1.57"/>', 2)), {}, 'not between the pads'),
    (GRIPPER_URDF, {'tcp': 'gripper_hand'}, "'gripper_hand' is not between the pads"),
    (GRIPPER_URDF, {'tcp': 'gripper_finger_left'}, "'gripper_finger_left' moves against the hand"),
    (re.sub('axis xyz="0 -?1 0"', 'axis xyz="0 0 1"', GRIPPER_URDF).replace('xyz="0 0.008', 'xyz="0 0.018'), {},
     'left and right do not change the distance between the pads'),
    (GRIPPER_URDF.replace('visual', 'sketch'), {}, "the hand 'gripper_hand' has neither visual nor collision"),
    (GRIPPER_URDF, {'fingers': ('gripper_tcp', 'gripper_finger_left')}, "finger 'gripper_tcp' .* have neither visual"),
    (GRIPPER_URDF, {'hand': 'gripper_finger_left'}, "'gripper_finger_right' is not below the hand"),
    (GRIPPER_URDF, {'fingers': ()}, 'finger_links must name the two links that carry the pads'),
    (GRIPPER_URDF, {'finger_joints': ()}, 'finger_joints names no joint'),
    (GRIPPER_URDF, {'finger_joints': ('thumb',)}, "no movable joint 'thumb'; it has: left, right"),
    (GRIPPER_URDF.replace('<axis xyz="0 -1 0"/>', '<axis xyz="0 -1 0"/><mimic joint="left"/>'), {},
     "'right' follows 'left' .mimic.; name 'left'"),
    (TURNING_URDF.replace('revolute', 'continuous'), TURNING, "the finger joint 'turn' has no limits"),
    (GRIPPER_URDF, {'open_width': 0.1}, 'open_width is 0.1 m, but .* 0.0000 to 0.0800 m apart'),
])
def test_what_is_no_gripper_is_refused_by_name(urdf, names, message):
    wanted = replace(GRIPPER, **names) if isinstance(names, dict) else names
    with pytest.raises(RobotDescriptionError, match=message) as refused:
        Gripper(RobotDescription(urdf), wanted)
    assert str(refused.value).startswith("gripper 'gripper': ")


def test_a_mimic_joint_follows_its_master():
    urdf = GRIPPER_URDF.replace('<axis xyz="0 -1 0"/>', '<axis xyz="0 -1 0"/><mimic joint="left"/>')
    gripper = Gripper(RobotDescription(urdf), replace(GRIPPER, finger_joints=('left',)))
    assert gripper.opening({'left': 0.03}) == pytest.approx(0.06)
    assert gripper.positions(0.05) == pytest.approx({'left': 0.025})


def test_a_gripper_without_fingertips_is_refused_as_published():
    as_published = RobotDescription.from_file(SCHUNK_EGK40)
    names = replace(GRIPPERS['schunk_egk40'], tcp='base_link')
    with pytest.raises(RobotDescriptionError, match=r"the finger 'left_finger_mount' .* add fingertips"):
        Gripper(as_published, names)
