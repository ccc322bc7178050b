# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The simulated robot cell."""

from __future__ import annotations

import mujoco
import numpy as np

from robot4d_core.cell.arms import HOME, HOME_BESIDE_ANOTHER
from robot4d_core.cell.cell_arm import CellArm
from robot4d_core.cell.model import build_model
from robot4d_core.cell.rendering import RenderedView, Renderer
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.tasks.by_name import make_task
from robot4d_core.episodes.segments import SEGMENTS, label_of
from robot4d_core.errors import SceneError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import optical_frame
from robot4d_core.geometry.poses import make_pose, quaternion_of
from robot4d_core.observation import Observation, RobotState, SimulatorState
from robot4d_core.robot.robot import Robot

HOME_JITTER = 0.03  # radians, standard deviation
SETTLING_TIME = 1.0  # seconds
MODEL_STATE = mujoco.mjtState.mjSTATE_INTEGRATION


class RobotCell:
    """A table, one or two arms with parallel grippers, a task's objects and cameras, simulated by MuJoCo.

    Everything is deterministic. One thread owns a cell, because rendering is bound to a thread.
    robot: the scene's, with as many arms as the task needs. Segmentation labels: SEGMENTS, then the task's objects.
    """

    def __init__(self, scene: Scene) -> None:
        """Build the cell. Raises SceneError for an unknown task, RobotDescriptionError as Robot.shipped does."""
        self.scene = scene
        self.task = make_task(scene.task)
        self._placements = {placement.name: placement for placement in scene.cameras}
        self.robot = Robot.shipped(self.task.arms, scene.robot)
        self.model = build_model(self.robot, self.task, scene.cameras)
        self.data = mujoco.MjData(self.model)
        home = HOME if self.task.arms == 1 else HOME_BESIDE_ANOTHER
        self.arms = tuple(
            CellArm(names, gripper, home, self.model, self.data)
            for names, gripper in zip(self.robot.arms, self.robot.grippers, strict=True))
        self._renderer: Renderer | None = None
        self.reset()

    def reset(self) -> None:
        """Go back to the start that the scene's seed draws: arms at home, grippers open, objects settled."""
        rng = np.random.default_rng([self.scene.seed, 1])
        mujoco.mj_resetData(self.model, self.data)
        for arm in self.arms:
            arm.put(arm.home + rng.normal(0, HOME_JITTER, 7))
        for name, pose in self.task.object_poses(rng, self.scene.held_out_objects).items():
            self.place(name, pose)
        self.advance(SETTLING_TIME)
        self.data.time = 0.0

    def place(self, name: str, pose: np.ndarray) -> None:
        """Put an object at T_world_object (4, 4), at rest."""
        joint = self.data.joint(name)
        joint.qpos[:3] = pose[:3, 3]
        joint.qpos[3:] = quaternion_of(pose)[[3, 0, 1, 2]]
        joint.qvel[:] = 0.0
        mujoco.mj_fwdPosition(self.model, self.data)

    def advance(self, seconds: float) -> None:
        """Simulate; the duration is rounded to whole time steps."""
        mujoco.mj_step(self.model, self.data, round(seconds / self.model.opt.timestep))
        mujoco.mj_fwdPosition(self.model, self.data)

    @property
    def time(self) -> float:
        """Simulated seconds since reset."""
        return self.data.time

    def state(self) -> np.ndarray:
        """Return all that the future depends on, (n,) float64."""
        state = np.empty(mujoco.mj_stateSize(self.model, MODEL_STATE))
        mujoco.mj_getState(self.model, self.data, state, MODEL_STATE)
        return state

    def restore(self, state: np.ndarray) -> None:
        """Go back to a state; the same commands then give bit-identical motion.

        Raises SceneError when the state is that of another task.
        """
        size = mujoco.mj_stateSize(self.model, MODEL_STATE)
        if np.shape(state) != (size,):
            raise SceneError(
                f"a state of task '{self.scene.task}' has {size} numbers, got shape {np.shape(state)}; "
                'restore it in a cell made from its own scene')
        mujoco.mj_setState(self.model, self.data, np.asarray(state, np.float64), MODEL_STATE)
        mujoco.mj_fwdPosition(self.model, self.data)

    def pose(self, body: str) -> np.ndarray:
        """Return T_world_body (4, 4) of a link or an object."""
        view = self.data.body(body)
        return make_pose(view.xmat.reshape(3, 3), view.xpos)

    def link_poses(self) -> dict[str, np.ndarray]:
        """Return T_world_link (4, 4) of every link of the robot description but the world itself, by name."""
        names = [self.model.body(i).name for i in range(1, self.model.nbody)]
        return {name: self.pose(name) for name in names if name not in self.task.objects}

    def contacts(self) -> set[frozenset[str]]:
        """Return the pairs of links and objects that touch, by name; 'world' is what a task has fixed to the table."""
        pairs = np.unique(self.model.geom_bodyid[self.data.contact.geom], axis=0)
        return {frozenset(self.model.body(body).name for body in pair) for pair in pairs}

    def speed(self, name: str) -> float:
        """Return how fast an object moves, in metres per second."""
        return float(np.linalg.norm(self.data.joint(name).qvel[:3]))

    def missing(self) -> tuple[str, ...]:
        """Return what keeps the task from being done, judged from the objects; nothing when it is done."""
        return self.task.missing(self)

    def success(self) -> bool:
        """Whether the task is done, judged from the objects."""
        return not self.missing()

    def render(self, camera_name: str) -> RenderedView:
        """Draw what a camera sees now.

        Raises SceneError when the scene has no such camera.
        """
        if camera_name not in self._placements:
            raise SceneError(f"no camera '{camera_name}' in the scene; it has: {', '.join(self._placements)}")
        if self._renderer is None:
            self._renderer = Renderer(self.model, self._body_labels())
        return self._renderer.render(self.data, self._placements[camera_name])

    def observe(self) -> Observation:
        """Render what every camera sees now, the reference camera first; with the state of robot and simulator."""
        views = []
        for placement in self.scene.cameras:
            view = self.render(placement.name)
            views.append(CameraView(placement.name, placement.camera, view.rgb, view.depth))
        return Observation(
            stamp=self.time, frame_id=optical_frame(self.scene.cameras[0].name), views=tuple(views),
            instruction=self.task.instruction, robot=self._robot_state(),
            simulator=SimulatorState(self.scene.to_json(), self.state()))

    def _robot_state(self) -> RobotState:
        joints = {}
        for arm in self.arms:
            joints |= zip(arm.names.joints, arm.positions.tolist())
            joints |= zip(arm.names.gripper.finger_joints, arm.finger_positions.tolist())
        return RobotState(joints, self.scene.cameras[0].T_world_optical)

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _body_labels(self) -> np.ndarray:
        labels = np.zeros(self.model.nbody, np.uint8)
        for i in range(self.model.nbody):
            labels[i] = self._label(self.model.body(i).name)
        return labels

    def _label(self, body: str) -> int:
        if body in self.task.objects:
            return len(SEGMENTS) + self.task.objects.index(body)
        for number, arm in enumerate(self.robot.arms):
            gripper = arm.gripper
            parts = dict(zip((gripper.hand, *gripper.fingers), ('hand', 'finger_left', 'finger_right'), strict=True))
            if body in parts:
                return label_of(number, parts[body])
            if body in self.robot.description.links_of_arm(arm.joints):
                return label_of(number, 'arm')
        return 0
