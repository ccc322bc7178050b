# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The reconstruction benchmark on errors that are known."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.episodes.analytic_episodes import analytic_store
from core.generator.tiny_models import tiny_configuration, tiny_pipeline
from robot4d_core.cli import main
from robot4d_core.episodes.windows import Window
from robot4d_core.errors import EvaluationError
from robot4d_core.evaluation.generation.reconstruction import depth_edges, measure_reconstruction
from robot4d_core.generator.model.configurations import ablated, make_pipeline
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points

CAMERA = PinholeCamera.from_field_of_view(0.9, 160, 128)
SHIFT = np.array([0.3, -0.1, 0.2])
BOX, HOLE = np.zeros((2, 128, 160), bool)
BOX[40:80, 60:100] = True
HOLE[100:110, 20:40] = True


@pytest.fixture
def window():
    """A plane at 1 m with a box 0.2 m before it, the gripper, and a hole; both cameras see it alike."""
    depth = np.ones((11, 128, 160), np.float32)
    depth[:, BOX] = 0.8
    depth[:, HOLE] = np.nan
    gripper = np.zeros((2, 11, 128, 160), bool)
    gripper[:, :, BOX] = True
    own = pointmap_from_depth(depth, CAMERA)
    T_n_m = np.eye(4)
    T_n_m[:3, 3] = SHIFT
    return Window(
        rgb=np.full((2, 11, 128, 160, 3), 100, np.uint8), pointmap=np.stack([own, transform_points(T_n_m, own)]),
        observed_pointmap_m=own[0], gripper=gripper, cameras=(CAMERA, CAMERA), T_n_m=T_n_m,
    )


class Distorting:
    """Stands for a pipeline whose autoencoders do this to a video."""

    config = SimpleNamespace(image_size=[160, 128])
    pointmap_autoencoder = object()

    def __init__(self, distort):
        self.distort = distort

    def encode(self, rgb, pointmap):
        self.images = rgb, pointmap
        return torch.zeros(len(rgb), 1)

    def decode(self, latents):
        return self.distort(*(x.reshape(*latents.shape[:2], *x.shape[1:]).copy() for x in self.images))


def measure(window, distort):
    return measure_reconstruction(Distorting(distort), [window], 'known', {'seed': 0})


def test_edges_are_where_known_depth_jumps(window):
    edges = depth_edges(window.pointmap[0, :1, ..., 2])[0]
    expected = np.zeros((128, 160), bool)
    expected[39:81, 59:101] = True
    expected[41:79, 61:99] = False
    np.testing.assert_array_equal(edges, expected)


def test_a_perfect_round_trip_has_no_error(window):
    report = measure(window, lambda rgb, points: (rgb, points))
    for its in report.points.values():
        for errors in its.values():
            assert errors.p95_mm == pytest.approx(0, abs=1e-3)
            assert errors.p95_px < 1e-3
            assert errors.lost == 0
    assert report.invented == {'native': 0, 'projected': 0}


def test_a_shift_along_the_ray_is_millimetres_but_not_pixels(window):
    def farther(rgb, points):
        points[0] *= 1.01
        return rgb, points

    errors = measure(window, farther).points['native']['gripper']
    distance = 10 * np.linalg.norm(window.pointmap[0, 1][BOX], axis=-1)
    assert errors.mean_mm == pytest.approx(distance.mean(), rel=1e-4)
    assert errors.median_mm == pytest.approx(np.median(distance), rel=1e-4)
    assert errors.p95_px < 1e-3


def test_a_sideways_shift_is_pixels_of_the_camera_that_sees_it(window):
    def sideways(rgb, points):
        points[..., 0] += 0.003
        return rgb, points

    report = measure(window, sideways)
    for kind in ('native', 'projected'):
        errors = report.points[kind]['away from edges']
        assert errors.median_mm == pytest.approx(3, rel=1e-3)
        assert errors.median_px == pytest.approx(CAMERA.fx * 0.003, rel=1e-3)


def test_errors_at_edges_are_told_from_those_away_from_them(window):
    edges = depth_edges(window.pointmap[0, 1:, ..., 2])

    def blurred(rgb, points):
        points[:, edges] += [0, 0, 0.05]
        rgb[:, edges] += 10
        return rgb, points

    report = measure(window, blurred)
    assert report.points['native']['depth edges'].median_mm == pytest.approx(50, rel=1e-3)
    assert report.points['native']['away from edges'].p95_mm == pytest.approx(0, abs=1e-3)
    assert report.psnr['depth edges'] == pytest.approx(10 * np.log10(255**2 / 100))
    assert report.psnr['everywhere'] == pytest.approx(10 * np.log10(255**2 / (100 * edges.mean())))
    assert report.pixels['depth edges'] == 2 * edges.sum()


def test_unknown_points_have_no_error_and_lost_and_invented_ones_are_counted(window):
    def flipped(rgb, points):
        points[:, :, HOLE] = 7.0
        points[:, :, 40:80, 60:80] = np.nan
        return rgb, points

    report = measure(window, flipped)
    assert report.invented == {'native': 1, 'projected': 1}
    assert report.points['projected']['gripper'].lost == pytest.approx(0.5)
    assert report.points['projected']['gripper'].p95_mm == pytest.approx(0, abs=1e-3)
    assert report.points['native']['everywhere'].lost == pytest.approx(800 / (128 * 160 - 200))


def test_a_real_pipeline_is_measured_and_reported_as_json(window):
    report = measure_reconstruction(tiny_pipeline(), [window], 'tiny', {'seed': 0})
    values = json.loads(json.dumps(report.to_dict()))
    assert values['points']['native']['everywhere']['mean_mm'] > 10
    assert values['psnr']['everywhere'] < 40


def test_another_image_size_is_refused(window):
    pipeline = tiny_pipeline()
    pipeline.register_to_config(image_size=[320, 256])
    with pytest.raises(EvaluationError, match='--size 320x256'):
        measure_reconstruction(pipeline, [window], 'tiny', {})


def test_no_window_is_refused():
    with pytest.raises(EvaluationError, match='no window'):
        measure_reconstruction(tiny_pipeline(), [], 'tiny', {})


@pytest.mark.parametrize('ablation', ['full', 'rgb_only'])
def test_the_command_measures_a_saved_model_on_a_store(tmp_path, monkeypatch, capsys, ablation):
    monkeypatch.chdir(tmp_path)
    make_pipeline(ablated(tiny_configuration(), ablation)).save_pretrained('model')
    analytic_store(tmp_path / 'store', seeds=[8], cameras=8, size=(160, 128))
    assert main(['evaluate', 'autoencoder', 'model', '--store', 'store', '--clips', '1', '--json', 'numbers.json']) == 0
    values = json.loads((tmp_path / 'numbers.json').read_text())
    assert values['protocol']['clips'] == 1
    assert set(values['psnr']) == {'everywhere', 'depth edges', 'away from edges', 'gripper'}
    assert (values['points'] is None) is (ablation == 'rgb_only')
    assert (tmp_path / 'out/evaluation/reconstruction_model.png').exists() is (ablation == 'full')
    printed = capsys.readouterr().out
    assert 'PSNR dB' in printed
    assert ('median px' in printed) is (ablation == 'full')
