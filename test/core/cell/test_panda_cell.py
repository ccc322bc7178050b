# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The cell with the Panda as it is published: one description for simulation, kinematics, gripper and recordings."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from robot4d_core.cell.arms import HOME
from robot4d_core.cell.demonstration import demonstrate, sample_scene
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.episodes.recorded_robot import recorded_robot, robot_of
from robot4d_core.episodes.segments import label_of
from robot4d_core.errors import ModelError, RobotDescriptionError
from robot4d_core.evaluation.policy.expert_trials import try_expert
from robot4d_core.evaluation.policy.trials import PolicyLoop
from robot4d_core.generator.engines.oracle import OracleEngine
from robot4d_core.generator.engines.shipped_model import shipped_model
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.robot.robot import Robot

TASK = 'PutSpatulaOnTable'


@pytest.fixture(scope='module')
def cell():
    with closing(RobotCell(Scene.sample(TASK, 3, 160, 128, robot='panda'))) as panda:
        yield panda


@pytest.fixture(autouse=True)
def at_start(cell):
    cell.reset()


def positions(cell: RobotCell) -> dict[str, float]:
    (arm,) = cell.arms
    return dict(zip(arm.names.joints, arm.positions)) | dict(
        zip(arm.names.gripper.finger_joints, arm.finger_positions))


@pytest.mark.parametrize('offset', [0.0, 0.2, -0.3])
def test_simulator_and_description_agree_on_where_all_links_are(cell, offset):
    cell.arms[0].put(HOME + offset)
    cell.advance(0.0)
    description, links = cell.robot.description, cell.link_poses()
    assert {'table', 'panda_link0', 'panda_link8', 'panda_hand_tcp', 'panda_rightfinger'} <= links.keys()
    poses = description.poses(positions(cell))
    for link, pose in links.items():
        np.testing.assert_allclose(pose, poses[description.links.index(link)], atol=1e-6, err_msg=link)


@pytest.mark.parametrize('opening', [0.0, 0.03, 0.0798])
def test_gripper_opens_in_the_simulator_as_far_as_its_description_says(cell, opening):
    (arm,) = cell.arms
    arm.command_gripper(opening)
    cell.advance(1.0)
    assert arm.gripper_opening == pytest.approx(opening, abs=5e-4)
    assert arm.gripper_command == pytest.approx(opening, abs=1e-6)
    left, right = (cell.pose(finger)[:3, 3] for finger in ('panda_leftfinger', 'panda_rightfinger'))
    assert (left - right) @ arm.gripper_pose()[:3, 1] == pytest.approx(arm.gripper_opening, abs=2e-4)  # pads bulge


def test_meshes_that_mujoco_shows_are_those_of_the_description(cell):
    description = cell.robot.description
    for link in ('panda_link0', 'panda_link5', 'panda_hand', 'panda_leftfinger'):
        body = cell.model.body(link)
        seen = [geom for geom in range(cell.model.ngeom) if cell.model.geom_bodyid[geom] == body.id
                and cell.model.geom_contype[geom] == 0]
        (geom,) = seen
        mesh = cell.model.mesh(cell.model.geom_dataid[geom])
        start = int(mesh.vertadr[0])
        vertices = cell.model.mesh_vert[start:start + int(mesh.vertnum[0])]
        T_world_geom = np.eye(4)
        T_world_geom[:3, :3], T_world_geom[:3, 3] = cell.data.geom_xmat[geom].reshape(3, 3), cell.data.geom_xpos[geom]
        in_link = transform_points(invert_pose(cell.pose(link)) @ T_world_geom, vertices)
        np.testing.assert_allclose(
            [in_link.min(axis=0), in_link.max(axis=0)], description.surface(link)[0].bounds, atol=1e-5)


def test_cameras_see_hand_and_fingers_apart(cell):
    labels = np.concatenate([np.unique(cell.render(placement.name).segmentation) for placement in cell.scene.cameras])
    assert {label_of(0, part) for part in ('arm', 'hand', 'finger_left', 'finger_right')} <= set(labels)


def test_scene_carries_the_robot_and_old_ones_have_that_of_robot4d():
    scene = Scene.sample(TASK, 3, robot='panda')
    assert Scene.from_json(scene.to_json()).robot == 'panda'
    recipe = json.loads(scene.to_json())
    del recipe['robot']
    assert Scene.from_json(json.dumps(recipe)).robot == 'cell'


def test_robots_that_are_not_there_are_refused_by_name():
    with pytest.raises(RobotDescriptionError, match="no robot 'ur5e'; choose one of cell, panda"):
        Robot.shipped(1, 'ur5e')
    with pytest.raises(RobotDescriptionError, match="robot 'panda' has 1 arm, 2 are needed; choose 'cell'"):
        RobotCell(Scene('PlaceAppleFromBowlIntoBin', 0, (), robot='panda'))


def test_shipped_model_does_not_know_it():
    with pytest.raises(ModelError, match="does not know 'panda'; choose the engine oracle, or train one"):
        shipped_model('panda')


@pytest.mark.slow
def test_expert_does_the_task():
    trial = try_expert(TASK, 10000, robot='panda')
    assert trial.success, trial.ended


@pytest.mark.slow
def test_recording_knows_its_robot():
    episode, attributes = demonstrate(TASK, 1, 2, (80, 64), robot='panda')
    assert robot_of(attributes) is Robot.shipped(1, 'panda')
    assert Scene.from_json(attributes['scene']).to_json() == sample_scene(TASK, 1, 2, (80, 64), robot='panda').to_json()
    for step in (0, len(episode.times) // 2):
        state = recorded_robot(episode, robot_of(attributes), step, 0)
        (tool,) = robot_of(attributes).tools(state.joints)
        np.testing.assert_allclose(tool, episode.gripper_poses[step, 0], atol=1e-6)
        assert robot_of(attributes).openings(state.joints)[0] == pytest.approx(episode.opening[step, 0], abs=1e-6)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_oracle_puts_the_spatula_on_the_table():
    engine = OracleEngine()
    engine.start()
    trial = PolicyLoop(engine, TASK, 24, execute_steps=4, robot='panda').run_trial(
        Scene.sample(TASK, 10000, robot='panda'))
    engine.stop()
    assert trial.success, (trial.ended, trial.missing)
