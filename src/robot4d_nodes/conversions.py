# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Between the library's types and ROS messages.

What cameras send is understood by robot4d_core.sensors. Outgoing `data` fields are always filled by `byte_array`:
assigning a numpy array to them is 500 times slower.
"""

from __future__ import annotations

import array
from collections.abc import Sequence
from uuid import UUID

import numpy as np
import rclpy.time
import unique_identifier_msgs.msg
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, Pose, Quaternion, Transform, TransformStamped, Vector3
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField
from std_msgs.msg import Header

from robot4d.msg import GripperPath as GripperPathMessage
from robot4d.msg import GripperPlan as GripperPlanMessage
from robot4d.msg import GripperPlans
from robot4d.msg import PredictedView as PredictedViewMessage
from robot4d.msg import Prediction as PredictionMessage
from robot4d.msg import SimulatorState as SimulatorStateMessage
from robot4d_core.errors import CalibrationError, ImageError, ObservationError, PredictionError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import depth_in_millimetres
from robot4d_core.geometry.poses import pose_from_quaternion, quaternion_of
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.observation import SimulatorState
from robot4d_core.prediction import GripperPath, PredictedView, Prediction
from robot4d_core.sensors.camera_info import read_camera_info
from robot4d_core.sensors.images import raw_pixels

_POINT = np.dtype([('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('rgb', '<u4')])


def byte_array(values: np.ndarray) -> array.array:
    """Return the bytes of values, C-ordered, as the type that rclpy's `data` fields take without copying per item."""
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(values).tobytes())
    return data


def time_to_message(seconds: float) -> Time:
    """Return a stamp; seconds of the ROS clock."""
    whole, nanoseconds = divmod(round(seconds * 1e9), 10**9)
    return Time(sec=whole, nanosec=nanoseconds)


def time_from_message(stamp: Time) -> float:
    """Return seconds of the ROS clock."""
    return stamp.sec + stamp.nanosec * 1e-9


def moment(stamp: Time) -> rclpy.time.Time:
    """Return a stamp for tf; raises ObservationError for one before 1970, which rclpy does not know."""
    if stamp.sec < 0:
        raise ObservationError(f'a stamp of {time_from_message(stamp):.0f} s lies before 1970; see who stamps it so')
    return rclpy.time.Time.from_msg(stamp)


def duration_to_message(seconds: float) -> Duration:
    """Return a duration."""
    whole, nanoseconds = divmod(round(seconds * 1e9), 10**9)
    return Duration(sec=whole, nanosec=nanoseconds)


def duration_from_message(duration: Duration) -> float:
    """Return seconds."""
    return duration.sec + duration.nanosec * 1e-9


def header(stamp: float, frame_id: str) -> Header:
    """Return a header; stamp in seconds of the ROS clock."""
    return Header(stamp=time_to_message(stamp), frame_id=frame_id)


def uuid_to_message(uuid: UUID) -> unique_identifier_msgs.msg.UUID:
    """Return the message of a UUID."""
    return unique_identifier_msgs.msg.UUID(uuid=list(uuid.bytes))


def uuid_from_message(message: unique_identifier_msgs.msg.UUID) -> UUID:
    """Return the UUID of a message."""
    return UUID(bytes=bytes(message.uuid))


def pose_to_message(pose: np.ndarray) -> Pose:
    """Return the message of T (4, 4)."""
    x, y, z, w = quaternion_of(pose)
    return Pose(position=point_to_message(pose[:3, 3]), orientation=Quaternion(x=x, y=y, z=z, w=w))


def pose_from_message(message: Pose) -> np.ndarray:
    """Return T (4, 4); raises PoseError when it is not a rigid transform."""
    position, orientation = message.position, message.orientation
    return pose_from_quaternion(
        (position.x, position.y, position.z), (orientation.x, orientation.y, orientation.z, orientation.w))


def point_to_message(point: np.ndarray) -> Point:
    """Return the message of a point (3,) in metres."""
    x, y, z = map(float, point)
    return Point(x=x, y=y, z=z)


