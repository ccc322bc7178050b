# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""camera_info is understood the same way live and in a bag: rectified to the truth, or refused by name."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.sensors.sensor_messages import KINDS, camera_info
from robot4d_core.errors import CalibrationError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.lens import Lens
from robot4d_core.geometry.pointmaps import pointmap_from_depth
from robot4d_core.sensors.camera_info import names_rectified, read_camera_info

CAMERA = PinholeCamera(320, 240, 260.0, 263.0, 155.0, 124.0)
K, P = CAMERA.matrix.ravel(), np.hstack([CAMERA.matrix, np.zeros((3, 1))]).ravel()
OTHER = np.array([200.0, 0, 150, 0, 0, 205, 120, 0, 0, 0, 1, 0])
TURNED = cv2.Rodrigues(np.array([0.0, 0.1, 0.0]))[0].ravel()
TOPIC, RAW, RECTIFIED, DEPTH = '/info', '/camera/color/image_raw', '/camera/color/image_rect', '/camera/depth/image_raw'

FILM = CAMERA.resized(160, 120)
NORMAL, SLOPE = 0.9, (0.45, -0.3)  # the wall: z = NORMAL + SLOPE . (x, y), metres

LENSES = {
    'plumb_bob, strong barrel': ('plumb_bob', [-0.32, 0.11, 0.002, -0.001, -0.01]),
    'plumb_bob, pincushion': ('plumb_bob', [0.25, -0.05, 0.0, 0.0, 0.0]),
    'plumb_bob of four': ('plumb_bob', [-0.2, 0.03, 0.001, 0.001]),
    'plumb_bob that folds inside the image': ('plumb_bob', [-0.9, 0.0, 0.0, 0.0, 0.0]),
    'rational (Azure Kinect)': ('rational_polynomial', [0.52, -2.61, 0.0007, -0.0003, 1.52, 0.39, -2.44, 1.45]),
    'rational, strong': ('rational_polynomial', [-0.1, 0.02, 0.001, -0.001, 0.0, 0.3, 0.05, 0.0]),
    'thin prism': ('rational_polynomial', [-0.2, 0.05, 0, 0, 0, 0, 0, 0, 0.01, 0.002, -0.01, 0.003]),
    'tilted': ('rational_polynomial', [-0.2, 0.05, 0, 0, 0, 0, 0, 0, 0.005, 0, 0, 0, 0.03, -0.02]),
    'equidistant': ('equidistant', [0.05, -0.01, 0.002, 0.0]),
}


def filmed(model: str, d: list[float]) -> np.ndarray:
    """Return the depth (H, W) of the wall as a camera with the lens films it, by projecting many points of the wall."""
    x, y = np.meshgrid(np.linspace(-1.5, 1.5, 751), np.linspace(-1.2, 1.2, 601))
    z = NORMAL / (1 - SLOPE[0] * x - SLOPE[1] * y)
    seen = (z > 0) & (np.hypot(x, y) < min(1.9, Lens(tuple(d), model == 'equidistant').widest))
    rays = np.stack([x, y, np.ones_like(x)], axis=-1)[seen][:, None]
    project = cv2.fisheye.projectPoints if model == 'equidistant' else cv2.projectPoints
    pixels = project(rays, np.zeros(3), np.zeros(3), FILM.matrix, np.array(d, float))[0].reshape(-1, 2)
    nearest = np.rint(pixels).astype(int)
    inside = (nearest >= 0).all(axis=1) & (nearest < (FILM.width, FILM.height)).all(axis=1)
    off = np.linalg.norm(pixels - nearest, axis=1)
    order = np.flatnonzero(inside)[np.argsort(-off[inside])]  # the nearest to a pixel's centre is written last
    depth = np.full((FILM.height, FILM.width), np.nan, np.float32)
    depth[nearest[order, 1], nearest[order, 0]] = z[seen][order]
    return depth


