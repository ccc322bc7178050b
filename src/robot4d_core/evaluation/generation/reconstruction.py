# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the autoencoders alone lose: images and pointmaps encoded, decoded and compared, also at depth edges.

No prediction of the model can be better than this.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.ndimage import maximum_filter, minimum_filter

from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import Window
from robot4d_core.errors import EvaluationError
from robot4d_core.evaluation.generation.clips import draw_clips, read_clip
from robot4d_core.evaluation.measurement_file import describe_machine, write_measurement
from robot4d_core.generator.engines.diffusion_engine import torch_device
from robot4d_core.generator.model.load_pipeline import load_pipeline
from robot4d_core.generator.model.model_folder import ModelFolder
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.geometry.pointmaps import transform_points, valid_points
from robot4d_core.geometry.poses import invert_pose

EDGE_METRES = 0.05  # of depth within 3x3 pixels
REGIONS = ('everywhere', 'depth edges', 'away from edges', 'gripper')
KINDS = ('native', 'projected')  # view n in its own frame, view m in frame n


@dataclass(frozen=True)
class PointErrors:
    """Distance between decoded and true points over all known pixels of a region, in millimetres and in pixels.

    Pixels: between where the decoded point is seen by its camera and the pixel it belongs to. lost: share of the
    known pixels that were decoded as unknown.
    """

    median_mm: float
    mean_mm: float
    p95_mm: float
    median_px: float
    p95_px: float
    lost: float


@dataclass(frozen=True)
class ReconstructionReport:
    """points: by kind of pointmap (KINDS) and region; invented: share of unknown pixels decoded as known, by kind, NaN
    where all are known; psnr: dB by region, of both views' colours. pixels: how many a region has.

    points and invented are None for a model of colours.
    """

    model: str
    protocol: dict[str, str | int]
    machine: dict[str, str | int]
    psnr: dict[str, float]
    points: dict[str, dict[str, PointErrors]] | None
    invented: dict[str, float] | None
    pixels: dict[str, int]

    def to_dict(self) -> dict:
        """Return JSON values."""
        return json.loads(json.dumps(asdict(self)).replace('NaN', 'null'))


def depth_edges(depth: np.ndarray) -> np.ndarray:
    """Return where depth (..., H, W), NaN unknown, changes by more than EDGE_METRES within 3x3 known pixels; bool."""
    size = (1,) * (depth.ndim - 2) + (3, 3)
    known = np.isfinite(depth)
    nearest = minimum_filter(np.where(known, depth, np.inf), size)
    farthest = maximum_filter(np.where(known, depth, -np.inf), size)
    return known & (farthest - nearest > EDGE_METRES)


def measure_reconstruction(
    pipeline: TwoViewPipeline, windows: Iterable[Window], model: str, protocol: dict[str, str | int],
) -> ReconstructionReport:
    """Encode and decode the future frames of windows of the model's image size, both views, and compare.

    Raises EvaluationError for windows of another size or none.
    """
    squares, counts = dict.fromkeys(REGIONS, 0.0), dict.fromkeys(REGIONS, 0)
    errors = {(kind, region): [] for kind in KINDS for region in REGIONS}
    invented = defaultdict(list)
    for window in windows:
        _require_size(window, pipeline)
        rgb, pointmap = window.rgb[:, 1:], window.pointmap[:, 1:]
        decoded_rgb, decoded = _round_trip(pipeline, rgb, pointmap)
        transforms = np.eye(4), invert_pose(window.T_n_m)
        for view, kind in enumerate(KINDS):
            regions = _regions(window, view, transforms[view])
            square = ((decoded_rgb[view].astype(np.float64) - rgb[view]) ** 2).mean(axis=-1)
            for name, mask in regions.items():
                squares[name] += square[mask].sum()
                counts[name] += int(mask.sum())
            known = valid_points(pointmap[view])
            distance = 1000 * np.linalg.norm(decoded[view] - pointmap[view], axis=-1)
            seen = window.cameras[view].project(transform_points(transforms[view], decoded[view]))
            pixels = np.linalg.norm(seen - _pixel_centres(*seen.shape[1:3]), axis=-1)
            for name, mask in regions.items():
                errors[kind, name].append(np.stack([distance[mask & known], pixels[mask & known]]))
            invented[kind].append(valid_points(decoded[view])[~known])
    if not counts['everywhere']:
        raise EvaluationError('no window to measure on; record more episodes')
    with_points = pipeline.pointmap_autoencoder is not None
    return ReconstructionReport(
        model=model, protocol=protocol, machine=describe_machine('numpy', 'torch', 'diffusers'),
        psnr={name: _psnr(squares[name], counts[name]) for name in REGIONS},
        points={
            kind: {region: _summary(np.concatenate(errors[kind, region], axis=1)) for region in REGIONS}
            for kind in KINDS
        } if with_points else None,
        invented={kind: _share(invented[kind]) for kind in KINDS} if with_points else None,
        pixels=counts,
    )


@torch.no_grad()
def _round_trip(pipeline: TwoViewPipeline, rgb: np.ndarray, pointmap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    views, frames = rgb.shape[:2]
    latents = pipeline.encode(rgb.reshape(-1, *rgb.shape[2:]), pointmap.reshape(-1, *pointmap.shape[2:]))
    return pipeline.decode(latents.unflatten(0, (views, frames)))


def _regions(window: Window, view: int, T_camera_n: np.ndarray) -> dict[str, np.ndarray]:
    depth = transform_points(T_camera_n, window.pointmap[view, 1:])[..., 2]
    edges = depth_edges(depth)
    everywhere = np.ones(edges.shape, bool)
    return dict(zip(REGIONS, (everywhere, edges, ~edges, window.gripper[view, 1:]), strict=True))


def _pixel_centres(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows], axis=-1)