def transform_to_message(pose: np.ndarray, parent: str, child: str, stamp: float) -> TransformStamped:
    """Return the message of T_parent_child (4, 4); stamp in seconds of the ROS clock."""
    x, y, z = map(float, pose[:3, 3])
    qx, qy, qz, qw = quaternion_of(pose)
    return TransformStamped(
        header=header(stamp, parent), child_frame_id=child,
        transform=Transform(translation=Vector3(x=x, y=y, z=z), rotation=Quaternion(x=qx, y=qy, z=qz, w=qw)),
    )


def transform_from_message(message: TransformStamped) -> np.ndarray:
    """Return T_parent_child (4, 4); raises PoseError when it is not a rigid transform."""
    translation, rotation = message.transform.translation, message.transform.rotation
    return pose_from_quaternion(
        (translation.x, translation.y, translation.z), (rotation.x, rotation.y, rotation.z, rotation.w))


def image_to_message(image: np.ndarray, encoding: str, stamp: float, frame_id: str) -> Image:
    """Return an image message; image (H, W) or (H, W, C) in the dtype of the encoding."""
    return Image(
        header=header(stamp, frame_id), height=image.shape[0], width=image.shape[1], encoding=encoding,
        is_bigendian=0, step=image[0].nbytes, data=byte_array(image),
    )


def depth_to_message(depth: np.ndarray, stamp: float, frame_id: str) -> Image:
    """Return a 16UC1 image (millimetres, 0 invalid or beyond 65 m) of depth (H, W), metres, NaN invalid."""
    return image_to_message(depth_in_millimetres(depth), '16UC1', stamp, frame_id)


