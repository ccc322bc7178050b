# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How RViz shows a gripper's path: a line coloured by time, axes at every step, and where the gripper is now."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from robot4d.msg import GripperPlan, GripperPlans
from robot4d_nodes.conversions import duration_to_message, point_to_message, pose_from_message

_LINE_WIDTH = 0.004  # metres
_AXIS_LENGTH = 0.03  # metres
_AXIS_WIDTH = 0.002  # metres
_OPEN, _CLOSED = ColorRGBA(r=0.2, g=0.9, b=0.3, a=0.8), ColorRGBA(r=0.95, g=0.3, b=0.2, a=0.8)


def markers_of_plans(plans: GripperPlans, step: int, stamp: Time, lifetime: float) -> MarkerArray:
    """Return the markers of all paths, gripper at the given step (from 0); lifetime in seconds.

    The array begins with DELETEALL, so that nothing of an earlier path remains.
    """
    header = Header(stamp=stamp, frame_id=plans.header.frame_id)
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    for plan in plans.plans:
        for shape in (_path(plan), _axes(plan), _gripper(plan, step)):
            shape.header, shape.ns, shape.id = header, plan.gripper, len(markers)
            shape.pose.orientation.w = shape.pose.orientation.w or 1.0
            shape.lifetime = duration_to_message(lifetime)
            markers.append(shape)
    return MarkerArray(markers=markers)


def _path(plan: GripperPlan) -> Marker:
    early, late = np.array([0.2, 0.5, 1.0]), np.array([1.0, 0.3, 0.8])
    return Marker(
        type=Marker.LINE_STRIP, scale=Vector3(x=_LINE_WIDTH), points=[pose.position for pose in plan.poses],
        colors=[_colour((1 - age) * early + age * late) for age in np.linspace(0, 1, len(plan.poses))])


def _axes(plan: GripperPlan) -> Marker:
    marker = Marker(type=Marker.LINE_LIST, scale=Vector3(x=_AXIS_WIDTH))
    for pose in plan.poses:
        transform = pose_from_message(pose)
        for axis in range(3):
            tip: Point = point_to_message(transform[:3, 3] + _AXIS_LENGTH * transform[:3, axis])
            marker.points += [pose.position, tip]
            marker.colors += [_colour(np.eye(3)[axis])] * 2
    return marker


def _gripper(plan: GripperPlan, step: int) -> Marker:
    step = min(step, len(plan.poses) - 1)
    return Marker(
        type=Marker.CUBE, pose=plan.poses[step], color=_CLOSED if plan.closed[step] else _OPEN,
        scale=Vector3(x=0.02, y=max(plan.opening[step], 0.005), z=0.02))


def _colour(rgb: np.ndarray) -> ColorRGBA:
    red, green, blue = map(float, rgb)
    return ColorRGBA(r=red, g=green, b=blue, a=1.0)
