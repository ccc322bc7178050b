# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d doctor robot` on robots as published: what it understands, and all that is wrong."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from robot4d_core.cli import main
from robot4d_core.share import share_directory
from robot_folder import home_with_robots, urdf_of, yaml_of

ROBOTS = {  # joints, metres of reach from the first joint, mm between the pads, what open and closed are told
    'panda': (7, 0.947, (0.0, 79.8), ('0.0399 (finger)', '0.0000 (finger)')),
    'ur5e_robotiq_2f_85': (6, 1.083, (1.5, 86.0), ('0.0000 (joint)', '0.8000 (joint)')),
    'so101': (5, 0.473, (1.9, 131.3), ('1.7453 (joint)', '-0.1745 (joint)')),
    'xarm7_robotiq_2f_85': (7, 0.893, (1.5, 86.0), ('0.0000 (joint)', '0.8000 (joint)')),
}
SLOW = ('xarm7_robotiq_2f_85',)
EACH = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in ROBOTS]


@pytest.fixture
def doctor(tmp_path, monkeypatch, capsys):
    """Return what runs the command: its exit status and what it printed."""
    monkeypatch.setenv('HOME', str(home_with_robots(tmp_path)))

    def run(urdf, names, *arguments):
        status = main(['doctor', 'robot', '--urdf', str(urdf), '--robot', str(names),
                       '--output', str(tmp_path / 'robot.png'), *arguments])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run


@pytest.mark.parametrize('name', EACH)
def test_robots_of_the_examples_are_well(doctor, tmp_path, name):
    status, printed = doctor(urdf_of(name), yaml_of(name))
    joints, reached, (closed, opened), told = ROBOTS[name]
    assert status == 0 and 'all is well' in printed, printed
    assert f"arm 'arm': {joints} joints" in printed
    assert float(re.search(r'reaches ([0-9.]+) m', printed)[1]) == pytest.approx(reached, abs=2e-3)
    assert f'{closed} to {opened} mm apart' in printed
    for word, position in zip(('open', 'closed'), told, strict=True):
        assert re.search(rf'  {word} .*the controller is told {re.escape(position)}', printed), printed
    picture = np.asarray(Image.open(tmp_path / 'robot.png'))
    assert (picture[..., :3] < 200).any(axis=-1).mean() > 0.03  # the robot, not only its frame


def test_the_cell_is_well_and_is_drawn_as_told(doctor, tmp_path):
    share = share_directory()
    files = share / 'urdf' / 'cell.urdf.xacro', share / 'config' / 'two_arms.yaml'
    pictures = []
    for pose in ([], ['--pose', 'arm_joint1:=1.0']):
        status, printed = doctor(*files, '--xacro-argument', 'arms:=2', *pose)
        assert status == 0 and printed.count('controller not named here') == 4, printed
        pictures.append((tmp_path / 'robot.png').read_bytes())
    assert pictures[0] != pictures[1]


def test_all_that_is_wrong_is_listed(doctor, tmp_path):
    names = tmp_path / 'panda.yaml'
    names.write_text(yaml_of('panda').read_text().replace('tcp_frame: panda_hand_tcp', 'tcp_frame: panda_hand').replace(
        '    arms: [arm]', '    joint_velocity_limits: {panda_joint9: 1.0}\n    arms: [arm]'))
    status, printed = doctor(urdf_of('panda'), names)
    assert status == 1 and 'problems: 2' in printed
    assert "problem: gripper 'gripper': tcp_frame 'panda_hand' is not between the pads" in printed
    assert "problem: joint_velocity_limits names 'panda_joint9', which is no joint of an arm" in printed
    assert 'panda_joint7  revolute' in printed  # what was understood is told


@pytest.mark.parametrize(('before', 'after', 'message'), [
    ('base_frame: panda_link0', 'base_frame: panda_link4', "base_frame 'panda_link4' moves: joint 'panda_joint4'"),
    ('[panda_joint1, ', '[panda_joint0, ', "no movable joint 'panda_joint0'; it has: panda_joint1"),
    ('hand_link: panda_hand', 'hand_link: claw', "the robot description has no link 'claw'"),
    ('gripper_position: finger', 'gripper_position: inch', 'arm.gripper_position must be one of pads, finger'),
    ('arms: [arm]', 'arms: [arm, arm]', 'arms must have different names, got: arm, arm'),
])
def test_what_does_not_fit_is_refused_by_name(doctor, tmp_path, before, after, message):
    names = tmp_path / 'panda.yaml'
    text = yaml_of('panda').read_text()
    assert before in text
    names.write_text(text.replace(before, after))
    status, printed = doctor(urdf_of('panda'), names)
    assert status != 0 and message in printed
