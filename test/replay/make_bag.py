# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Make a small bag (MCAP, below 1 MB) from the simulated cell, and the truth beside it.

    python test/replay/make_bag.py out/bag

The expert moves the gripper for a second, then everything rests: a frozen scene is the right prediction from then on.
truth.json holds the gripper's pose in the frame of the reference camera during the rest.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.episodes.bags.writer import BagWriter
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import optical_frame
from robot4d_core.geometry.poses import invert_pose

TASK = 'PutSpatulaOnTable'
SEED = 4
SIZE = (160, 128)
MOVING, RESTING = 1.0, 1.5  # seconds
IMAGE_INTERVAL, JOINT_INTERVAL = 0.25, 0.05  # seconds
FIRST_STAMP = 10.0


def make_bag(folder: Path) -> dict:
    """Write the bag and truth.json into folder; returns the truth."""
    scene = Scene.sample(TASK, SEED, *SIZE)
    cell = RobotCell(scene)
    arm, expert = cell.arms[0], Expert(cell)
    ticks = round((MOVING + RESTING) / JOINT_INTERVAL)
    images_every = round(IMAGE_INTERVAL / JOINT_INTERVAL)
    with BagWriter(folder) as bag:
        reference = scene.cameras[0]
        bag.write_transforms(
            FIRST_STAMP, {('world', optical_frame(reference.name)): reference.T_world_optical}, static=True)
        for tick in range(ticks + 1):
            stamp = FIRST_STAMP + tick * JOINT_INTERVAL
            names = [*arm.names.joints, *arm.names.gripper.finger_joints]
            bag.write_joint_states(stamp, names, [*arm.positions, *[arm.gripper_opening / 2] * 2])
            bag.write_transforms(stamp, {('world', 'gripper_tcp'): arm.gripper_pose()})
            if tick % images_every == 0:
                for placement in scene.cameras:
                    view = cell.render(placement.name)
                    seen = CameraView(placement.name, placement.camera, view.rgb, view.depth)
                    bag.write_view(stamp, seen, optical_frame(placement.name))
            if stamp < FIRST_STAMP + MOVING:
                expert.advance(JOINT_INTERVAL)
            else:
                arm.command(arm.positions)
                cell.advance(JOINT_INTERVAL)
    truth = {
        'gripper_pose': (invert_pose(reference.T_world_optical) @ arm.gripper_pose()).tolist(),
        'opening': arm.gripper_opening,
        'rest_from': FIRST_STAMP + MOVING + 0.5,
        'end': FIRST_STAMP + ticks * JOINT_INTERVAL,
        'images': ticks // images_every + 1,
    }
    (folder / 'truth.json').write_text(json.dumps(truth, indent=2) + '\n')
    return truth


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bag', type=Path, help='folder to make')
    print(json.dumps(make_bag(parser.parse_args().bag), indent=2))
