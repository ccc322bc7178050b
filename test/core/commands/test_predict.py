# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d predict`: files, film and table of one prediction; the same seed gives the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import imageio.v2 as imageio
import pytest

from core.episodes.analytic_episodes import analytic_episode, analytic_store
from core.episodes.bags.recorded_bags import make_bag
from core.generator.tiny_models import tiny_pipeline
from robot4d_core.cli import main
from robot4d_core.episodes.prediction_file import read_prediction
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import PredictionCancelled
from robot4d_core.generator.engines import engine as engines
from robot4d_core.generator.engines.hold import HoldEngine
from robot4d_core.share import share_directory
from shipped_robot import ARMS, DESCRIPTION


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models') / 'tiny'
    tiny_pipeline().save_pretrained(folder)
    return folder


TINY = share_directory() / 'models' / 'tabletop_tiny'


@pytest.fixture(scope='module')
def episode(tmp_path_factory):
    return analytic_store(tmp_path_factory.mktemp('stores') / 'store', [3]).folder / 'episode_000003'


def predict(source, output, *options) -> int:
    return main(['predict', str(source), '--output', str(output), *map(str, options)])


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(episode, model, tmp_path, capsys):
    options = '--model', model, '--device', 'cpu', '--steps', 2, '--step', 1, '--cameras', 'camera_2', 0
    for name, seed in (('first', 5), ('again', 5), ('other', 6)):
        assert predict(episode, tmp_path / name, *options, '--seed', seed) == 0
    first, again, other = ((tmp_path / name / 'prediction.npz').read_bytes() for name in ('first', 'again', 'other'))
    assert first == again and first != other
    saved = read_prediction(tmp_path / 'first' / 'prediction.npz')
    assert (saved.seed, saved.steps, saved.prediction.model) == (5, 2, 'diffusion:tiny')
    assert [view.rgb.shape for view in saved.prediction.views] == 2 * [(10, 128, 160, 3)]
    with imageio.get_reader(tmp_path / 'first' / 'prediction.mp4') as film:
        assert sum(1 for _ in film) == 10
    table = capsys.readouterr().out
    for expected in ('diffusion:tiny', '2 steps', 'encode', 'decode', 'load the weights', 'camera_2', 'no motion',
                     'against the 10 recorded frames', 'robot4d view'):
        assert expected in table


def test_a_bag_becomes_a_bag(tmp_path, capsys):
    bag = make_bag(tmp_path / 'bag', seconds=1.0)
    assert predict(bag, tmp_path / 'out', '--model', TINY, '--device', 'cpu', '--steps', 1, '--format', 'mcap',
                   '--time', 0.3) == 0
    saved = read_prediction(tmp_path / 'out' / 'prediction')
    assert saved.prediction.model == 'diffusion:tabletop_tiny' and saved.look.future == 1
    assert (tmp_path / 'out' / 'prediction.mp4').is_file()
    assert predict(bag, tmp_path / 'out', '--format', 'mcap') == 2
    assert 'exists; remove it or choose another folder with --output' in capsys.readouterr().err


def test_a_recording_without_a_future_says_so(tmp_path, capsys):
    bag = make_bag(tmp_path / 'bag', seconds=0.2)
    assert predict(bag, tmp_path / 'out', '--model', TINY, '--device', 'cpu', '--steps', 1) == 0
    assert 'there is no true future to compare with' in ' '.join(capsys.readouterr().out.split())


@pytest.mark.parametrize(('options', 'expected'), [
    (['--step', '14'], 'step must be 0 to 13'),
    (['--time', '1.0'], 'is no bag; choose the moment with --step'),
    (['--robot', 'panda.yaml'], 'is no bag; leave it out, an episode knows its robot itself'),
    (['--cameras', '0', '9'], "no camera '9'"),
    (['--model', 'nowhere'], 'no model in nowhere'),
    (['--engine', 'oracle'], 'was not recorded in the simulated cell'),
    (['--device', 'cuda:99'], 'CUDA GPUs'),
])
def test_what_cannot_be_is_a_sentence(episode, tmp_path, capsys, options, expected):
    assert predict(episode, tmp_path / 'out', *options) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


class Witness(HoldEngine):
    """An engine that needs the robot and ends when it has seen an observation."""

    name = 'witness'
    needs_robot = True

    def __init__(self) -> None:
        super().__init__()
        self.robots, self.robot = [], None

    def use_robot(self, robot):
        self.robot = robot

    def predict(self, observation, **_):
        self.robots.append(observation.robot)
        raise PredictionCancelled('seen enough')


