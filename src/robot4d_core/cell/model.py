# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The MuJoCo model of a cell: the robot of a URDF, a task's objects, cameras and light."""

from __future__ import annotations

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.cell.tasks.task import Task
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.robot.robot import Robot

TIMESTEP = 0.002
NOSLIP_ITERATIONS = 3  # without them what leans or is held creeps: a spatula by 2 cm while a robot thinks for 10 s
ARM_STIFFNESS = np.array([4500.0, 4500, 3500, 3500, 2000, 2000, 2000])  # N m / rad
ARM_DAMPING = 0.1 * ARM_STIFFNESS  # N m s / rad
COMMAND_SMOOTHING = 0.02  # seconds, time constant of a filter that takes the steps out of periodic commands
ARM_ARMATURE = 0.1  # kg m^2, reflected inertia of the drives
FINGER_ARMATURE = 0.1  # kg
FINGER_STIFFNESS = 4000.0  # N / m
FINGER_DAMPING = 200.0  # N s / m; with the effort limit it bounds the closing speed
VISUAL_GROUP, COLLISION_GROUP = 1, 3
ROBOT_CONTACT, OBJECT_CONTACT, SECOND_ROBOT_CONTACT = 1, 2, 4


def build_model(robot: Robot, task: Task, cameras: tuple[CameraPlacement, ...]) -> mujoco.MjModel:
    """Compile the cell for a robot with as many arms as the task needs, the task and its cameras."""
    spec = robot.description.to_mujoco()
    _set_physics(spec)
    _separate_looks_from_contacts(spec, robot)
    _drive(spec, robot)
    task.add_objects(spec)
    _light(spec)
    for placement in cameras:
        _add_camera(spec, placement)
    spec.visual.global_.offwidth = max((p.camera.width for p in cameras), default=1)
    spec.visual.global_.offheight = max((p.camera.height for p in cameras), default=1)
    return spec.compile()


def _set_physics(spec: mujoco.MjSpec) -> None:
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    spec.option.noslip_iterations = NOSLIP_ITERATIONS


def _separate_looks_from_contacts(spec: mujoco.MjSpec, robot: Robot) -> None:
    """Let the arms and the objects touch each other; parts of one arm never do (the executor checks that)."""
    second = [link for arm in robot.arms[1:] for link in robot.description.links_of_arm(arm.joints)]
    for geom in spec.geoms:
        if geom.contype == 0:
            geom.group = VISUAL_GROUP
            continue
        geom.group = COLLISION_GROUP
        geom.condim = 4
        geom.friction = [2.0, 0.04, 0.0001]  # rubber pads
        name = geom.parent.name
        if name == 'table':
            geom.contype, geom.conaffinity = OBJECT_CONTACT, OBJECT_CONTACT | ROBOT_CONTACT
        elif name in second:
            geom.contype, geom.conaffinity = SECOND_ROBOT_CONTACT, OBJECT_CONTACT | ROBOT_CONTACT
        else:
            geom.contype, geom.conaffinity = ROBOT_CONTACT, OBJECT_CONTACT


def _drive(spec: mujoco.MjSpec, robot: Robot) -> None:
    for link in robot.links:
        spec.body(link).gravcomp = 1.0
    for arm, gripper in zip(robot.arms, robot.grippers, strict=True):
        for name, stiffness, damping in zip(arm.joints, ARM_STIFFNESS, ARM_DAMPING, strict=True):
            joint = spec.joint(name)
            joint.armature = ARM_ARMATURE
            _add_servo(spec, joint, stiffness, damping, COMMAND_SMOOTHING)
        for name in gripper.moving_joints:
            joint = spec.joint(name)
            joint.armature = FINGER_ARMATURE
            _add_servo(spec, joint, FINGER_STIFFNESS, FINGER_DAMPING, 0.0)
        first, *others = arm.gripper.finger_joints  # those that mimic them do so in MuJoCo, too
        for other in others:
            spec.add_equality(
                type=mujoco.mjtEq.mjEQ_JOINT, name1=first, name2=other, objtype=mujoco.mjtObj.mjOBJ_JOINT,
                data=[0, 1] + [0] * 10)


def _add_servo(
    spec: mujoco.MjSpec, joint: mujoco.MjsJoint, stiffness: float, damping: float, smoothing: float
) -> None:
    actuator = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    actuator.set_to_position(kp=stiffness, kv=damping, timeconst=smoothing)
    actuator.forcerange = joint.actfrcrange
    joint.actfrclimited = False


def _light(spec: mujoco.MjSpec) -> None:
    spec.visual.headlight.ambient = [0.35, 0.35, 0.35]
    spec.visual.headlight.diffuse = [0.25, 0.25, 0.25]
    spec.visual.headlight.specular = [0, 0, 0]
    spec.visual.map.znear = 0.02
    spec.visual.map.zfar = 10.0
    spec.stat.extent = 1.0
    spec.worldbody.add_light(
        pos=[0.5, -1.0, 2.5], dir=[-0.2, 0.4, -1.0], diffuse=[0.5, 0.5, 0.48], specular=[0.1, 0.1, 0.1],
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, castshadow=False,
    )
    spec.add_texture(
        name='floor', type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
        rgb1=[0.2, 0.22, 0.25], rgb2=[0.2, 0.22, 0.25], width=16, height=96,
    )


def _add_camera(spec: mujoco.MjSpec, placement: CameraPlacement) -> None:
    """Add a camera; MuJoCo's looks along -z with y up, an optical frame along z with y down."""
    rotation = placement.T_world_optical[:3, :3] @ np.diag([1.0, -1.0, -1.0])
    fovy = 2 * np.arctan(0.5 * placement.camera.height / placement.camera.fy)
    spec.worldbody.add_camera(
        name=placement.name, pos=placement.T_world_optical[:3, 3],
        quat=Rotation.from_matrix(rotation).as_quat()[[3, 0, 1, 2]], fovy=np.rad2deg(fovy),
    )