def wall_depth() -> np.ndarray:
    """Return the true depth of the wall at each pixel of the pinhole camera."""
    return NORMAL / (1 - FILM.rays[..., 0] * SLOPE[0] - FILM.rays[..., 1] * SLOPE[1])


def errors(depth: np.ndarray) -> np.ndarray:
    """Return by how many millimetres the points of the valid pixels are off the wall's."""
    off = np.linalg.norm(pointmap_from_depth(depth, FILM) - FILM.rays * wall_depth()[..., None], axis=-1)
    return 1e3 * off[np.isfinite(depth)]


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('name', LENSES)
def test_a_wall_filmed_through_a_lens_is_where_it_is(kind, name):
    model, d = LENSES[name]
    info = camera_info(kind, FILM, distortion_model=model, d=np.array(d, float))
    camera = read_camera_info(info, TOPIC, RAW, DEPTH)
    assert camera.camera == FILM
    raw = filmed(model, d)
    rectified = camera.rectified_depth(raw)
    left, right = errors(rectified), errors(raw)
    print(f'{name}: {np.median(left):.2f} mm, 95 % below {np.percentile(left, 95):.1f}; as if there were no lens '
          f'{right.max():.0f} mm; {np.isfinite(rectified).mean():.0%} of the pixels')
    assert np.isfinite(rectified).mean() > 0.55
    pixel = 1e3 * wall_depth().max() ** 2 / NORMAL * np.hypot(*SLOPE) / FILM.fx  # a pixel to the side, in depth
    assert np.median(left) < 0.5 * pixel and np.percentile(left, 95) < pixel
    assert right.max() > 3 * np.percentile(left, 95)


def test_colours_go_where_the_depth_goes():
    model, d = LENSES['plumb_bob, strong barrel']
    camera = read_camera_info(camera_info('bag', FILM, distortion_model=model, d=np.array(d)), TOPIC, RAW, DEPTH)
    raw = np.nan_to_num(filmed(model, d), nan=NORMAL)
    grey = np.clip(100 * raw, 0, 255).astype(np.uint8)
    colour, depth = camera.rectified_colour(np.dstack([grey] * 3)), camera.rectified_depth(raw)
    both = np.isfinite(depth)
    assert np.abs(colour[both].astype(float) - 100 * depth[both][:, None]).max() < 4
    labels = camera.rectified_labels((raw > 1).astype(np.uint8))
    np.testing.assert_array_equal(labels[both], depth[both] > 1)


def test_the_maps_are_made_once_for_one_camera_info():
    lens = {'distortion_model': 'plumb_bob', 'd': np.array([-0.2, 0.03, 0.0, 0.0, 0.0])}
    first, second = (read_camera_info(camera_info('bag', CAMERA, **lens), TOPIC, RAW) for _ in range(2))
    assert first is second
    assert read_camera_info(camera_info('bag', CAMERA), TOPIC, RAW) is not first