def camera_to_message(camera: PinholeCamera, stamp: float, frame_id: str) -> CameraInfo:
    """Return the camera_info of a rectified camera."""
    fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    return CameraInfo(
        header=header(stamp, frame_id), width=camera.width, height=camera.height,
        distortion_model='plumb_bob', d=[0.0] * 5, k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def simulator_state_from_message(message: SimulatorStateMessage) -> SimulatorState:
    """Return the simulator's state."""
    return SimulatorState(scene=message.scene, state=np.array(message.state))


def prediction_to_message(prediction: Prediction) -> PredictionMessage:
    """Return the message of a predicted 4-D video."""
    frame_id = prediction.frame_id
    stamps = prediction.stamp + prediction.time_from_start
    return PredictionMessage(
        header=header(prediction.stamp, frame_id), id=uuid_to_message(prediction.id), model=prediction.model,
        time_from_start=[duration_to_message(t) for t in prediction.time_from_start],
        views=[PredictedViewMessage(
            camera_name=view.name, camera_info=camera_to_message(view.camera, prediction.stamp, frame_id),
            images=_frames(view.rgb, 'rgb8', stamps, frame_id),
            pointmaps=_frames(view.pointmap, '32FC3', stamps, frame_id),
        ) for view in prediction.views],
        paths=[GripperPathMessage(
            gripper=path.gripper, poses=[pose_to_message(pose) for pose in path.poses],
            opening=path.opening.tolist(), closed=path.closed.tolist(),
        ) for path in prediction.paths],
    )


def _frames(video: np.ndarray, encoding: str, stamps: np.ndarray, frame_id: str) -> list[Image]:
    return [image_to_message(frame, encoding, t, frame_id) for frame, t in zip(video, stamps, strict=True)]


def prediction_from_message(message: PredictionMessage) -> Prediction:
    """Return the predicted 4-D video; raises PredictionError or CalibrationError when it contradicts itself."""
    views = []
    for view in message.views:
        camera = _pinhole(view.camera_info, f"prediction, view '{view.camera_name}'")
        views.append(PredictedView(
            name=view.camera_name, camera=camera,
            rgb=_video(view.images, 'rgb8', np.uint8, camera, view.camera_name),
            pointmap=_video(view.pointmaps, '32FC3', np.float32, camera, view.camera_name),
        ))
    return Prediction(
        stamp=time_from_message(message.header.stamp), frame_id=message.header.frame_id, views=tuple(views),
        time_from_start=np.array([duration_from_message(t) for t in message.time_from_start]),
        model=message.model, id=uuid_from_message(message.id),
        paths=tuple(GripperPath(
            path.gripper, np.array([pose_from_message(pose) for pose in path.poses]).reshape(-1, 4, 4),
            np.array(path.opening), np.array(path.closed, dtype=bool)) for path in message.paths),
    )


def _pinhole(info: CameraInfo, what: str) -> PinholeCamera:
    seen = read_camera_info(info, what)
    if seen.lens is not None:
        raise CalibrationError(f'{what}: images of a prediction must not be distorted')
    return seen.camera


def _video(images: Sequence[Image], encoding: str, dtype: type, camera: PinholeCamera, view: str) -> np.ndarray:
    """Return (T, H, W, 3); raises PredictionError."""
    for image in images:
        if (image.encoding, image.width, image.height) != (encoding, camera.width, camera.height):
            raise PredictionError(
                f"view '{view}': every frame must be {encoding}, {camera.width}x{camera.height}, got {image.encoding}, "
                f'{image.width}x{image.height}')
    try:
        frames = [raw_pixels(image, f"view '{view}'") for image in images]
    except ImageError as error:
        raise PredictionError(str(error)) from None
    return np.stack(frames) if frames else np.empty((0, camera.height, camera.width, 3), dtype)


def gripper_plans_to_message(plans: Sequence[GripperPlan]) -> GripperPlans:
    """Return the message of the plans of all grippers, at least one, made from one prediction."""
    first = plans[0]
    return GripperPlans(
        header=header(first.stamp, first.frame_id), prediction_id=uuid_to_message(first.prediction_id),
        model=first.model, lost=any(plan.lost for plan in plans),
        message='; '.join(plan.message for plan in plans if plan.message),
        plans=[GripperPlanMessage(
            gripper=plan.gripper, observed_pose=pose_to_message(plan.observed_pose),
            observed_closed=plan.observed_closed,
            time_from_start=[duration_to_message(t) for t in plan.time_from_start],
            poses=[pose_to_message(pose) for pose in plan.poses], opening=plan.opening.tolist(),
            closed=plan.closed.tolist(), confidence=plan.confidence.tolist(), source_view=list(plan.source_view),
            path_distance=[] if plan.path_distance is None else plan.path_distance.tolist(),
        ) for plan in plans],
    )


def gripper_plans_from_message(message: GripperPlans) -> tuple[GripperPlan, ...]:
    """Return the plans of all grippers; raises PoseError when a pose is not a rigid transform."""
    return tuple(GripperPlan(
        gripper=plan.gripper, stamp=time_from_message(message.header.stamp), frame_id=message.header.frame_id,
        prediction_id=uuid_from_message(message.prediction_id), model=message.model,
        time_from_start=np.array([duration_from_message(t) for t in plan.time_from_start]),
        poses=np.array([pose_from_message(pose) for pose in plan.poses]).reshape(-1, 4, 4),
        opening=np.array(plan.opening), closed=np.array(plan.closed, dtype=bool),
        confidence=np.array(plan.confidence), source_view=tuple(plan.source_view),
        observed_pose=pose_from_message(plan.observed_pose), observed_closed=plan.observed_closed,
        message=message.message, path_distance=np.array(plan.path_distance) if plan.path_distance else None,
    ) for plan in message.plans)


def cloud_to_message(points: np.ndarray, rgb: np.ndarray, stamp: float, frame_id: str) -> PointCloud2:
    """Return an organised, coloured cloud; points (H, W, 3) metres, NaN invalid; rgb (H, W, 3) uint8."""
    height, width = points.shape[:2]
    cloud = np.empty((height, width), _POINT)
    cloud['x'], cloud['y'], cloud['z'] = np.moveaxis(points, -1, 0)
    red, green, blue = np.moveaxis(rgb.astype(np.uint32), -1, 0)
    cloud['rgb'] = red << 16 | green << 8 | blue
    return PointCloud2(
        header=header(stamp, frame_id), height=height, width=width, is_bigendian=False, is_dense=False,
        point_step=_POINT.itemsize, row_step=_POINT.itemsize * width, data=byte_array(cloud),
        fields=[PointField(name=name, offset=offset, datatype=PointField.FLOAT32, count=1)
                for name, offset in (('x', 0), ('y', 4), ('z', 8), ('rgb', 12))],
    )
