# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Make a bag from one pair of real RGB-D images: a static room, 16UC1 depth with holes, JPEG noise, no robot in view.

    python test/replay/real_bag.py shared/data/real_rgbd_pairs/pair_00 out/real_bag

The robot is said to stand with its gripper in front of the reference camera, so that the tracker looks for it there.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import imageio.v3 as imageio
import numpy as np

from robot4d_core.episodes.bags.writer import BagWriter
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import depth_in_metres
from robot4d_core.geometry.poses import make_pose

RATE = 5.0  # Hz
SECONDS = 3.0
HOME = (0.0, -0.4, 0.0, -2.2, 0.0, 1.8, 0.785)
FRAMES = {'n': 'reference', 'm': 'second'}
GRIPPER_AHEAD = make_pose(np.diag([1.0, -1.0, -1.0]), (0.0, 0.0, 1.0))  # T_optical_tcp


def read_view(pair: Path, side: str) -> CameraView:
    """Read one side ('n' or 'm') of a pair."""
    k = json.loads((pair / 'meta.json').read_text())['K']
    colour = imageio.imread(pair / f'{side}_color.jpg')
    depth = depth_in_metres(imageio.imread(pair / f'{side}_depth.png'), '16UC1')
    camera = PinholeCamera.from_matrix(k, colour.shape[1], colour.shape[0])
    return CameraView(FRAMES[side], camera, colour, depth)


def make_bag(pair: Path, folder: Path, first_stamp: float = 100.0) -> None:
    """Write the pair as seen for SECONDS seconds by two cameras at rest."""
    views = [read_view(pair, side) for side in FRAMES]
    with BagWriter(folder) as bag:
        bag.write_transforms(first_stamp, {
            ('world', 'reference_color_optical_frame'): np.eye(4),
            ('reference_color_optical_frame', 'gripper_tcp'): GRIPPER_AHEAD,
        }, static=True)
        for stamp in first_stamp + np.arange(0, SECONDS, 1 / RATE):
            bag.write_joint_states(
                stamp,
                [*(f'arm_joint{i}' for i in range(1, 8)), 'gripper_finger_left_joint', 'gripper_finger_right_joint'],
                [*HOME, 0.04, 0.04])
            for view in views:
                bag.write_view(stamp, view, f'{view.name}_color_optical_frame')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('pair', type=Path)
    parser.add_argument('bag', type=Path)
    arguments = parser.parse_args()
    make_bag(arguments.pair, arguments.bag)
