# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the cameras of a recording stand.

Training pairs the views by their poses, so the pose of every camera is needed here. At run time only the reference
camera has an extrinsic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot4d_core.episodes.bags.importing.timeline import Timeline
from robot4d_core.errors import TransformError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import depth_in_metres
from robot4d_core.geometry.poses import pose_distance

STILL = (0.005, np.deg2rad(0.5))  # a fixed camera moves less: metres, rad


def camera_poses(
    timeline: Timeline, images: dict[str, np.ndarray], intrinsics: Sequence[PinholeCamera]
) -> np.ndarray:
    """Return T_base_camera (C, 4, 4): from tf, or for cameras that tf does not hold from the images of the first step.

    Raises TransformError when a camera moves, RegistrationError when the images do not tell where it stands.
    """
    poses: list[np.ndarray] = []
    for index, camera in enumerate(timeline.recording.cameras):
        if camera in timeline.located:
            poses.append(_fixed_pose(timeline, camera.name))
        else:
            from robot4d_core.geometry.registration.register_clouds import register_clouds

            first, other = (
                CameraView(timeline.recording.cameras[k].name, intrinsics[k], images['rgb'][k, 0],
                           depth_in_metres(images['depth'][k, 0], '16UC1'))
                for k in (0, index))
            poses.append(poses[0] @ register_clouds(first, other).T_n_m)
    return np.stack(poses)


def _fixed_pose(timeline: Timeline, camera: str) -> np.ndarray:
    frame = timeline.recording.colour[camera].frame_id
    first, last = timeline.pose(frame, 0), timeline.pose(frame, -1)
    moved = pose_distance(first, last)
    if any(distance > limit for distance, limit in zip(moved, STILL, strict=True)):
        raise TransformError(
            f"camera '{camera}' ({frame}) moves by {moved[0]:.3f} m and {np.rad2deg(moved[1]):.1f} degrees; "
            'only fixed cameras can be imported, leave this one out with --cameras FILE')
    return first
