# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Predictions on disk, beside what they were made from and what truly came.

An npz file holds only plain arrays, so that `numpy.load(file)` alone reads it. v is `n` (the reference) or `m`; T
predicted frames; 1 + K recorded moments, the first of them observed; all points are in the optical frame of n.

    schema            ()                2
    model             ()                engine and weights
    seed, steps       ()                of the sampler; -1 where the engine's default was taken
    source            ()                recording and moment
    instruction       ()                sentence, may be empty
    stamp             ()                of the observation, seconds
    frame_id          ()                optical frame of n
    names             (2,)              of the cameras n and m
    time_from_start   (T,)              seconds after the stamp
    rgb_v             (T, H, W, 3)      uint8
    pointmap_v        (T, H, W, 3)      float32 metres, NaN unknown
    intrinsics_v      (3, 3)            of the predicted images, pixels
    recorded_rgb_v    (1 + K, h, w, 3)  uint8
    recorded_depth_v  (1 + K, h, w)     float32 metres in camera v, NaN invalid
    recorded_intrinsics_v  (3, 3)       of the recorded images, pixels
    T_n_m             (4, 4)            where the recording knows it
    gripper_poses     (P, G, 4, 4)      T_n_tcp of every gripper at the first P recorded moments, where known
    openings          (P, G)            metres, where known
    robot             ()                JSON, the attribute `robot` of episodes, where known

and, of an engine that imagines the paths of G grippers:

    path_grippers     (G,)              names
    path_poses        (G, T, 4, 4)      T_n_tcp
    path_openings     (G, T)            metres
    path_closed       (G, T)            bool
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from robot4d_core.episodes.bags.prediction_bag import read_prediction_bag
from robot4d_core.episodes.recorded_look import RecordedLook, RecordedView
from robot4d_core.episodes.recorded_robot import robot_of, robot_record
from robot4d_core.episodes.saved_prediction import SavedPrediction
from robot4d_core.errors import EpisodeError, PredictionFileError, Robot4dError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.prediction import GripperPath, PredictedView, Prediction
from robot4d_core.robot.names import read_arm_names

SCHEMA = 2
VIEWS = ('n', 'm')
OPTIONAL = ('T_n_m', 'gripper_poses', 'openings')


def write_npz(saved: SavedPrediction, file: Path) -> None:
    """Write the arrays that the module describes; the file appears when it is complete."""
    prediction, look = saved.prediction, saved.look
    arrays = {
        'schema': SCHEMA, 'model': prediction.model, 'seed': _or_unset(saved.seed), 'steps': _or_unset(saved.steps),
        'source': look.source, 'instruction': look.instruction, 'stamp': prediction.stamp,
        'frame_id': prediction.frame_id, 'names': [view.name for view in prediction.views],
        'time_from_start': prediction.time_from_start,
    }
    for v, view, recorded in zip(VIEWS, prediction.views, look.views, strict=True):
        arrays |= {
            f'rgb_{v}': view.rgb, f'pointmap_{v}': view.pointmap, f'intrinsics_{v}': view.camera.matrix,
            f'recorded_rgb_{v}': recorded.rgb, f'recorded_depth_{v}': recorded.depth,
            f'recorded_intrinsics_{v}': recorded.camera.matrix,
        }
    if paths := prediction.paths:
        arrays |= {
            'path_grippers': [path.gripper for path in paths], 'path_poses': np.stack([path.poses for path in paths]),
            'path_openings': np.stack([path.opening for path in paths]),
            'path_closed': np.stack([path.closed for path in paths]),
        }
    arrays |= {key: getattr(look, key) for key in OPTIONAL if getattr(look, key) is not None}
    if look.described_robot is not None:
        arrays['robot'] = json.dumps(robot_record(look.described_robot))
    unfinished = file.with_name(f'.{file.name}.{os.getpid()}.unfinished')
    try:
        with unfinished.open('wb') as opened:
            np.savez_compressed(opened, **arrays)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def read_prediction(path: Path, package_paths: Sequence[Path] = ()) -> SavedPrediction:
    """Read an npz file, or the rosbag2 folder that prediction_bag.py writes; package_paths: see robot_of.

    Raises PredictionFileError.
    """
    if not path.exists():
        raise PredictionFileError(f"{path} does not exist; make a prediction with 'robot4d predict'")
    if path.is_dir() or path.suffix == '.mcap':
        return read_prediction_bag(path, package_paths)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if isinstance(arrays, np.ndarray) or 'schema' not in arrays:
                raise PredictionFileError(f"{path} is no prediction of robot4d; make one with 'robot4d predict'")
            if arrays['schema'] != SCHEMA:
                raise PredictionFileError(
                    f"{path} has schema {arrays['schema']}, this version reads {SCHEMA}; predict again")
            return _from_arrays(arrays, package_paths)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, Robot4dError) as error:
        if isinstance(error, PredictionFileError):
            raise
        raise PredictionFileError(
            f"{path} is no prediction of robot4d, or it is damaged ({error}); make one with 'robot4d predict'"
        ) from error


def _from_arrays(arrays, package_paths: Sequence[Path]) -> SavedPrediction:
    names = [str(name) for name in arrays['names']]
    predicted, recorded = [], []
    for v, name in zip(VIEWS, names, strict=True):
        rgb, rgb_recorded = arrays[f'rgb_{v}'], arrays[f'recorded_rgb_{v}']
        predicted.append(PredictedView(
            name, _camera(arrays[f'intrinsics_{v}'], rgb), rgb, arrays[f'pointmap_{v}']))
        recorded.append(RecordedView(
            name, _camera(arrays[f'recorded_intrinsics_{v}'], rgb_recorded), rgb_recorded,
            arrays[f'recorded_depth_{v}']))
    stamp, frame_id = float(arrays['stamp']), str(arrays['frame_id'])
    return SavedPrediction(
        Prediction(stamp, frame_id, arrays['time_from_start'], tuple(predicted), str(arrays['model']),
                   paths=_paths(arrays)),
        RecordedLook(str(arrays['source']), stamp, frame_id, tuple(recorded), str(arrays['instruction']),
                     **{key: arrays[key] for key in OPTIONAL if key in arrays}, **_robot(arrays, package_paths)),
        *(int(arrays[key]) if arrays[key] >= 0 else None for key in ('seed', 'steps')),
    )


def _robot(arrays, package_paths: Sequence[Path]) -> dict:
    """Return described_robot, or robot_unknown, of a RecordedLook; files of before tell of the cell's robot only."""
    if 'robot' in arrays:
        attributes = {'robot': json.loads(str(arrays['robot']))}
    else:
        grippers = arrays['openings'].shape[1] if 'openings' in arrays else 1
        attributes = {'grippers': [arm.gripper.name for arm in read_arm_names()[:grippers]]}
    try:
        return {'described_robot': robot_of(attributes, package_paths)}
    except EpisodeError as error:
        return {'robot_unknown': str(error)}


def _paths(arrays) -> tuple[GripperPath, ...]:
    if 'path_grippers' not in arrays:
        return ()
    columns = (arrays[f'path_{name}'] for name in ('grippers', 'poses', 'openings', 'closed'))
    return tuple(GripperPath(str(gripper), *path) for gripper, *path in zip(*columns, strict=True))


def _camera(matrix: np.ndarray, video: np.ndarray) -> PinholeCamera:
    return PinholeCamera.from_matrix(matrix, width=video.shape[2], height=video.shape[1])


def _or_unset(number: int | None) -> int:
    return -1 if number is None else number
