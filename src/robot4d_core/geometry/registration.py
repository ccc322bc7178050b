# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The relative pose of two RGB-D cameras that look at the same scene, from the two images alone.

Two searches propose poses: matched SIFT features (views from nearby), and an exhaustive search over the three
unknowns that remain once the dominant plane, the table top, is found in both views (views from far apart). Every
proposal is refined by point-to-plane ICP and judged by what each camera would have seen if it were true. A pose
that the images do not support, or not clearly better than another one, is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import small_gicp
from scipy import fft
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from robot4d_core.errors import RegistrationError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points, valid_points
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.geometry.rigid_fit import fit_points, least_constrained, plane_step

MAX_RANGE = 4.0  # metres; consumer depth beyond is noise
SAMPLE_SPACING = 0.015  # metres between the points that are aligned and judged
PLANE_TOLERANCE = 0.012  # metres
SEARCH_CELL = 0.025  # metres
SEARCH_RADIUS = 1.6  # metres about the middle of what a view sees of the plane
SEARCH_YAW_STEP = np.deg2rad(5.0)
DISTINCT = (0.06, np.deg2rad(6.0))  # poses nearer than this are one answer
REFINED_PROPOSALS = 8
COLOUR_TOLERANCE = 0.2  # mean difference of colour in [0, 1] at which likeness turns into unlikeness
EXPOSURE_GAIN = (0.7, 1.4)
MIN_SCORE = 0.05
MIN_INLIER_SHARE = 0.9
MIN_MARGIN = 0.15  # of the score
MIN_STABILITY = 0.001
FINEST_REACH = 0.012  # metres


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


@dataclass(frozen=True)
class _Cloud:
    """A view prepared for registration; points are sampled evenly in space.

    points, normals: (N, 3); colours: (N, 3) in [0, 1]; weights: (N,), sum 1; level: T_level_camera or None, where the
    level frame has its origin on the dominant plane below the camera and z towards the camera; smooth: (H, W, 3)
    blurred colours in [0, 1]; nearest, farthest: (H, W) depth bounds of each pixel's neighbourhood, metres.
    """

    view: CameraView
    points: np.ndarray
    tree: cKDTree
    normals: np.ndarray
    colours: np.ndarray
    weights: np.ndarray
    level: np.ndarray | None
    smooth: np.ndarray
    nearest: np.ndarray
    farthest: np.ndarray


def register_clouds(view_n: CameraView, view_m: CameraView) -> CloudRegistration:
    """Find where camera m stands in the frame of camera n; no prior, any yaw about the dominant plane.

    Raises RegistrationError when no pose makes the two views agree, or when two different poses do equally well.
    """
    n, m = _prepare(view_n), _prepare(view_m)
    proposals = _propose_from_features(view_n, view_m)
    if n.level is not None and m.level is not None:
        proposals += _propose_from_planes(n, m)
    if not proposals:
        raise RegistrationError(
            f'cameras {view_n.name} and {view_m.name}: found neither matching features nor a table top in both '
            'views; point both cameras at the same part of the table'
        )
    proposals = sorted(proposals, key=lambda T: -_judge(n, m, T)[0])[:REFINED_PROPOSALS]
    refined = [_refine(n, m, proposal) for proposal in proposals]
    judged = sorted(((*_judge(n, m, T), T) for T in refined), key=lambda found: -found[0])
    score, inlier_share, residual, T_n_m = judged[0]
    rivals = [other[0] for other in judged if not _same_pose(other[3], T_n_m)]
    margin = score - max(rivals, default=0.0)
    registration = CloudRegistration(T_n_m, inlier_share, residual, score, margin, _stability(n, m, T_n_m))
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


def _same_pose(a: np.ndarray, b: np.ndarray) -> bool:
    metres, radians = pose_distance(a, b)
    return metres < DISTINCT[0] and radians < DISTINCT[1]


