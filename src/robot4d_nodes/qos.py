# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The one place that names qualities of service.

Sensor-like topics are published reliable and subscribed best-effort, so that they connect to every driver (REP-2003 as
practised by image_pipeline and realsense-ros).
"""

from __future__ import annotations

from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
    qos_profile_system_default,
)


def _keep_last(
    depth: int,
    reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE,
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
) -> QoSProfile:
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability, durability=durability)


CAMERA = qos_profile_sensor_data
"""For subscribing to images and camera_info: best effort, connects to every publisher."""

CAMERA_SOURCE = _keep_last(5)
"""For publishing images and camera_info: reliable, connects to every subscriber."""

NEWEST = _keep_last(1)
"""For what is outdated by its successor and worthless to who comes late: clouds on show, a prediction to track."""

STATE = _keep_last(10)
"""For publishing small, frequent state, and for subscribing to that of robot4d."""

JOINT_STATES = _keep_last(10, reliability=ReliabilityPolicy.BEST_EFFORT)
"""For subscribing to joint states: connects to every publisher."""

TRANSFORMS = _keep_last(100, reliability=ReliabilityPolicy.BEST_EFFORT)
"""For subscribing to tf: connects to every publisher."""

LATCHED = _keep_last(1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""For what a late subscriber must still get: robot_description, the last gripper plan."""

PREDICTION = LATCHED
"""For predictions (tens of megabytes): reliable, only the newest is kept, a late RViz gets it."""

HEARTBEAT = _keep_last(1, reliability=ReliabilityPolicy.BEST_EFFORT)
"""For the e-stop heartbeat: only the newest counts, and every publisher must be heard."""

_BY_NAME = {
    'SENSOR_DATA': CAMERA,
    'SYSTEM_DEFAULT': qos_profile_system_default,
    'DEFAULT': _keep_last(10),
    'LATCHED': LATCHED,
}

NAMES = tuple(_BY_NAME)
"""What the `..._qos` parameters of the nodes accept."""


def named(name: str) -> QoSProfile:
    """Return the profile that a `..._qos` parameter names, one of NAMES."""
    return _BY_NAME[name]
