# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The box goes from the top of the shelf into it, held by friction; success is judged from where the box is."""

from __future__ import annotations

from contextlib import closing

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.tasks.store_cereal_box_under_shelf import BOARD, BOX, T_WORLD_SHELF, TOP
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.errors import ExpertError
from robot4d_core.evaluation.policy.expert_trials import try_expert
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance

TASK = 'StoreCerealBoxUnderShelf'
HELD = ('lift', 'carry', 'lower', 'insert', 'put down')
HAND, BOX_LABEL = SEGMENTS.index('hand'), len(SEGMENTS)


@pytest.fixture
def cell():
    return RobotCell(Scene(TASK, 1, ()))


def stand(cell, x, y, z, turn=0.0, tilt=0.0):
    """Put the box at x, y, z of the shelf; degrees: turned about the vertical, tilted sideways."""
    rotation = Rotation.from_euler('z', turn - 90, degrees=True) * Rotation.from_euler('y', tilt, degrees=True)
    cell.place('cereal_box', T_WORLD_SHELF @ make_pose(rotation, [x, y, z + 0.001]))
    cell.advance(0.5)


def box_in_shelf(cell):
    return invert_pose(T_WORLD_SHELF) @ cell.pose('cereal_box')


def finish(expert):
    while not expert.done and expert.cell.time < 60:
        expert.advance(0.1)


def force_on_fixtures(cell):
    """Return the largest force (N) with which the robot now pushes the shelf or the table."""
    model, data, largest, force = cell.model, cell.data, 0.0, np.zeros(6)
    for index in range(data.ncon):
        bodies = {model.body(model.geom_bodyid[geom]).name for geom in data.contact[index].geom}
        if bodies & {'world', 'table'} and not bodies <= {'world', 'table', 'cereal_box'}:
            mujoco.mj_contactForce(model, data, index, force)
            largest = max(largest, np.linalg.norm(force[:3]))
    return largest


@pytest.mark.parametrize('held_out', [False, True])
@pytest.mark.parametrize('seed', range(5))
def test_box_stands_still_on_the_shelf_at_the_start(seed, held_out):
    cell = RobotCell(Scene(TASK, seed, (), held_out_objects=held_out))
    before = cell.pose('cereal_box')
    cell.advance(2.0)
    moved, turned = pose_distance(before, cell.pose('cereal_box'))
    assert moved < 1e-3 and turned < 1e-2
    assert box_in_shelf(cell)[2, 3] == pytest.approx(TOP, abs=1e-3)
    assert not cell.success()


@pytest.mark.parametrize('x, y, turn', [(0.07, 0.0, 0), (0.07, -0.08, 10), (0.08, 0.07, -8), (0.075, 0.0, 90)])
def test_standing_in_the_shelf_is_success(cell, x, y, turn):
    stand(cell, x, y, BOARD, turn)
    assert cell.success()


def test_lying_in_the_shelf_is_success(cell):
    stand(cell, 0.075, -0.05, BOARD + BOX[0] / 2, tilt=90)
    assert cell.success()


@pytest.mark.parametrize('x, y, z', [
    (0.075, 0.0, TOP), (0.04, 0.0, BOARD), (-0.15, 0.0, 0.0), (0.07, 0.22, 0.0), (0.25, 0.0, 0.0),
], ids=['on top', 'half inside', 'in front', 'beside', 'behind'])
def test_anywhere_else_is_no_success(cell, x, y, z):
    stand(cell, x, y, z)
    assert cell.pose('cereal_box')[2, 2] > 0.99 and cell.speed('cereal_box') < 0.01
    assert not cell.success()
    assert cell.missing() == ('the cereal box is not all inside the shelf',)


def test_falling_inside_is_no_success(cell):
    cell.place('cereal_box', T_WORLD_SHELF @ make_pose(Rotation.from_euler('z', -90, degrees=True), [0.07, 0, 0.05]))
    cell.advance(0.04)
    assert cell.speed('cereal_box') > 0.02 and not cell.success()


def test_while_held_inside_is_no_success(cell):
    expert = Expert(cell)
    while expert.stages[0].name != 'put down':
        expert.advance(0.02)
    assert cell.speed('cereal_box') < 0.02 and cell.arms[0].fingers_touching('cereal_box') == 2
    assert not cell.success()
    expert.advance(2.0)
    assert cell.success()


