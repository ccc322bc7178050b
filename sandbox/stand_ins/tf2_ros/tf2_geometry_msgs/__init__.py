# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stand-in for ROS 2 Jazzy's tf2_geometry_msgs (Python, 0.36): applies transforms to geometry messages.

Importing it registers the stamped types with tf2_ros, so that `Buffer.transform` knows them.
"""

from __future__ import annotations

from tf2_geometry_msgs.tf2_geometry_msgs import (
    do_transform_point,
    do_transform_pose,
    do_transform_pose_stamped,
    do_transform_pose_with_covariance_stamped,
    do_transform_vector3,
    from_msg_msg,
    to_msg_msg,
    transform_covariance,
)

__all__ = [
    'do_transform_point',
    'do_transform_pose',
    'do_transform_pose_stamped',
    'do_transform_pose_with_covariance_stamped',
    'do_transform_vector3',
    'from_msg_msg',
    'to_msg_msg',
    'transform_covariance',
]
