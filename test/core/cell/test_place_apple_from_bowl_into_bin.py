# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One arm takes the apple out of the bowl to the shelf, the other from there to the bin; success is judged there."""

from __future__ import annotations

from itertools import product

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.tasks.place_apple_from_bowl_into_bin import (
    BIN_HEIGHT,
    BIN_REGION,
    BOWL_REGION,
    SHELF_CENTRE,
)
from robot4d_core.errors import ExpertError
from robot4d_core.evaluation.policy.expert_trials import try_expert
from robot4d_core.geometry.poses import invert_pose, make_pose

TASK = 'PlaceAppleFromBowlIntoBin'
ON_SHELF = (0.02, 0.02, 0.145)


@pytest.fixture(scope='module')
def shared_apple_cell():
    return RobotCell(Scene(TASK, 0, ()))


@pytest.fixture
def cell(shared_apple_cell):
    shared_apple_cell.reset()
    return shared_apple_cell


def put_apple(cell, position):
    cell.place('apple', make_pose(np.eye(3), position))
    cell.advance(1.5)


def put_apple_into_bin(cell):
    put_apple(cell, cell.pose('bin')[:3, 3] + [0.03, -0.02, 0.06])


def run_until(cell, expert, condition):
    while not condition(expert):
        expert.advance(0.1)
        assert cell.time < 60, f'still at {[stage.name for stage in expert.stages]}'


def is_done(expert):
    return expert.done


def touched_links(cell, body):
    pairs = [[cell.model.body(cell.model.geom_bodyid[g]).name for g in pair] for pair in cell.data.contact.geom]
    return {other for pair in pairs if body in pair for other in pair if other != body}


def links_of(cell, arm):
    """The bodies of the first (0) or the second arm (1), grippers included."""
    names = [name for name in cell.link_poses() if 'arm_' in name or 'gripper_' in name]
    return [name for name in names if name.startswith('second_') == bool(arm)]


@pytest.mark.parametrize('seed', range(5))
def test_at_the_start_the_apple_rests_in_the_bowl(seed):
    cell = RobotCell(Scene(TASK, seed, ()))
    start = cell.pose('apple')[:3, 3]
    cell.advance(2.0)
    assert np.linalg.norm(cell.pose('apple')[:3, 3] - start) < 0.002
    assert np.linalg.norm((cell.pose('apple') - cell.pose('bowl'))[:2, 3]) < 0.01
    assert not cell.success()


@pytest.mark.parametrize('held_out', [False, True])
def test_objects_keep_to_their_part_of_the_region(held_out):
    task = RobotCell(Scene(TASK, 0, ())).task
    for seed in range(50):
        poses = task.object_poses(np.random.default_rng(seed), held_out)
        for name, region in (('bowl', BOWL_REGION), ('bin', BIN_REGION)):
            low, high = np.array(region).T
            share = (poses[name][:2, 3] - low) / (high - low)
            assert (share >= 0).all() and (share <= 1).all()
            assert (share > 0.6).all() == held_out


def test_in_the_bin_is_success(cell):
    put_apple_into_bin(cell)
    assert cell.success()


def test_on_the_shelf_is_no_success_and_the_apple_stays_there(cell):
    put_apple(cell, ON_SHELF)
    assert not cell.success()
    assert np.linalg.norm(cell.pose('apple')[:2, 3] - ON_SHELF[:2]) < 0.005


def test_beside_the_bin_is_no_success(cell):
    put_apple(cell, cell.pose('bin')[:3, 3] + [0.15, 0.0, 0.033])
    assert not cell.success()
    assert cell.missing() == ('the apple is not in the bin',)


def test_while_it_falls_is_no_success(cell):
    cell.place('apple', cell.pose('bin') @ make_pose(np.eye(3), [0, 0, 0.09]))
    cell.advance(0.04)
    assert not cell.success()


def test_with_the_bowl_upside_down_is_no_success(cell):
    put_apple_into_bin(cell)
    over = make_pose(Rotation.from_euler('x', 180, degrees=True), cell.pose('bowl')[:3, 3] + [0, 0, 0.08])
    cell.place('bowl', over)
    cell.advance(1.0)
    assert not cell.success()


def test_with_the_bin_toppled_is_no_success(cell):
    toppled = make_pose(Rotation.from_euler('x', 90, degrees=True), cell.pose('bin')[:3, 3] + [0, 0, 0.09])
    cell.place('bin', toppled)
    put_apple(cell, (toppled @ [0, -0.03, 0.06, 1])[:3])
    assert touched_links(cell, 'apple') == {'bin'}
    assert not cell.success()
    assert 'the bin has toppled (90 degrees)' in cell.missing()