def _prepare(view: CameraView) -> _Cloud:
    pointmap = pointmap_from_depth(np.where(view.depth < MAX_RANGE, view.depth, np.nan), view.camera)
    seen = pointmap[valid_points(pointmap)].astype(np.float64)
    if len(seen) < 500:
        raise RegistrationError(
            f'camera {view.name}: only {len(seen)} pixels have a depth below {MAX_RANGE} m; check the depth stream'
        )
    cloud = small_gicp.voxelgrid_sampling(seen, SAMPLE_SPACING)
    small_gicp.estimate_normals(cloud, num_neighbors=12)
    points, normals = cloud.points()[:, :3], cloud.normals()[:, :3]
    normals = normals * -np.sign(np.einsum('ij,ij->i', normals, points))[:, None]
    smooth = cv2.blur(view.rgb, (5, 5)) / 255.0
    columns, rows = _pixels(view, points)
    colours = smooth[rows, columns]
    level = _find_plane(points)
    heights = transform_points(level, points)[:, 2] if level is not None else np.zeros(len(points))
    weights = _distinctiveness(heights, colours)
    hole, around = np.isnan(view.depth), np.ones((3, 3))
    nearest = np.where(hole, np.nan, cv2.erode(np.where(hole, np.inf, view.depth), around))
    farthest = np.where(hole, np.nan, cv2.dilate(np.where(hole, 0.0, view.depth), around))
    weights /= weights.sum()
    return _Cloud(view, points, cKDTree(points), normals, colours, weights, level, smooth, nearest, farthest)


