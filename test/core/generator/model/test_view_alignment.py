# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The grid on which view m's points are regressed."""

from __future__ import annotations

import numpy as np

from robot4d_core.generator.model.view_alignment import subsample


def test_subsample_takes_the_centres_of_the_cells():
    v, u = np.mgrid[:128, :160]
    pointmap = np.stack([u, v, u], axis=-1)[None]
    coarse = subsample(pointmap)
    assert coarse.shape == (1, 16, 20, 3)
    assert coarse[0, 0, 0].tolist() == [4, 4, 4]
    assert coarse[0, 15, 19].tolist() == [156, 124, 156]
