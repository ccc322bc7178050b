# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The simulated robot cell."""

from __future__ import annotations

import mujoco
import numpy as np

from robot4d_core.cell.model import ARM_DAMPING, ARM_STIFFNESS, COMMAND_SMOOTHING, build_model
from robot4d_core.cell.rendering import RenderedView, Renderer
from robot4d_core.cell.robot import ARM_JOINTS, FINGER_JOINTS, FINGERS, HAND, HOME, OPEN, TCP
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.tasks import make_task
from robot4d_core.errors import SceneError
from robot4d_core.geometry.poses import make_pose, quaternion_of

HOME_JITTER = 0.03  # radians, standard deviation
SETTLING_TIME = 1.0  # seconds
MODEL_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
SERVO_LAG = ARM_DAMPING / ARM_STIFFNESS + COMMAND_SMOOTHING  # seconds, of each joint behind its command
LABELS = {'arm': 1, HAND: 2, FINGERS[0]: 3, FINGERS[1]: 4}
FIRST_OBJECT_LABEL = 5


class RobotCell:
    """A table, an arm with a parallel gripper, a task's objects and cameras, simulated by MuJoCo.

    The arm follows position commands with velocity feed-forward, gravity compensated, within the effort limits of the
    robot description. Everything is deterministic. One thread owns a cell, because rendering is bound to a thread.
    home_pose: T_world_tcp (4, 4) where the arm rests before and after a task.
    Segmentation labels: 0 background and table, 1 arm, 2 hand, 3 and 4 left and right finger, 5... the task's objects.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.task = make_task(scene.task)
        self._placements = {placement.name: placement for placement in scene.cameras}
        self.model = build_model(self.task, scene.cameras)
        self.data = mujoco.MjData(self.model)
        self._arm = np.array([self.model.joint(name).qposadr[0] for name in ARM_JOINTS])
        self._arm_velocity = np.array([self.model.joint(name).dofadr[0] for name in ARM_JOINTS])
        self._fingers = np.array([self.model.joint(name).qposadr[0] for name in FINGER_JOINTS])
        self._renderer: Renderer | None = None
        self.home_pose = self._tcp_at_home()
        self.reset()

    def reset(self) -> None:
        """Go back to the start that the scene's seed draws: arm at home, gripper open, objects settled."""
        rng = np.random.default_rng([self.scene.seed, 1])
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[self._arm] = HOME + rng.normal(0, HOME_JITTER, 7)
        self.data.qpos[self._fingers] = OPEN / 2
        for name, pose in self.task.object_poses(rng).items():
            self.place(name, pose)
        self.command_arm(self.arm_positions)
        self.data.act[:] = self.arm_positions
        self.command_gripper(OPEN)
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

    @property
    def arm_positions(self) -> np.ndarray:
        """Joint angles (7,) in radians."""
        return self.data.qpos[self._arm].copy()

    @property
    def arm_velocities(self) -> np.ndarray:
        """Joint velocities (7,) in radians per second."""
        return self.data.qvel[self._arm_velocity].copy()

    @property
    def gripper_opening(self) -> float:
        """Metres between the finger pads."""
        return float(self.data.qpos[self._fingers].sum())

    @property
    def arm_commands(self) -> np.ndarray:
        """The joint angles (7,) in radians that the arm's servos follow."""
        return self.data.ctrl[:7].copy()

    def command_arm(self, positions: np.ndarray, velocities: np.ndarray | None = None) -> None:
        """Set what the arm's servos follow: positions (7,) rad, and velocities (7,) rad/s unless at rest."""
        feed_forward = 0.0 if velocities is None else SERVO_LAG * velocities
        self.data.ctrl[:7] = positions + feed_forward

    def command_gripper(self, opening: float) -> None:
        """Set the distance between the finger pads to reach, in metres."""
        self.data.ctrl[7:9] = opening / 2

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

    def gripper_pose(self) -> np.ndarray:
        """Return T_world_tcp (4, 4)."""
        return self.pose(TCP)

    def pose(self, body: str) -> np.ndarray:
        """Return T_world_body (4, 4) of a link or an object."""
        view = self.data.body(body)
        return make_pose(view.xmat.reshape(3, 3), view.xpos)

    def link_poses(self) -> dict[str, np.ndarray]:
        """Return T_world_link (4, 4) of every link of the robot description but the world itself, by name."""
        names = [self.model.body(i).name for i in range(1, self.model.nbody)]
        return {name: self.pose(name) for name in names if name not in self.task.objects}

    def speed(self, name: str) -> float:
        """Return how fast an object moves, in metres per second."""
        return float(np.linalg.norm(self.data.joint(name).qvel[:3]))

    def fingers_touching(self, name: str) -> int:
        """Return how many of the two fingers touch an object."""
        body = self.model.body(name).id
        pairs = self.model.geom_bodyid[self.data.contact.geom]
        return sum(
            bool(((pairs == body).any(axis=1) & (pairs == self.model.body(finger).id).any(axis=1)).any())
            for finger in FINGERS
        )

    def success(self) -> bool:
        """Whether the task is done, judged from the objects."""
        return bool(self.task.success(self))

    def render(self, camera_name: str) -> RenderedView:
        """Draw what a camera sees now.

        Raises SceneError when the scene has no such camera.
        """
        if camera_name not in self._placements:
            raise SceneError(f"no camera '{camera_name}' in the scene; it has: {', '.join(self._placements)}")
        if self._renderer is None:
            self._renderer = Renderer(self.model, self._body_labels())
        return self._renderer.render(self.data, self._placements[camera_name])

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _tcp_at_home(self) -> np.ndarray:
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[self._arm] = HOME
        mujoco.mj_kinematics(self.model, self.data)
        return self.gripper_pose()

    def _body_labels(self) -> np.ndarray:
        labels = np.zeros(self.model.nbody, np.uint8)
        for i in range(self.model.nbody):
            name = self.model.body(i).name
            labels[i] = LABELS['arm'] if name.startswith('arm_') else LABELS.get(name, 0)
        for label, name in enumerate(self.task.objects, FIRST_OBJECT_LABEL):
            labels[self.model.body(name).id] = label
        return labels
