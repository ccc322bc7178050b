# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The relative pose of two RGB-D cameras that look at the same scene, from the two images alone.

Two searches propose poses: matched SIFT features (views from nearby), and an exhaustive search over the three
unknowns that remain once the dominant plane, the table top, is found in both views (views from far apart). Every
proposal is refined by point-to-plane ICP and judged by what each camera would have seen if it were true. A pose
that the images do not support, or not clearly better than another one, is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.errors import RegistrationError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.geometry.registration.feature_proposals import propose_from_features
from robot4d_core.geometry.registration.judgement import judge
from robot4d_core.geometry.registration.plane_proposals import propose_from_planes
from robot4d_core.geometry.registration.prepared_cloud import prepare
from robot4d_core.geometry.registration.refinement import refine, stability
from robot4d_core.geometry.registration.same_pose import same_pose

REFINED_PROPOSALS = 8
MIN_SCORE = 0.05
MIN_INLIER_SHARE = 0.9
MIN_MARGIN = 0.15  # of the score
MIN_STABILITY = 0.001


@dataclass(frozen=True)
class CloudRegistration:
    """The pose of camera m in the frame of camera n, and how well the two images support it.

    T_n_m: (4, 4); inlier_share: share, in [0, 1], of the points in common view that lie where the other camera
    sees a surface; residual_m: their median distance from that surface, metres; score: inliers of like colour minus
    contradictions, 1 is perfect; margin: score above that of the next best, different pose; stability: how well the
    shapes in common view fix the pose in the direction they fix least, 0 for a bare plane.
    """

    T_n_m: np.ndarray
    inlier_share: float
    residual_m: float
    score: float
    margin: float
    stability: float


def register_clouds(view_n: CameraView, view_m: CameraView) -> CloudRegistration:
    """Find where camera m stands in the frame of camera n; no prior, any yaw about the dominant plane.

    Raises RegistrationError when no pose makes the two views agree, or when two different poses do equally well.
    """
    n, m = prepare(view_n), prepare(view_m)
    proposals = propose_from_features(view_n, view_m)
    if n.level is not None and m.level is not None:
        proposals += propose_from_planes(n, m)
    if not proposals:
        raise RegistrationError(
            f'cameras {view_n.name} and {view_m.name}: found neither matching features nor a table top in both '
            'views; point both cameras at the same part of the table'
        )
    proposals = sorted(proposals, key=lambda T: -judge(n, m, T).score)[:REFINED_PROPOSALS]
    refined = [refine(n, m, proposal) for proposal in proposals]
    judged = sorted(((judge(n, m, T), T) for T in refined), key=lambda found: -found[0].score)
    best, T_n_m = judged[0]
    margin = best.score - max((other.score for other, T in judged if not same_pose(T, T_n_m)), default=0.0)
    registration = CloudRegistration(
        T_n_m, best.inlier_share, best.residual_m, best.score, margin, stability(n, m, T_n_m))
    _refuse_if_doubtful(registration, view_n.name, view_m.name)
    return registration


def _refuse_if_doubtful(found: CloudRegistration, name_n: str, name_m: str) -> None:
    metres, radians = pose_distance(np.eye(4), found.T_n_m)
    where = (
        f'cameras {name_n} and {name_m}: the best guess, {metres:.2f} m and {np.degrees(radians):.0f} degrees apart,'
    )
    remedy = 'bring the cameras closer together, or put more distinct objects where both see them'
    if found.inlier_share < MIN_INLIER_SHARE:
        raise RegistrationError(
            f'{where} agrees in only {found.inlier_share:.0%} of the common view, needed '
            f'{MIN_INLIER_SHARE:.0%}; {remedy}'
        )
    if found.score < MIN_SCORE:
        raise RegistrationError(
            f'{where} leaves too little of like shape and colour in common view (score {found.score:.2f}, needed '
            f'{MIN_SCORE}); {remedy}'
        )
    if found.margin < MIN_MARGIN * found.score:
        raise RegistrationError(
            f'{where} is hardly better than a different pose (score {found.score:.2f}, ahead by {found.margin:.2f}, '
            f'needed {MIN_MARGIN * found.score:.2f}); {remedy}'
        )
    if found.stability < MIN_STABILITY:
        raise RegistrationError(
            f'{where} could slide without the shapes in common view noticing (stability {found.stability:.4f}, needed '
            f'{MIN_STABILITY}); {remedy}'
        )
