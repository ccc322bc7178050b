# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How RViz shows the ways of grippers: those imagined, those planned, and where each gripper is now."""

from __future__ import annotations

from collections.abc import Sequence

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.prediction import Prediction
from robot4d_core.viewer.gripper_line import GripperLine, imagined_lines, planned_lines
from robot4d_nodes.conversions import duration_to_message, point_to_message, pose_to_message

_OPEN, _CLOSED = ColorRGBA(r=0.2, g=0.9, b=0.3, a=0.8), ColorRGBA(r=0.95, g=0.3, b=0.2, a=0.8)


def gripper_markers(
    prediction: Prediction, plans: Sequence[GripperPlan], step: int, stamp: Time, lifetime: float
) -> MarkerArray:
    """Return the markers of all grippers at the given step (from 0); lifetime in seconds.

    plans: of this prediction, none before they are known. The namespaces are `imagined`, `planned` and `gripper`. The
    array begins with DELETEALL, so that nothing of an earlier prediction remains.
    """
    header = Header(stamp=stamp, frame_id=prediction.frame_id)
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    for namespace, shapes in (
        ('imagined', map(_line, imagined_lines(prediction))), ('planned', map(_line, planned_lines(plans))),
        ('gripper', (_gripper(plan, step) for plan in plans)),
    ):
        for shape in shapes:
            shape.header, shape.ns, shape.id = header, namespace, len(markers)
            shape.lifetime = duration_to_message(lifetime)
            markers.append(shape)
    return MarkerArray(markers=markers)


def _line(line: GripperLine) -> Marker:
    segments, colours = line.segments()
    marker = Marker(type=Marker.LINE_LIST, scale=Vector3(x=line.width))
    marker.pose.orientation.w = 1.0
    marker.points = [point_to_message(end) for segment in segments for end in segment]
    for red, green, blue in (colours / 255.0).tolist():
        marker.colors += [ColorRGBA(r=red, g=green, b=blue, a=1.0)] * 2
    return marker


def _gripper(plan: GripperPlan, step: int) -> Marker:
    return Marker(
        type=Marker.CUBE, pose=pose_to_message(plan.poses[step]), color=_CLOSED if plan.closed[step] else _OPEN,
        scale=Vector3(x=0.02, y=max(float(plan.opening[step]), 0.005), z=0.02))
