# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Looks begin at rest, beside the expert's way, and show what the expert does from there."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from robot4d_core.cell import looks as looks_module
from robot4d_core.cell.demonstration import begin
from robot4d_core.cell.expert import Expert
from robot4d_core.cell.looks import LOOKS, take_looks
from robot4d_core.cell.recorded_state import recorded_state
from robot4d_core.cell.recorder import record
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cli import main
from robot4d_core.episodes.check import check_episode
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.summary import summarise
from robot4d_core.episodes.windows import WINDOW_STEPS
from robot4d_core.errors import ExpertError, LookError
from robot4d_core.geometry.poses import pose_distance

TASK, APPLE = 'PutSpatulaOnTable', 'PlaceAppleFromBowlIntoBin'
SIZE = (40, 32)


@pytest.fixture(scope='module', params=[(TASK, 1), (APPLE, 2)], ids=['one arm', 'two arms'])
def looks(request):
    taken = [look for look in take_looks(*request.param, cameras=2, size=SIZE) if not isinstance(look, LookError)]
    assert len(taken) >= LOOKS - 2
    return taken


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    """The looks of two scenes."""
    return record(tmp_path_factory.mktemp('looks') / 'store', TASK, 2, 2, seed=1, size=SIZE, workers=2, looks=True)


def restored(attributes: dict) -> RobotCell:
    cell = RobotCell(Scene.from_json(attributes['scene']))
    cell.restore(np.array(attributes['look']['state']))
    return cell


def test_a_look_is_a_window_filmed_from_rest(looks):
    for episode, attributes in looks:
        assert len(episode.times) == WINDOW_STEPS and episode.rgb.shape[:2] == (2, WINDOW_STEPS)
        np.testing.assert_allclose(np.diff(episode.times), 0.5, atol=1e-6)
        cell = restored(attributes)
        for number, arm in enumerate(cell.arms):
            assert np.abs(arm.velocities).max() < 0.02
            np.testing.assert_allclose(arm.positions, episode.joints[0, number], atol=1e-9)


def test_what_follows_is_what_an_expert_does_who_takes_over(looks):
    for episode, attributes in looks[::3]:
        cell = restored(attributes)
        expert = Expert(cell)
        for step in range(1, WINDOW_STEPS):
            expert.advance(0.5)
            for number, arm in enumerate(cell.arms):
                np.testing.assert_array_equal(arm.gripper_pose(), episode.gripper_poses[step, number])
                assert arm.gripper_opening == episode.opening[step, number]


def test_the_displacement_is_from_the_way_of_the_undisturbed_expert(looks):
    scene = Scene.from_json(looks[0][1]['scene'])
    cell = RobotCell(scene)
    expert, on_way = begin(cell), {}
    while cell.time < 40.0 and not expert.done:
        on_way[round(cell.time, 6)] = [arm.gripper_pose() for arm in cell.arms]
        expert.advance(0.5)
    checked = 0
    for episode, attributes in looks:
        poses = on_way.get(round(attributes['look']['time'], 6))
        for number, pose in enumerate(poses or ()):
            expected = pose_distance(pose, episode.gripper_poses[0, number])
            np.testing.assert_allclose(attributes['look']['displacement'][number], expected, atol=1e-6)
            checked += 1
    assert checked >= len(looks) - 2


def test_no_arm_and_nothing_held_touches_what_it_did_not_touch_on_the_way(looks):
    cell = RobotCell(Scene.from_json(looks[0][1]['scene']))
    expert, on_way = begin(cell), {}
    while cell.time < 40.0 and not expert.done:
        held = {name for name in cell.task.objects if any(arm.fingers_touching(name) == 2 for arm in cell.arms)}
        on_way[round(cell.time, 6)] = held, cell.contacts()
        expert.advance(0.5)
    checked = 0
    for _, attributes in looks:
        if (time := round(attributes['look']['time'], 6)) in on_way:
            held, contacts = on_way[time]
            resting = {*cell.task.objects, 'table', 'world'} - held
            assert all(pair <= resting for pair in restored(attributes).contacts() - contacts)
            checked += 1
    assert checked >= len(looks) - 2