def _require_size(window: Window, pipeline: TwoViewPipeline) -> None:
    height, width = window.rgb.shape[2:4]
    if [width, height] != list(pipeline.config.image_size):
        expected = 'x'.join(map(str, pipeline.config.image_size))
        raise EvaluationError(
            f'the model is of {expected} images, the store has {width}x{height}; record with --size {expected}')


def _summary(errors: np.ndarray) -> PointErrors:
    """errors: (2, N) millimetres and pixels, NaN where lost."""
    if not errors.shape[1] or np.isnan(errors[0]).all():
        return PointErrors(*[np.nan] * 5, float(np.isnan(errors[0]).mean()) if errors.shape[1] else np.nan)
    millimetres, pixels = errors
    return PointErrors(
        *(float(x) for x in (
            np.nanmedian(millimetres), np.nanmean(millimetres), np.nanpercentile(millimetres, 95),
            np.nanmedian(pixels), np.nanpercentile(pixels, 95), np.isnan(millimetres).mean(),
        ))
    )


def _psnr(square: float, count: int) -> float:
    return float(10 * np.log10(255**2 * count / max(square, 1e-12))) if count else np.nan


def _share(parts: list[np.ndarray]) -> float:
    values = np.concatenate(parts)
    return float(values.mean()) if values.size else np.nan


def print_reconstruction(report: ReconstructionReport, console: Console) -> None:
    """Print the colours' PSNR by region, and the points' errors by kind and region."""
    protocol = ', '.join(f'{name} {value}' for name, value in report.protocol.items())
    console.print(f'reconstruction by {report.model}; {protocol}', soft_wrap=True)
    colours = _table('colours', 'PSNR dB', 'pixels')
    for region in REGIONS:
        colours.add_row(region, f'{report.psnr[region]:.1f}', f'{report.pixels[region]}')
    console.print(colours)
    if report.points is not None:
        for kind, regions in report.points.items():
            points = _table(f'{kind} points', 'median mm', 'mean mm', '95 % mm', 'median px', '95 % px', 'lost %')
            for region, its in regions.items():
                points.add_row(
                    region, *(f'{x:.1f}' for x in (its.median_mm, its.mean_mm, its.p95_mm)),
                    *(f'{x:.2f}' for x in (its.median_px, its.p95_px, 100 * its.lost)))
            console.print(points)
        for kind, share in report.invented.items():
            console.print(f'{kind}: {100 * share:.1f} % of the unknown pixels were decoded as known')
    console.print(
        f'depth edges: depth changes by more than {1000 * EDGE_METRES:.0f} mm within 3x3 pixels', soft_wrap=True)
    console.print(f'measured on {report.machine}', soft_wrap=True)


def _table(*columns: str) -> Table:
    table = Table(padding=0)
    for column in columns:
        table.add_column(column, justify='left' if column == columns[0] else 'right', no_wrap=True)
    return table


def evaluate_autoencoder(
    store: EpisodeStore, model: Path, split: str = 'validation', cameras: str = 'held_out', clips: int = 25,
    seed: int = 0, device: str = 'auto',
) -> ReconstructionReport:
    """Measure the autoencoders of a model's folder on clips of a store that no model trained on.

    Raises ModelError, EvaluationError, NoWindowError.
    """
    folder = ModelFolder.open(model)
    pipeline = load_pipeline(folder).to(torch_device(device))
    places = draw_clips(store, split, cameras, clips, seed)
    windows = (
        read_clip(store, *place).window
        for place in track(places, f'reconstructing by {folder.path.name}', console=Console(stderr=True))
    )
    protocol = {'task': store.settings['task'], 'split': split, 'cameras': cameras, 'clips': len(places), 'seed': seed}
    return measure_reconstruction(pipeline, windows, folder.path.name, protocol)


def plot_reconstruction(report: ReconstructionReport, path: Path) -> None:
    """Draw median, mean and 95 % of the point errors by region, a panel per kind of pointmap."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout='constrained')
    for axes, (kind, regions) in zip(figure.subplots(1, len(KINDS), sharey=True), report.points.items(), strict=True):
        for k, name in enumerate(('median', 'mean', 'p95')):
            values = [getattr(its, f'{name}_mm') for its in regions.values()]
            axes.bar(np.arange(len(values)) + 0.27 * (k - 1), values, 0.25, label=name)
        axes.set(title=f'{kind} points', xticks=range(len(REGIONS)), xticklabels=REGIONS, yscale='log', ylabel='mm')
        axes.tick_params(axis='x', labelsize='small')
    axes.legend()
    figure.suptitle(f'reconstruction by {report.model}')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def write_report(report: ReconstructionReport, command: str, folder: Path, file: Path | None) -> None:
    """Print the report, draw its point errors into folder, and write file (JSON), with the command, when given."""
    console = Console()
    print_reconstruction(report, console)
    if report.points is not None:
        plot = folder / f'reconstruction_{report.model}.png'
        plot_reconstruction(report, plot)
        console.print(f'drawn: {plot}', soft_wrap=True)
    if file is not None:
        write_measurement(file, command, report.to_dict())