UNDERSTOOD = {
    'as it comes': (RAW, {}, CAMERA),
    'no model and no D': (RAW, {'distortion_model': '', 'd': np.zeros(0)}, CAMERA),
    'no P (uncalibrated for rectification)': (RAW, {'p': np.zeros(12)}, CAMERA),
    'rectified: P': (RECTIFIED, {'p': OTHER, 'd': np.array([-0.3, 0.1, 0, 0, 0])},
                     PinholeCamera(320, 240, 200.0, 205.0, 150.0, 120.0)),
    'rectified, as the right of a stereo pair': (
        '/stereo/right/image_rect_color', {'p': OTHER - 25 * np.eye(12)[3], 'r': TURNED},
        PinholeCamera(320, 240, 200.0, 205.0, 150.0, 120.0)),
    'not rectified, of a stereo pair': (RAW, {'p': OTHER, 'r': TURNED}, CAMERA),
    'a name that only looks rectified': ('/direct/rectangle/image_raw', {}, CAMERA),
    'binning': (RAW, {'binning_x': 2, 'binning_y': 2}, PinholeCamera(160, 120, 130.0, 131.5, 77.25, 61.75)),
    'binning of one side': (RAW, {'binning_x': 2, 'binning_y': 1}, PinholeCamera(160, 240, 130.0, 263.0, 77.25, 124.0)),
    'region of interest': (RAW, {'roi': (100, 60, 160, 120)}, PinholeCamera(160, 120, 260.0, 263.0, 55.0, 64.0)),
    'region beside the axis': (RAW, {'roi': (200, 0, 120, 240)}, PinholeCamera(120, 240, 260.0, 263.0, -45.0, 124.0)),
    'region and binning': (RAW, {'roi': (100, 60, 161, 120), 'binning_x': 2, 'binning_y': 2},
                           PinholeCamera(80, 60, 130.0, 131.5, 27.25, 31.75)),
}


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('name', UNDERSTOOD)
def test_what_camera_info_says_is_understood(kind, name):
    colour, changes, expected = UNDERSTOOD[name]
    camera = read_camera_info(camera_info(kind, CAMERA, **changes), TOPIC, colour, DEPTH)
    assert camera.lens is None
    np.testing.assert_allclose(
        [camera.camera.width, camera.camera.height, *camera.camera.matrix.ravel()],
        [expected.width, expected.height, *expected.matrix.ravel()])


BENT = np.array([-0.3, 0.1, 0.0, 0.0, 0.0])
REFUSED = {
    'K of zeros': ({'k': np.zeros(9)}, ['focal lengths must be positive', 'uncalibrated']),
    'K not a number': ({'k': np.full(9, np.nan)}, ['fx must be finite']),
    'K with skew': ({'k': K + 5 * np.eye(9)[1]}, ['K must be']),
    'P of zeros of a rectified image': ({'p': np.zeros(12)}, ['focal lengths must be positive'], RECTIFIED),
    'no size': ({'width': 0, 'height': 0}, ['image size must be positive']),
    'of another size': ({'width': 100, 'height': 80}, ['principal point (155.0, 124.0)', '100x80']),
    'an unknown model': ({'distortion_model': 'brown5', 'd': BENT}, ["'brown5'", 'equidistant', 'rectify']),
    'no model': ({'distortion_model': '', 'd': BENT}, ["''", 'rectify']),
    'three numbers': ({'d': BENT[:3]}, ["'plumb_bob' must have 4 or 5 or 8 or 12 or 14 numbers, got 3"]),
    'five numbers of a fisheye': ({'distortion_model': 'equidistant', 'd': BENT}, ['must have 4 numbers, got 5']),
    'D not a number': ({'d': np.full(5, np.nan)}, ['D must be finite']),
    'P another than K without distortion': ({'p': OTHER}, ['K and P differ by', 'image_rect']),
    'a region outside': ({'roi': (200, 0, 160, 240)}, ['160x240 at (200, 0)', '320x240']),
    'depth rectified, colour not': ({'d': BENT}, ['is distorted', '/depth/image_rect'], RAW, '/depth/image_rect'),
}


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('name', REFUSED)
def test_what_cannot_be_right_is_refused_with_the_topic(kind, name):
    changes, words, *topics = REFUSED[name]
    colour, depth = [*topics, RAW, DEPTH][:2] if len(topics) != 1 else (topics[0], DEPTH)
    with pytest.raises(CalibrationError, match='^/info: ') as caught:
        read_camera_info(camera_info(kind, CAMERA, **changes), TOPIC, colour, depth)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(('topic', 'rectified'), [
    ('/camera/color/image_raw', False), ('/camera/color/image_rect', True), ('/rgb/image_rect_color', True),
    ('/rgb/image_rect_color/compressed', True), ('/rect/image', True), ('/image_rectified', True),
    ('/direct/color/image_raw', False), ('/rectangle/image', False), ('', False),
])
def test_the_name_of_a_topic_tells_whether_images_are_rectified(topic, rectified):
    assert names_rectified(topic) == rectified