def _distinctiveness(heights: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Weigh points (N,) by how rare their height and colour are: a table full of equal points says little."""
    kinds = np.column_stack([np.rint(heights / 0.05), np.rint(colours * 5)]).astype(int)
    _, kind, count = np.unique(kinds, axis=0, return_inverse=True, return_counts=True)
    return 1 / np.sqrt(count[kind.ravel()])


def _pixels(view: CameraView, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    columns, rows = np.rint(view.camera.project(points)).astype(int).T
    return columns.clip(0, view.camera.width - 1), rows.clip(0, view.camera.height - 1)


def _find_plane(points: np.ndarray) -> np.ndarray | None:
    """Return T_level_camera of the plane that holds most points (N, 3), or None when none holds a fifth of them."""
    random = np.random.default_rng(0)
    corners = points[random.integers(len(points), size=(600, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    usable = lengths > 0.01
    normals, origins = normals[usable] / lengths[usable, None], corners[usable, 0]
    few = points[random.permutation(len(points))[:1500]]
    distances = np.abs(few @ normals.T - np.einsum('ij,ij->i', origins, normals))
    best = (distances < PLANE_TOLERANCE).sum(axis=0).argmax()
    normal, origin = normals[best], origins[best]
    for _ in range(3):
        flat = points[np.abs((points - origin) @ normal) < PLANE_TOLERANCE]
        origin = flat.mean(axis=0)
        normal = np.linalg.svd(flat - origin, full_matrices=False)[2][2]
    if len(flat) < 0.2 * len(points):
        return None
    normal = -normal * np.sign(origin @ normal)
    forward = np.array([0.0, 0.0, 1.0]) - normal[2] * normal
    if np.linalg.norm(forward) < 1e-3:
        forward = np.array([0.0, -1.0, 0.0]) - -normal[1] * normal
    forward /= np.linalg.norm(forward)
    rotation = np.stack([forward, np.cross(normal, forward), normal])
    return make_pose(rotation, -rotation @ (normal * (origin @ normal)))


def _propose_from_features(view_n: CameraView, view_m: CameraView) -> list[np.ndarray]:
    """Match SIFT features and fit the rigid motion that most of the matched 3-D points follow."""
    points_n, descriptors_n = _features(view_n)
    points_m, descriptors_m = _features(view_m)
    if min(len(points_n), len(points_m)) < 2:
        return []
    matches = cv2.BFMatcher().knnMatch(descriptors_m, descriptors_n, k=2)
    pairs = np.array([(a.queryIdx, a.trainIdx) for a, b in matches if a.distance < 0.85 * b.distance])
    if len(pairs) < 6:
        return []
    source, target = points_m[pairs[:, 0]], points_n[pairs[:, 1]]
    tolerance = 0.01 + 0.015 * target[:, 2]
    random = np.random.default_rng(0)
    best = np.zeros(len(pairs), bool)
    for _ in range(3000):
        three = random.choice(len(pairs), 3, replace=False)
        edges = [np.linalg.norm(x[three] - x[np.roll(three, 1)], axis=1) for x in (source, target)]
        if np.abs(edges[0] - edges[1]).max() > 2 * tolerance[three].max() or edges[0].min() < 0.05:
            continue
        motion = fit_points(target[three], source[three])
        inliers = np.linalg.norm(transform_points(motion, source) - target, axis=1) < tolerance
        if inliers.sum() > best.sum():
            best = inliers
    return [fit_points(target[best], source[best])] if best.sum() >= 5 else []


def _features(view: CameraView) -> tuple[np.ndarray, np.ndarray]:
    keypoints, descriptors = cv2.SIFT_create(1500).detectAndCompute(cv2.cvtColor(view.rgb, cv2.COLOR_RGB2GRAY), None)
    if not keypoints:
        return np.empty((0, 3)), np.empty((0, 128), np.float32)
    columns, rows = np.rint([keypoint.pt for keypoint in keypoints]).astype(int).T
    points = pointmap_from_depth(view.depth, view.camera)[rows, columns].astype(np.float64)
    usable = valid_points(points) & (points[:, 2] < MAX_RANGE)
    return points[usable], descriptors[usable]


def _propose_from_planes(n: _Cloud, m: _Cloud) -> list[np.ndarray]:
    """Slide and turn the height and colour map of m over that of n; return the best agreeing distinct poses."""
    points_n, points_m = transform_points(n.level, n.points), transform_points(m.level, m.points)
    centre_n, centre_m = (np.median(points[:, :2], axis=0) for points in (points_n, points_m))
    size = int(2 * SEARCH_RADIUS / SEARCH_CELL)
    padded = [fft.next_fast_len(2 * size)] * 2
    spectra_n = _map_spectra(points_n, centre_n, n.colours, size, padded)
    found = []
    for yaw in np.arange(-np.pi, np.pi, SEARCH_YAW_STEP):
        turn = Rotation.from_rotvec([0, 0, yaw]).as_matrix()
        turned = points_m @ turn.T
        centre = turn[:2, :2] @ centre_m
        known_m, square_m, *values_m = _map_spectra(turned, centre, m.colours, size, padded)
        known_n, square_n, *values_n = spectra_n
        products = sum(a * b.conj() for a, b in zip(values_n, values_m, strict=True))
        agreement = known_n * known_m.conj() - square_n * known_m.conj() - known_n * square_m.conj() + 2 * products
        scores = fft.irfft2(agreement, padded)
        for _ in range(2):
            row, column = np.unravel_index(scores.argmax(), scores.shape)
            shift = [index - length * (index > length // 2)
                     for index, length in zip((row, column), padded, strict=True)]
            offset = centre_n + np.array(shift) * SEARCH_CELL - centre
            level_pose = make_pose(turn, (*offset, 0.0))
            found.append((scores[row, column], invert_pose(n.level) @ level_pose @ m.level))
            scores[np.ix_((row + np.arange(-3, 4)) % padded[0], (column + np.arange(-3, 4)) % padded[1])] = -np.inf
    found.sort(key=lambda pair: -pair[0])
    distinct: list[np.ndarray] = []
    for _, pose in found:
        if len(distinct) < 24 and not any(_same_pose(pose, other) for other in distinct):
            distinct.append(pose)
    return distinct


def _map_spectra(points, centre, colours, size, padded) -> list[np.ndarray]:
    """Rasterise points (N, 3) in a level frame; return the spectra of known, known * |value|^2 and known * value.

    The value of a cell is its height and colour, scaled so that a squared difference of 1 cancels an agreement.
    """
    cells = np.floor((points[:, :2] - centre) / SEARCH_CELL).astype(int) + size // 2
    inside = ((cells >= 0) & (cells < size)).all(axis=1)
    order = np.flatnonzero(inside)[np.argsort(points[inside, 2])]
    rows, columns = cells[order].T
    values = np.zeros((4, size, size), np.float32)
    values[0, rows, columns] = points[order, 2].clip(0.0, 0.4) / 0.1  # the highest point of a cell is written last
    values[1:, rows, columns] = colours[order].T / 0.35
    known = np.zeros((size, size), np.float32)
    known[rows, columns] = 1.0
    return [fft.rfft2(image, padded) for image in (known, (values**2).sum(axis=0), *values)]


def _refine(n: _Cloud, m: _Cloud, T_n_m: np.ndarray) -> np.ndarray:
    """Align the two clouds by point-to-plane ICP, trusting ever nearer neighbours."""
    for reach in np.repeat([0.08, 0.04, 0.02, FINEST_REACH], (6, 6, 6, 10)):
        moved, targets, normals, weights = _neighbours(n, m, T_n_m, reach)
        if len(moved) < 50:
            break
        T_n_m = plane_step(moved, targets, normals, weights) @ T_n_m
    return T_n_m


def _stability(n: _Cloud, m: _Cloud, T_n_m: np.ndarray) -> float:
    """Return how well the shapes in common view fix the pose against sliding; 0 for a bare plane."""
    moved, _, normals, weights = _neighbours(n, m, T_n_m, FINEST_REACH)
    return least_constrained(moved, normals, weights) if len(moved) else 0.0


def _neighbours(n: _Cloud, m: _Cloud, T_n_m: np.ndarray, reach: float) -> tuple[np.ndarray, ...]:
    """Pair points of m with the nearest of n of like normal and colour; return moved, targets, normals, weights."""
    moved = transform_points(T_n_m, m.points)
    distances, nearest = n.tree.query(moved, distance_upper_bound=reach)
    matched = np.flatnonzero(np.isfinite(distances))
    nearest = nearest[matched]
    turned = m.normals[matched] @ T_n_m[:3, :3].T
    alike = np.einsum('ij,ij->i', turned, n.normals[nearest]) > 0.8
    alike &= np.abs(m.colours[matched] - n.colours[nearest]).max(axis=1) < 0.35
    matched, nearest = matched[alike], nearest[alike]
    return moved[matched], n.points[nearest], n.normals[nearest], m.weights[matched]


def _judge(n: _Cloud, m: _Cloud, T_n_m: np.ndarray) -> tuple[float, float, float]:
    """Return (score, inlier share, median residual in metres) of a pose, from what each camera sees of the other's."""
    votes = [_looked_up(n, m, T_n_m), _looked_up(m, n, invert_pose(T_n_m))]
    score, inliers, contradictions = (sum(vote[k] for vote in votes) / 2 for k in range(3))
    residuals = np.concatenate([vote[3] for vote in votes])
    if len(residuals) == 0:
        return -1.0, 0.0, np.inf
    return score, inliers / (inliers + contradictions), float(np.median(residuals))


def _looked_up(n: _Cloud, m: _Cloud, T_n_m: np.ndarray) -> tuple[float, float, float, np.ndarray]:
    """Look the points of m up in the image of n; return score, weight of inliers, of contradictions, and residuals.

    A point is an inlier on the surface that n sees, a contradiction in front of it, where n looks through it, and
    no evidence behind it, outside the image or in a hole of the depth.
    """
    points = transform_points(T_n_m, m.points)
    pixels = n.view.camera.project(points)
    with np.errstate(invalid='ignore'):
        inside = ((pixels > -0.5) & (pixels < [n.view.camera.width - 0.5, n.view.camera.height - 0.5])).all(axis=1)
    points, weights, colours = points[inside], m.weights[inside], m.colours[inside]
    columns, rows = _pixels(n.view, points)
    nearest, farthest = n.nearest[rows, columns], n.farthest[rows, columns]
    tolerance = 0.008 + 0.008 * points[:, 2]
    inlier = (points[:, 2] > nearest - tolerance) & (points[:, 2] < farthest + tolerance)
    contradiction = points[:, 2] < nearest - 2 * tolerance
    seen = n.smooth[rows, columns]
    gain = np.median(seen[inlier], axis=0) / np.median(colours[inlier], axis=0).clip(0.02) if inlier.any() else 1.0
    likeness = 1 - np.abs(colours * np.clip(gain, *EXPOSURE_GAIN) - seen).mean(axis=1) / COLOUR_TOLERANCE
    support = (weights * np.where(inlier, likeness.clip(-1, 1), -2.0 * contradiction)).sum()
    residuals = np.abs(points[:, 2] - n.view.depth[rows, columns])[inlier]
    return support, weights[inlier].sum(), weights[contradiction].sum(), residuals[np.isfinite(residuals)]
