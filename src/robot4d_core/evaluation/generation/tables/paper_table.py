# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Table 1 of the paper (arXiv 2507.01099), its simulated tasks; other data and other masks than ours."""

from __future__ import annotations

SOURCE = 'paper, other data (LBM simulation), other masks'

_COLUMNS = ('mIoU', 'FVD-n', 'FVD-m', 'AbsRel-n', 'AbsRel-m', 'δ1-n', 'δ1-m')
_METHODS = {
    'full': 'OURS',
    'no_multi_view_attention': 'OURS w/o MV attn',
    'rgb_only': 'SVD',
    'rgb_only_multi_view_attention': 'SVD w/ MV attn',
    '4d_gaussian': '4D Gaussian',
}
_NUMBERS = {
    'StoreCerealBoxUnderShelf': {
        'full': (0.70, 411.20, 561.43, 0.06, 0.11, 0.95, 0.92),
        'no_multi_view_attention': (0.41, 497.43, 607.73, 0.15, 0.31, 0.75, 0.66),
        'rgb_only': (None, 977.06, 743.25, None, None, None, None),
        'rgb_only_multi_view_attention': (None, 941.73, 653.44, None, None, None, None),
        '4d_gaussian': (0.39, 1208.00, 1094.98, 0.20, 0.31, 0.74, 0.63),
    },
    'PutSpatulaOnTable': {
        'full': (0.69, 377.68, 257.70, 0.03, 0.07, 0.98, 0.97),
        'no_multi_view_attention': (0.44, 451.54, 302.29, 0.10, 0.33, 0.89, 0.41),
        'rgb_only': (None, 370.92, 417.56, None, None, None, None),
        'rgb_only_multi_view_attention': (None, 536.02, 445.68, None, None, None, None),
        '4d_gaussian': (0.46, 1241.13, 815.77, 0.33, 0.30, 0.43, 0.37),
    },
    'PlaceAppleFromBowlIntoBin': {
        'full': (0.64, 490.88, 366.98, 0.06, 0.07, 0.95, 0.96),
        'no_multi_view_attention': (0.26, 597.05, 573.73, 0.14, 0.49, 0.76, 0.30),
        'rgb_only': (None, 659.52, 628.01, None, None, None, None),
        'rgb_only_multi_view_attention': (None, 812.94, 766.52, None, None, None, None),
        '4d_gaussian': (0.44, 1396.10, 1191.40, 0.18, 0.16, 0.80, 0.81),
    },
}


def paper_rows(task: str) -> dict[str, tuple[str, dict[str, float]]]:
    """Return what the paper calls each of our models, and its numbers by the title of the column; {} for other tasks.

    The paper's 4D Gaussian has no counterpart here.
    """
    return {
        name: (_METHODS[name], {c: x for c, x in zip(_COLUMNS, numbers, strict=True) if x is not None})
        for name, numbers in _NUMBERS.get(task, {}).items()
    }
