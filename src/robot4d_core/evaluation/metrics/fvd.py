# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Fréchet Video Distance (Unterthiner et al. 2018), with the features of an I3D network that the user supplies.

The network is the TorchScript file that StyleGAN-V and many since use (`i3d_torchscript.pt`, 400 features before the
softmax); it cannot be shipped, and nothing stands in for it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from robot4d_core.errors import EvaluationError, FeatureNetworkError

SHORTEST_VIDEO = 10  # frames that I3D needs


class VideoFeatures:
    """The I3D network of a TorchScript file, called as StyleGAN-V calls it. Raises FeatureNetworkError."""

    def __init__(self, path: Path, device: str = 'cpu') -> None:
        import torch

        if not Path(path).is_file():
            raise FeatureNetworkError(f'no I3D network {path}; give the i3d_torchscript.pt that StyleGAN-V refers to')
        try:
            self._network = torch.jit.load(path, map_location=device).eval()
        except RuntimeError as error:
            raise FeatureNetworkError(f'{path} is no TorchScript file ({error}); give i3d_torchscript.pt') from error
        self._path, self._device = path, device

    def __call__(self, video: np.ndarray) -> np.ndarray:
        """Return the features (F,) float64 of a video (T, H, W, 3) uint8; the network itself scales and resizes it."""
        import torch

        if len(video) < SHORTEST_VIDEO:
            raise FeatureNetworkError(f'I3D needs videos of at least {SHORTEST_VIDEO} frames, got {len(video)}')
        frames = torch.from_numpy(np.ascontiguousarray(video)).permute(3, 0, 1, 2)[None].float()
        try:
            with torch.no_grad():
                features = self._network(
                    frames.to(self._device), rescale=True, resize=True, return_features=True)
        except (RuntimeError, TypeError) as error:
            raise FeatureNetworkError(
                f'{self._path} does not answer as I3D does, to (1, 3, T, H, W) in [0, 255] with rescale, resize and '
                f'return_features: {error}'
            ) from error
        if features.ndim != 2 or len(features) != 1:
            raise FeatureNetworkError(f'{self._path} gave features {tuple(features.shape)}, expected (1, F)')
        return features[0].double().cpu().numpy()


def frechet_distance(predicted: np.ndarray, true: np.ndarray) -> float:
    """Return the FVD between two sets of features (N, F) and (M, F), N, M > 1; float64.

    |mean difference|^2 + tr(A + B - 2 (A B)^(1/2)) of the covariances A, B, which have low rank while clips are fewer
    than features: with A = X'X and B = Y'Y of centred and scaled features, tr (A B)^(1/2) is the sum of the singular
    values of X Y'. Biased upwards for few clips, so compare at equal numbers. Raises EvaluationError.
    """
    if min(len(predicted), len(true)) < 2:
        raise EvaluationError(f'FVD needs two clips or more, got {len(predicted)} and {len(true)}')
    x, y = (
        (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
        for features in (np.asarray(predicted, np.float64), np.asarray(true, np.float64))
    )
    root = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    shift = np.mean(predicted, axis=0, dtype=np.float64) - np.mean(true, axis=0, dtype=np.float64)
    return float(shift @ shift + (x**2).sum() + (y**2).sum() - 2 * root)


def clip_distances(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return (N,): the "FVD" of each clip by itself, as the method's released code computes and then averages it.

    A single clip has no covariance, so this is the squared distance between the features (N, F) of each pair; it is
    not comparable to FVD.
    """
    return ((np.asarray(predicted, np.float64) - np.asarray(true, np.float64)) ** 2).sum(axis=-1)