def test_when_no_displacement_is_possible_expect_every_draw_to_be_counted(monkeypatch):
    monkeypatch.setattr(looks_module, 'SHIFTS', (3.0,) * 3)
    taken = list(take_looks(TASK, 1, cameras=2, size=(16, 12)))
    assert len(taken) == LOOKS
    for number, error in enumerate(taken):
        assert isinstance(error, LookError) and str(error).startswith(f'look {number}, in ')
        assert 'no displacement in 10 draws: 10 x an arm cannot reach so far' in str(error)


def test_a_hand_that_is_moved_into_an_object_is_refused(looks):
    cell = restored(looks[0][1])
    tools = [arm.gripper_pose() for arm in cell.arms]
    tools[0][:3, 3] = cell.pose(cell.task.objects[0])[:3, 3] + [0, 0, 0.02]
    with pytest.raises(LookError, match='gripper_.* touched'):
        looks_module._move_aside(cell, tools, np.zeros(len(tools), bool))


def test_displacements_are_as_large_as_they_are_drawn(looks):
    metres, radians = np.concatenate([attributes['look']['displacement'] for _, attributes in looks]).T
    assert 0.005 < np.median(metres) < 0.06 and metres.max() < 0.2
    assert np.deg2rad(1) < np.median(radians) < np.deg2rad(15)


def test_what_is_held_comes_along(looks):
    held = 0
    for episode, attributes in looks:
        cell = restored(attributes)
        for number, arm in enumerate(cell.arms):
            if 0.01 < arm.gripper_opening < 0.07:
                held += 1
                assert any(arm.fingers_touching(name) for name in attributes['objects'])
                assert episode.commands[0, number, 7] < 0.01, 'the gripper is told to stay closed'
    assert held >= 2


@pytest.mark.parametrize('task', [TASK, APPLE])
def test_after_a_missed_grasp_expect_an_empty_closed_gripper_that_the_expert_opens_first(task, monkeypatch):
    monkeypatch.setattr(looks_module, 'MISSED', 1.0)
    empty = 0
    for episode, attributes in (look for look in take_looks(task, 1, 2, SIZE) if not isinstance(look, LookError)):
        cell = restored(attributes)
        for number, arm in enumerate(cell.arms):
            if any(arm.fingers_touching(name) for name in attributes['objects']):
                continue
            empty += 1
            assert arm.gripper_opening < 0.004 and abs(episode.commands[0, number, 7]) < 1e-9
            assert (episode.commands[1:4, number, 7] > 0.07).any(), 'opened within 1.5 s'
    assert empty >= LOOKS / 2


def test_moments_are_spread_over_the_way(looks):
    times = np.array([attributes['look']['time'] for _, attributes in looks])
    assert (np.diff(times) > 0).all() and times[-1] > 3 * times[1]


def test_looks_are_stored_checked_and_described_as_episodes(store, capsys):
    assert len(store) + len(store.failures) == 2 * LOOKS and store.settings['kind'] == 'looks'
    assert [check_episode(store, name) for name in store.names] == [[]] * len(store)
    rejected = sum(len(store.attributes(name)['look']['rejected']) for name in store.names)
    assert "displaced from the expert's way by" in summarise(store)['looks']
    assert f'{rejected} draws rejected' in summarise(store)['looks']
    assert main(['dataset', 'check', str(store.folder)]) == 0
    assert 'looks' not in summarise(EpisodeStore(store.folder.parent / 'other', {'task': TASK, 'cameras': 2}))