def test_an_engine_that_needs_the_robot_gets_it_or_says_what_the_recording_lacks(tmp_path, capsys, monkeypatch):
    witness = Witness()
    monkeypatch.setattr(engines, 'make_engine', lambda *_, **__: witness)
    bag = make_bag(tmp_path / 'bag', seconds=1.0)
    assert predict(bag, tmp_path / 'out', '--engine', 'hold') == 130
    assert set(witness.robots[0].joints) == {*ARMS[0].joints, *ARMS[0].gripper.finger_joints}
    other = tmp_path / 'other.yaml'
    other.write_text((share_directory() / 'config' / 'robot.yaml').read_text().replace(ARMS[0].joints[3], 'elbow'))
    unnamed = EpisodeStore(tmp_path / 'store', {'task': 'Analytic', 'cameras': 4, 'sensor': None})
    unnamed.write('one', analytic_episode(), task='Analytic')
    bent = tmp_path / 'bent.urdf'
    bent.write_text(DESCRIPTION.urdf.replace(ARMS[0].joints[3], 'elbow'))
    for source, options, expected in (
        (bag, ('--robot', other, '--urdf', bent), 'no joint_states with elbow; heard: '),
        (unnamed.folder / 'one', (), "the episode's grippers are []"),
    ):
        capsys.readouterr()
        assert predict(source, tmp_path / 'out', '--engine', 'hold', *options) == 2
        error = capsys.readouterr().err
        assert f"engine 'witness' needs the robot's state, which {source}" in error and expected in error
    assert len(witness.robots) == 1


def test_another_robot_is_described_by_its_own_urdf_and_names(tmp_path, capsys, monkeypatch):
    def rename(topic, log_time, fields):
        if 'joint_states' in topic:
            fields = {**fields, 'name': [name.replace('arm_joint', 'panda_joint') for name in fields['name']]}
        return log_time, fields

    witness = Witness()
    monkeypatch.setattr(engines, 'make_engine', lambda *_, **__: witness)
    bag, urdf, names = make_bag(tmp_path / 'bag', rename, seconds=1.0), tmp_path / 'panda.urdf', tmp_path / 'panda.yaml'
    urdf.write_text(DESCRIPTION.urdf.replace('arm_joint', 'panda_joint'))
    names.write_text((share_directory() / 'config' / 'robot.yaml').read_text().replace('arm_joint', 'panda_joint'))
    assert predict(bag, tmp_path / 'out', '--robot', names, '--urdf', urdf) == 130
    assert witness.robot.arms[0].joints[0] == 'panda_joint1' and 'panda_joint7' in witness.robots[0].joints

    lacking = tmp_path / 'lacking.yaml'
    lacking.write_text(names.read_text().replace('gripper_tcp', 'panda_hand_tcp'))
    for options, expected in (
        (('--robot', names), '--robot FILE names the robot that --urdf FILE describes; give both'),
        (('--robot', lacking, '--urdf', urdf), "the robot description has no link 'panda_hand_tcp'; it has: "),
        (('--robot', names, '--urdf', tmp_path / 'none.urdf'), 'none.urdf does not exist'),
        (('--urdf', urdf), '--urdf does not apply: it describes the robot that --robot FILE names'),
        ((), 'name another with --robot and --urdf, or predict without by --model models/tabletop_tiny'),
    ):
        capsys.readouterr()
        assert predict(bag, tmp_path / 'out', *options) == 2
        assert expected in capsys.readouterr().err


def test_wrong_sources_are_named(episode, tmp_path, capsys):
    for source, expected in ((tmp_path / 'nothing', 'give an episode of a store'),
                             (episode.parent, f'is a store; give one of its 1 episodes, such as {episode}'),
                             (tmp_path, 'is no episode store')):
        assert predict(source, tmp_path / 'out') == 2
        assert expected in capsys.readouterr().err


def test_ctrl_c_ends_it_between_two_steps_and_leaves_nothing(episode, model, tmp_path):
    command = [sys.executable, '-m', 'robot4d_core.cli', 'predict', episode, '--model', model, '--device', 'cpu',
               '--steps', '100000', '--output', tmp_path / 'out']
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, 'TERM': 'xterm', 'TTY_COMPATIBLE': '1', 'COLUMNS': '120'})
    try:
        shown = b''
        while b'/100000' not in shown:  # the first step is done
            shown += process.stdout.read1()
            assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        error = process.communicate(timeout=120)[1].decode()
    finally:
        process.kill()
    assert process.returncode == 130
    assert 'cancelled before denoising step' in error and error.strip().endswith('of 100000; nothing is written')
    assert not (tmp_path / 'out').exists()