def test_while_a_gripper_holds_it_in_the_bin_is_no_success(cell):
    run_until(cell, Expert(cell), lambda e: e.stages[1].name == 'lower' and cell.pose('apple')[2, 3] < BIN_HEIGHT)
    cell.arms[1].command(cell.arms[1].positions)
    cell.advance(0.5)
    assert cell.arms[1].fingers_touching('apple') == 2
    assert cell.pose('apple')[2, 3] < BIN_HEIGHT and cell.speed('apple') < 0.02
    assert not cell.success()
    assert 'a gripper still touches the apple' in cell.missing()


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_the_expert_does_the_task(seed):
    trial = try_expert(TASK, seed)
    assert trial.success and trial.ended == 'done' and trial.seconds < 30


def test_the_arms_hand_over_by_the_shelf_and_touch_nothing_but_the_apple(cell):
    expert = Expert(cell)
    starts = {name: cell.pose(name) for name in ('bowl', 'bin')}
    geoms = [[g for g in range(cell.model.ngeom) if cell.model.geom_contype[g]
              and cell.model.body(cell.model.geom_bodyid[g]).name in links_of(cell, arm)] for arm in (0, 1)]
    holders, gaps, grips = [], [], []
    while not expert.done:
        expert.advance(0.1)
        touched = [set(links_of(cell, arm)) & touched_links(cell, 'apple') for arm in (0, 1)]
        assert not (touched[0] and touched[1]), 'one arm at a time'
        for arm in (0, 1):
            if touched[arm] and holders[-1:] != [arm]:
                holders.append(arm)
            for link in links_of(cell, arm):
                assert touched_links(cell, link) <= {'apple'}, f'{link} touches nothing but the apple'
        if not any(touched) and holders == [0]:
            assert np.linalg.norm(cell.pose('apple')[:2, 3] - SHELF_CENTRE) < 0.03, 'between the arms it lies there'
        for arm, stage in enumerate(expert.stages):
            if stage.name in ('lift', 'carry', 'lower'):
                assert cell.arms[arm].fingers_touching('apple') == 2
                grips.append((arm, (invert_pose(cell.arms[arm].gripper_pose()) @ cell.pose('apple'))[:3, 3]))
        gaps.append(min(mujoco.mj_geomDistance(cell.model, cell.data, a, b, 1.0, None) for a, b in product(*geoms)))
    assert holders == [0, 1]
    assert min(gaps) > 0.05
    for arm in (0, 1):
        in_gripper = np.array([grip for who, grip in grips if who == arm])
        assert len(in_gripper) > 20 and np.ptp(in_gripper, axis=0).max() < 0.002, 'it does not slip'
    for name, start in starts.items():
        assert np.abs(cell.pose(name) - start).max() < 0.002, f'nobody pushes the {name}'


@pytest.mark.parametrize('seconds', [1.1, 2.7])
def test_fresh_experts_take_over_all_along_the_way(cell, seconds):
    expert = Expert(cell, perturbation=0.01, rng=np.random.default_rng(0))
    while not expert.done and cell.time < 60:
        expert = Expert(cell, perturbation=0.01, rng=np.random.default_rng(int(cell.time * 10)))
        expert.advance(seconds)
    assert cell.success()


def test_the_apple_is_fetched_again_when_it_falls_back_into_the_bowl(cell):
    expert = Expert(cell)
    run_until(cell, expert, lambda e: e.stages[0].name == 'lift')
    expert.advance(0.5)
    cell.arms[0].command(cell.arms[0].positions)
    cell.arms[0].command_gripper(0.08)
    cell.advance(1.0)
    assert touched_links(cell, 'apple') == {'bowl'}
    run_until(cell, Expert(cell), is_done)
    assert cell.success()


def test_an_apple_that_someone_puts_on_the_shelf_is_for_the_second_arm(cell):
    put_apple(cell, ON_SHELF)
    expert, first = Expert(cell), cell.arms[0].positions
    run_until(cell, expert, is_done)
    assert cell.success()
    np.testing.assert_allclose(cell.arms[0].positions, first, atol=2e-3)


def test_done_means_both_arms_are_still_at_home(cell):
    expert = Expert(cell)
    run_until(cell, expert, is_done)
    expert.advance(1.0)
    for arm in cell.arms:
        np.testing.assert_allclose(arm.positions, arm.home, atol=0.06)
        assert np.abs(arm.velocities).max() < 1e-3


@pytest.mark.parametrize('position', [(0.3, -0.3, 0.033), (0.2, 2.0, 0.0), (0.04, 0.0, 0.06)])
def test_when_the_apple_is_lost_expect_named_error(cell, position):
    put_apple(cell, position)
    with pytest.raises(ExpertError, match='the apple lies at'):
        Expert(cell).advance(30.0)


def test_when_the_bowl_is_out_of_reach_expect_named_error(cell):
    away = make_pose(np.eye(3), [0.5, -0.2, 0.0])
    for name in ('bowl', 'apple'):
        cell.place(name, away @ cell.pose(name))
    with pytest.raises(ExpertError, match='cannot reach'):
        Expert(cell).advance(30.0)