@pytest.mark.parametrize('look, problem', [
    (None, 'expected in stores of looks only'), ({}, 'expected displacement and state'),
    ({'displacement': [[0.1, float('inf')]], 'state': [1.0]}, 'expected metres and radians for each of'),
    ({'displacement': [[0.1, 0.1]] * 2, 'state': [1.0]}, 'expected metres and radians for each of'),
    ({'displacement': [[0.1, 0.1]], 'state': []}, 'expected a state of finite numbers'),
    ({'displacement': [[0.1, 0.1]], 'state': [1.0]}, 'expected rejected to be a list of reasons, got None'),
    ({'displacement': [[0.1, 0.1]], 'state': [1.0], 'rejected': [3]}, 'expected rejected to be a list of reasons'),
])
def test_check_finds_what_is_wrong_with_a_look(store, tmp_path, look, problem):
    copy = EpisodeStore(tmp_path / 'copy', store.settings)
    attributes = store.attributes(store.names[0])
    attributes.pop('look')
    copy.write('look', store.read(store.names[0]), **attributes, **({} if look is None else {'look': look}))
    assert [text for text in check_episode(copy, 'look') if problem in text]


def test_a_look_among_demonstrations_is_found(store, tmp_path):
    settings = {key: value for key, value in store.settings.items() if key != 'kind'}
    copy = EpisodeStore(tmp_path / 'copy', settings)
    copy.write('look', store.read(store.names[0]), **store.attributes(store.names[0]))
    assert [text for text in check_episode(copy, 'look') if 'expected in stores of looks only' in text]


def test_the_same_seed_gives_the_same_looks_and_what_is_there_is_kept(store, tmp_path):
    folder = tmp_path / 'again'
    again = EpisodeStore(folder, store.settings)
    kept = store.names[3]
    again.write(kept, store.read(kept), **{**store.attributes(kept), 'kept': True})
    again = record(folder, TASK, 2, 2, seed=1, size=SIZE, workers=1, looks=True)
    assert again.names == store.names and again.failures == store.failures
    assert again.attributes(kept).pop('kept')
    for name in store.names:
        for array, values in vars(store.read(name)).items():
            np.testing.assert_array_equal(getattr(again.read(name), array)[...], values[...])


def test_the_oracle_knows_the_state_of_a_look(store):
    name = store.names[4]
    state = recorded_state(store.folder / name, 3, ('camera_1', 'camera_0'))
    cell = RobotCell(Scene.from_json(state.scene))
    cell.restore(state.state)
    np.testing.assert_array_equal(cell.arms[0].positions, store.read(name).joints[3, 0])


def test_no_video_is_learned_from_looks(store, tmp_path):
    """In a process of its own, since accelerate remembers the precision that a test before asked for."""
    ended = subprocess.run(
        [sys.executable, '-m', 'robot4d_core.cli', 'train', 'own_recordings_tiny', '--data', str(store.folder),
         '--device', 'cpu'], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 2 and 'holds looks, from which no video is learned' in ended.stderr


def test_when_the_expert_fails_expect_every_look_of_the_scene_to_say_so(tmp_path, monkeypatch):
    from robot4d_core.cell import recorder

    def failing(*args, **kwargs):
        raise ExpertError('out of reach')
        yield

    monkeypatch.setattr(recorder, 'take_looks', failing)
    recording = recorder.Recording(tmp_path / 'store', TASK, 2, SIZE, looks=True)
    store = EpisodeStore(recording.folder, recording.settings())
    recorder.record_episode(recording, 5)
    assert store.names == [] and store.failures == dict.fromkeys(recording.names(5), 'out of reach')


def test_looks_are_recorded_by_a_command_and_not_outside_the_shell(tmp_path, capsys):
    arguments = ['record', str(tmp_path / 'store'), '--looks', '--episodes', '1', '--size', '16x12', '--workers', '1']
    assert main(arguments) == 0
    assert f'{tmp_path}/store has ' in capsys.readouterr().out
    assert EpisodeStore(tmp_path / 'store').settings['cameras'] == 4
    assert main([*arguments, '--outside-shell']) == 2
    assert '--looks and --outside-shell exclude each other' in capsys.readouterr().err