@pytest.mark.parametrize('seed, held_out', [(0, False), (1, True)])
def test_the_pads_alone_carry_the_box_and_the_robot_touches_neither_shelf_nor_table(seed, held_out):
    cell = RobotCell(Scene(TASK, seed, (), held_out_objects=held_out))
    expert, in_grip, highest = Expert(cell), [], 0.0
    while not expert.done and cell.time < 40:
        expert.advance(0.02)
        assert force_on_fixtures(cell) == 0
        assert {'cereal_box', 'gripper_hand'} not in cell.contacts()  # which would tip the box
        highest = max(highest, box_in_shelf(cell)[2, 3])
        if expert.stages[0].name in HELD:
            assert cell.arms[0].fingers_touching('cereal_box') == 2
            in_grip.append(invert_pose(cell.arms[0].gripper_pose()) @ cell.pose('cereal_box'))
    slip, turn = np.max([pose_distance(in_grip[0], pose) for pose in in_grip], axis=0)
    assert slip < 0.006 and turn < np.deg2rad(4)
    assert highest > TOP + 0.03
    assert cell.success() and 10 < cell.time < 30


def test_force_on_shelf_or_table_is_noticed(cell):
    assert force_on_fixtures(cell) == 0
    cell.arms[0].command(cell.arms[0].home + [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    cell.advance(2.0)
    assert force_on_fixtures(cell) > 10


def test_without_friction_the_box_stays_on_the_shelf(cell):
    cell.model.geom_friction[:, 0] = 1e-4
    expert, highest = Expert(cell), 0.0
    while cell.time < 12:
        try:
            expert.advance(0.1)
        except ExpertError:
            break
        highest = max(highest, box_in_shelf(cell)[2, 3])
    assert highest < TOP + 0.02 and not cell.success()


@pytest.mark.parametrize('seconds', np.arange(0.5, 15.0, 1.5))
def test_a_fresh_expert_takes_over_at_any_moment(cell, seconds):
    Expert(cell).advance(seconds)
    finish(Expert(cell))
    assert cell.success()


@pytest.mark.parametrize('seed', [2, 3])
def test_errors_in_free_space_do_not_matter(seed):
    cell = RobotCell(Scene(TASK, seed, ()))
    finish(Expert(cell, perturbation=0.01, rng=np.random.default_rng(seed)))
    assert cell.success()


@pytest.mark.parametrize('x, y, z, turn', [
    (0.02, 0.03, BOARD, 12), (-0.12, 0.04, 0.0, -15), (0.07, 0.05, TOP, 40),
], ids=['half inside', 'in front', 'turned on top'])
def test_box_standing_elsewhere_is_stored_all_the_same(cell, x, y, z, turn):
    stand(cell, x, y, z, turn)
    finish(Expert(cell))
    assert cell.success()


@pytest.mark.parametrize('x, y, z, tilt, state', [
    (0.07, 0.0, TOP + BOX[0] / 2, 90, 'toppled over'), (0.07, 0.22, 0.0, 0, 'beside or behind'),
])
def test_when_the_box_cannot_be_grasped_expect_its_state_named(cell, x, y, z, tilt, state):
    stand(cell, x, y, z, tilt=tilt)
    with pytest.raises(ExpertError, match=state):
        Expert(cell)


def test_insertion_is_hidden_from_some_cameras_and_seen_by_others():
    with closing(RobotCell(Scene.sample(TASK, 2, 160, 128, camera_names=[f'camera_{k}' for k in range(16)]))) as cell:
        expert = Expert(cell)
        while expert.stages[0].name != 'put down':
            expert.advance(0.02)
        seen = [cell.render(placement.name).segmentation for placement in cell.scene.cameras]
    hand, box = (np.array([(labels == label).sum() for labels in seen]) for label in (HAND, BOX_LABEL))
    assert (hand > 50).all()
    assert 0.2 < (box > 0).mean() < 0.8


@pytest.mark.slow
@pytest.mark.parametrize('held_out, trials', [(False, 100), (True, 40)])
def test_expert_succeeds_in_95_of_100(held_out, trials):
    results = [try_expert(TASK, seed, held_out_objects=held_out) for seed in range(trials)]
    failed = [(trial.seed, trial.ended) for trial in results if not trial.success or trial.ended != 'done']
    assert len(failed) <= 0.05 * trials, failed
