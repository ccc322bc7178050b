# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Applies transforms to points, vectors and poses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import tf2_ros
from geometry_msgs.msg import (
    Point,
    PointStamped,
    Pose,
    PoseStamped,
    PoseWithCovarianceStamped,
    Quaternion,
    TransformStamped,
    Vector3,
    Vector3Stamped,
)
from tf2_py.rigid_transform import RigidTransform

Message = TypeVar('Message')


def to_msg_msg(msg: Message) -> Message:
    """Return the message: it is one already."""
    return msg


def from_msg_msg(msg: Message) -> Message:
    """Return the message: nothing else is wanted."""
    return msg


def do_transform_point(point: PointStamped, transform: TransformStamped) -> PointStamped:
    """Return the point in the transform's parent frame, with the transform's header."""
    moved = _of_transform(transform) @ RigidTransform(translation=_xyz(point.point))
    return PointStamped(header=transform.header, point=_filled(Point, moved.translation))


def do_transform_vector3(vector3: Vector3Stamped, transform: TransformStamped) -> Vector3Stamped:
    """Return the vector in the transform's parent frame, turned but not moved, with the transform's header."""
    rotation = RigidTransform(rotation=_of_transform(transform).rotation)
    turned = rotation @ RigidTransform(translation=_xyz(vector3.vector))
    return Vector3Stamped(header=transform.header, vector=_filled(Vector3, turned.translation))


def do_transform_pose(pose: Pose, transform: TransformStamped) -> Pose:
    """Return the pose in the transform's parent frame; the orientation's w is not negative."""
    moved = _of_transform(transform) @ RigidTransform(_unit(pose.orientation), _xyz(pose.position))
    sign = -1.0 if moved.rotation[3] < 0 else 1.0
    x, y, z, w = (sign * part for part in moved.rotation)
    return Pose(position=_filled(Point, moved.translation), orientation=Quaternion(x=x, y=y, z=z, w=w))


def do_transform_pose_stamped(pose: PoseStamped, transform: TransformStamped) -> PoseStamped:
    """Return the pose in the transform's parent frame, with the transform's header."""
    return PoseStamped(header=transform.header, pose=do_transform_pose(pose.pose, transform))


def do_transform_pose_with_covariance_stamped(
    pose: PoseWithCovarianceStamped, transform: TransformStamped
) -> PoseWithCovarianceStamped:
    """Return the pose and its covariance in the transform's parent frame, with the transform's header."""
    moved = PoseWithCovarianceStamped(header=transform.header)
    moved.pose.pose = do_transform_pose(pose.pose.pose, transform)
    moved.pose.covariance = transform_covariance(pose.pose.covariance, transform)
    return moved


def transform_covariance(cov_in: Sequence[float], transform: TransformStamped) -> np.ndarray:
    """Return a covariance of position and rotation ((36,), row by row) with both turned by the transform."""
    rotation = np.kron(np.eye(2), _matrix(_of_transform(transform)))
    return (rotation @ np.reshape(cov_in, (6, 6)) @ rotation.T).ravel()


def _of_transform(stamped: TransformStamped) -> RigidTransform:
    return RigidTransform(_unit(stamped.transform.rotation), _xyz(stamped.transform.translation))


def _unit(q: Quaternion) -> tuple[float, float, float, float]:
    """Return the unit quaternion of the same rotation; none for the zero quaternion."""
    parts = np.array([q.x, q.y, q.z, q.w])
    length = np.linalg.norm(parts)
    return tuple((parts / length).tolist()) if length**2 > np.finfo(float).eps else (0.0, 0.0, 0.0, 1.0)


def _matrix(transform: RigidTransform) -> np.ndarray:
    axes = [(transform @ RigidTransform(translation=axis)).translation for axis in np.eye(3).tolist()]
    return (np.array(axes) - transform.translation).T


def _xyz(vector: Point | Vector3) -> tuple[float, float, float]:
    return vector.x, vector.y, vector.z


def _filled(message_type: type[Message], xyz: tuple[float, float, float]) -> Message:
    x, y, z = xyz
    return message_type(x=x, y=y, z=z)


for _type, _function in {
    PointStamped: do_transform_point,
    Vector3Stamped: do_transform_vector3,
    PoseStamped: do_transform_pose_stamped,
    PoseWithCovarianceStamped: do_transform_pose_with_covariance_stamped,
}.items():
    tf2_ros.TransformRegistration().add(_type, _function)
    tf2_ros.ConvertRegistration().add_to_msg(_type, to_msg_msg)
    tf2_ros.ConvertRegistration().add_from_msg(_type, from_msg_msg)
