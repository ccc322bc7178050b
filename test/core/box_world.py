# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A world of coloured boxes seen by ray casting: RGB-D images and 4-D videos whose truth is known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose, look_at, make_pose
from robot4d_core.observation import Observation
from robot4d_core.prediction import PredictedView, Prediction
from robot4d_core.robot.names import GripperNames

CAMERA = PinholeCamera.from_field_of_view(np.deg2rad(50), 320, 256)

GRIPPER_URDF = """
<robot name="test_gripper">
  <link name="gripper_hand">
    <visual>
      <origin xyz="0 0 0.02"/><geometry><box size="0.07 0.18 0.08"/></geometry>
      <material name="orange"><color rgba="1 0.5 0 1"/></material>
    </visual>
  </link>
  <link name="gripper_finger_left">
    <visual>
      <origin xyz="0 0.008 0.03"/><geometry><box size="0.02 0.016 0.06"/></geometry>
      <material name="magenta"><color rgba="0.9 0.1 0.6 1"/></material>
    </visual>
  </link>
  <link name="gripper_finger_right">
    <visual>
      <origin xyz="0 -0.008 0.03"/><geometry><box size="0.02 0.016 0.06"/></geometry>
      <material name="cyan"><color rgba="0.1 0.7 0.8 1"/></material>
    </visual>
  </link>
  <link name="gripper_tcp"/>
  <joint name="left" type="prismatic">
    <parent link="gripper_hand"/><child link="gripper_finger_left"/>
    <origin xyz="0 0 0.06"/><axis xyz="0 1 0"/><limit lower="0" upper="0.04" velocity="1" effort="1"/>
  </joint>
  <joint name="right" type="prismatic">
    <parent link="gripper_hand"/><child link="gripper_finger_right"/>
    <origin xyz="0 0 0.06"/><axis xyz="0 -1 0"/><limit lower="0" upper="0.04" velocity="1" effort="1"/>
  </joint>
  <joint name="tcp" type="fixed">
    <parent link="gripper_hand"/><child link="gripper_tcp"/><origin xyz="0 0 0.1"/>
  </joint>
</robot>
"""


GRIPPER = GripperNames(
    'gripper', 'gripper_hand', ('gripper_finger_left', 'gripper_finger_right'), ('left', 'right'), 'gripper_tcp')


@dataclass(frozen=True)
class Box:
    """A box at T_world_box with edge lengths size (3,) metres; texture: side of its checkers in metres, 0 is plain."""

    pose: np.ndarray
    size: tuple[float, float, float]
    colour: tuple[int, int, int]
    texture: float = 0.0


def render(boxes: list[Box], T_world_camera: np.ndarray, camera: PinholeCamera = CAMERA) -> tuple:
    """Return rgb (H, W, 3) uint8 and depth (H, W) float32 metres, NaN where no box is."""
    directions = camera.rays.reshape(-1, 3).astype(float)
    nearest = np.full(len(directions), np.inf)
    rgb = np.full((len(directions), 3), 30.0)
    for box in boxes:
        T_box_camera = invert_pose(box.pose) @ T_world_camera
        origin, rays = T_box_camera[:3, 3], directions @ T_box_camera[:3, :3].T
        half = np.asarray(box.size) / 2
        with np.errstate(divide='ignore', invalid='ignore'):
            near, far = np.sort(np.stack([(-half - origin) / rays, (half - origin) / rays]), axis=0)
        entry, leave = near.max(axis=1), far.min(axis=1)
        hit = (entry > 0) & (entry <= leave) & (entry < nearest)
        nearest[hit] = entry[hit]
        shade = np.array([0.8, 0.65, 1.0])[near[hit].argmax(axis=1)]
        if box.texture:
            place = origin + rays[hit] * entry[hit, None]
            cells = np.floor(place / box.texture).astype(int) @ [73, 19, 7]
            shade = shade * (0.6 + 0.4 * ((cells * 2654435761) >> 7 & 1))
        rgb[hit] = np.outer(shade, box.colour)
    depth = np.where(np.isfinite(nearest), nearest, np.nan).astype(np.float32)
    shape = (camera.height, camera.width)
    return rgb.reshape(*shape, 3).astype(np.uint8), depth.reshape(shape)


