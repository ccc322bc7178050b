# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Reports as a measurement would have them, with chosen numbers, without any model."""

from __future__ import annotations

from robot4d_core.evaluation.generation.measured_models import Measurement
from robot4d_core.evaluation.generation.protocol_report import GenerationReport
from robot4d_core.evaluation.metrics.image_errors import Estimate, estimate
from robot4d_core.prediction import FRAMES

VALUES = (
    'mIoU', 'mask IoU', 'PSNR-n', 'PSNR-m', 'SSIM-n', 'SSIM-m', 'AbsRel-n', 'AbsRel-m', 'AbsRel-m (z in n)',
    'delta1-n', 'delta1-m', 'delta1-m (z in n)', 'known-n', 'known-m', 'gripper lost', 'm placed', 'm off, mm',
    'm off, deg')
STEPS = (*(f'{region}-{view}, mm' for region in ('gripper', 'moving', 'objects', 'uncovered') for view in 'nm'),
         'path, mm', 'path, deg')


def made_scores(value: float = 0.5, **changes) -> dict:
    """Scores of a clip: a value everywhere, path errors that grow by a millimetre per step."""
    steps = {name: [value] * FRAMES for name in STEPS} | {'path, mm': [float(k + 1) for k in range(FRAMES)]}
    return dict.fromkeys(VALUES, value) | steps | changes


def made_measurement(
    name: str, models: list[dict], holds: list[dict] | None = None, task: str = 'PutSpatulaOnTable', steps: int = 4,
    fvd: dict | None = None, failures: dict | None = None,
) -> Measurement:
    """Measure a model on a task; models, holds: the scores of each clip, of the model and of hold."""
    holds = holds or [made_scores(0.9) for _ in models]
    level = [Estimate(1.0, 0.5, 1.5, 1.0, len(models))] * FRAMES
    report = GenerationReport(
        model=f'diffusion:{name}',
        protocol={
            'store': 'store', 'task': task, 'sensor': None, 'split': 'held_out_objects', 'cameras': 'held_out',
            'clips': len(models), 'episodes': len(models), 'seed': 0, 'second_camera': None, 'steps': steps,
            'segmenter': 'segment_by_colour', 'i3d': None},
        machine={'cpu': 'made', 'cores': 2}, values={}, steps={who: dict.fromkeys(STEPS, level) for who in (
            'model', 'hold')},
        fvd=fvd, ceiling={'mIoU': estimate([0.8, 0.9])}, seconds=1.5, failures=failures or {},
        clips=[{'clip': f'clip {k}', 'model': model, 'hold': hold} for k, (model, hold) in enumerate(
            zip(models, holds, strict=True))],
    )
    return Measurement(task, name, 'robot4d evaluate table', report)