def view(name: str, boxes: list[Box], T_world_camera: np.ndarray, camera: PinholeCamera = CAMERA) -> CameraView:
    """Return what a camera sees."""
    return CameraView(name, camera, *render(boxes, T_world_camera, camera))


def camera_pose(yaw_degrees: float, distance: float = 1.0, height: float = 0.75, target=(0.0, 0.0, 0.05)) -> np.ndarray:
    """Return T_world_camera of a camera that looks at the table centre from a yaw about the table normal."""
    yaw = np.deg2rad(yaw_degrees)
    reach = np.sqrt(distance**2 - height**2)
    return look_at((reach * np.cos(yaw), reach * np.sin(yaw), height), target)


def table_scene(seed: int, texture: float = 0.09) -> list[Box]:
    """Return a table with a post and a few boxes of random size, colour and place."""
    random = np.random.default_rng(seed)
    boxes = [
        Box(make_pose(np.eye(3), (0, 0, -0.02)), (1.6, 1.8, 0.04), (190, 170, 140), texture),
        Box(make_pose(np.eye(3), (-0.45, 0.0, 0.35)), (0.14, 0.12, 0.7), (210, 215, 225)),
        Box(make_pose(np.eye(3), (-0.28, 0.02, 0.62)), (0.4, 0.1, 0.1), (90, 95, 110)),
    ]
    for _ in range(5):
        size = random.uniform(0.04, 0.15, 3)
        place = (*random.uniform(-0.28, 0.28, 2), size[2] / 2)
        pose = make_pose(Rotation.from_rotvec([0, 0, random.uniform(0, 3)]), place)
        boxes.append(Box(pose, tuple(size), tuple(random.integers(40, 255, 3))))
    return boxes


def gripper(T_world_tcp: np.ndarray, opening: float) -> list[Box]:
    """Return the gripper of GRIPPER_URDF."""
    def at(*offset):
        return T_world_tcp @ make_pose(np.eye(3), offset)
    return [
        Box(at(0, 0, -0.08), (0.07, 0.18, 0.08), (255, 128, 0)),
        Box(at(0, opening / 2 + 0.008, -0.01), (0.02, 0.016, 0.06), (230, 25, 153)),
        Box(at(0, -opening / 2 - 0.008, -0.01), (0.02, 0.016, 0.06), (25, 178, 204)),
    ]


def observe(boxes: list[Box], cameras: dict[str, np.ndarray], camera: PinholeCamera = CAMERA) -> Observation:
    """Return the observation of cameras {name: T_world_camera}, the first of which is the reference."""
    views = tuple(view(name, boxes, pose, camera) for name, pose in cameras.items())
    return Observation(12.5, f'{views[0].name}_color_optical_frame', views)


def predict(
    frames: list[list[Box]], cameras: dict[str, np.ndarray], camera: PinholeCamera = CAMERA, interval: float = 0.5
) -> Prediction:
    """Return the perfect prediction of a sequence of worlds, all points in the frame of the first camera."""
    T_reference_world = invert_pose(next(iter(cameras.values())))
    views = []
    for name, T_world_camera in cameras.items():
        images = [render(boxes, T_world_camera, camera) for boxes in frames]
        pointmap = np.stack([pointmap_from_depth(depth, camera) for _, depth in images])
        pointmap = transform_points(T_reference_world @ T_world_camera, pointmap)
        views.append(PredictedView(name, camera, np.stack([rgb for rgb, _ in images]), pointmap))
    times = interval * np.arange(1, len(frames) + 1)
    return Prediction(12.5, f'{views[0].name}_color_optical_frame', times, tuple(views), 'truth')
