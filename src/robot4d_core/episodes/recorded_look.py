# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One moment of a recording as an engine sees it, and what the recording knows of the moments that followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from robot4d_core.episodes.recorded_robot import recorded_robot, robot_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import camera_of, relative_pose
from robot4d_core.errors import EpisodeError, ParameterError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera, optical_frame
from robot4d_core.geometry.pointmaps import depth_in_metres, pointmap_from_depth, resize_depth, transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.observation import Observation, RobotState
from robot4d_core.prediction import FRAMES
from robot4d_core.robot.robot import Robot


@dataclass(frozen=True)
class RecordedView:
    """One camera over 1 + K moments. rgb: (1 + K, H, W, 3) uint8; depth: (1 + K, H, W) float32 metres, NaN invalid."""

    name: str
    camera: PinholeCamera
    rgb: np.ndarray
    depth: np.ndarray

    def resized(self, width: int, height: int) -> RecordedView:
        """Return the view in another size, resized as engines do: colour by area, depth by nearest neighbour."""
        if (width, height) == (self.camera.width, self.camera.height):
            return self
        rgb = [cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in self.rgb]
        depth = [resize_depth(image, width, height) for image in self.depth]
        return replace(self, camera=self.camera.resized(width, height), rgb=np.stack(rgb), depth=np.stack(depth))


@dataclass(frozen=True)
class RecordedLook:
    """What two cameras saw at one moment of a recording and at the K that followed, FRAME_INTERVAL apart.

    views: n (the reference) and m; stamp: seconds; frame_id: optical frame of n; source: what to find it again by.
    robot: at the first moment, described_robot: whose state that is; None where the recording does not know it, for
    the reason robot_unknown.
    T_n_m: (4, 4), None where the recording does not know it. gripper_poses: (P, G, 4, 4) T_n_tcp of every gripper and
    openings: (P, G) metres at the first P moments, both None where unknown. No engine gets these three.
    """

    source: str
    stamp: float
    frame_id: str
    views: tuple[RecordedView, RecordedView]
    instruction: str = ''
    robot: RobotState | None = None
    described_robot: Robot | None = None
    robot_unknown: str = ''
    T_n_m: np.ndarray | None = None  # noqa: N815
    gripper_poses: np.ndarray | None = None
    openings: np.ndarray | None = None

    @property
    def observation(self) -> Observation:
        """What an engine sees: the first moment, no extrinsic but that of n in the robot's base."""
        views = tuple(CameraView(view.name, view.camera, view.rgb[0], view.depth[0]) for view in self.views)
        return Observation(self.stamp, self.frame_id, views, self.instruction, self.robot)

    @property
    def future(self) -> int:
        """K, how many later moments are known."""
        return len(self.views[0].rgb) - 1

    def resized(self, size_n: tuple[int, int], size_m: tuple[int, int]) -> RecordedLook:
        """Return the look with its views in other sizes, (width, height)."""
        n, m = self.views
        return replace(self, views=(n.resized(*size_n), m.resized(*size_m)))

    def pointmaps(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the points (1 + K, H, W, 3) of both views in frame n; None for m when T_n_m is unknown."""
        n, m = (pointmap_from_depth(view.depth, view.camera) for view in self.views)
        return n, None if self.T_n_m is None else transform_points(self.T_n_m, m)


def read_episode_look(
    path: Path, step: int = 0, cameras: tuple[str, str] = ('0', '1'), moments: int = FRAMES,
    package_paths: Sequence[Path] = (),
) -> RecordedLook:
    """Read a moment of the episode STORE/NAME and at most `moments` that follow.

    cameras: n and m, names or numbers; package_paths: see robot_of. Raises EpisodeError, and ParameterError for a step
    or camera that is not there.
    """
    store = EpisodeStore(path.parent)
    if path.name not in store.names:
        raise EpisodeError(f"{store.folder} has no episode '{path.name}'; it has {_listed(store.names)}")
    episode, attributes = store.read(path.name), store.attributes(path.name)
    names = attributes.get('cameras', [f'camera_{k}' for k in range(episode.rgb.shape[0])])
    n, m = choose_cameras(names, cameras)
    count = len(episode.times)
    if not 0 <= step < count:
        raise ParameterError(f'step must be 0 to {count - 1}, the last of {path.name}, got {step}')
    steps = slice(step, step + 1 + moments)
    robot, described, robot_unknown = None, None, ''
    try:
        described = robot_of(attributes, package_paths)
        robot = recorded_robot(episode, described, step, n)
    except EpisodeError as error:
        robot_unknown = str(error)
    T_n_world = invert_pose(np.asarray(episode.camera_poses)[n])
    return RecordedLook(
        source=f'{path}, step {step}, cameras {names[n]} and {names[m]}',
        stamp=float(np.asarray(episode.times)[step]), frame_id=optical_frame(names[n]),
        views=tuple(
            RecordedView(names[k], camera_of(episode, k), episode.rgb[k, steps],
                         depth_in_metres(episode.depth[k, steps], '16UC1'))
            for k in (n, m)
        ),
        instruction=attributes.get('instruction', ''), robot=robot, described_robot=described,
        robot_unknown=robot_unknown, T_n_m=relative_pose(episode, n, m),
        gripper_poses=T_n_world @ np.asarray(episode.gripper_poses)[steps],
        openings=np.asarray(episode.opening)[steps],
    )


def choose_cameras(names: list[str], wanted: tuple[str, str]) -> tuple[int, int]:
    """Return which of the named cameras are n and m; wanted: names or numbers. Raises ParameterError."""
    chosen = []
    for camera in wanted:
        if camera in names:
            chosen.append(names.index(camera))
        elif camera.isdecimal() and int(camera) < len(names):
            chosen.append(int(camera))
        else:
            raise ParameterError(f"no camera '{camera}'; choose of {_listed(names)}, by name or by number from 0")
    if chosen[0] == chosen[1]:
        raise ParameterError(f"the two cameras must differ, got '{wanted[0]}' and '{wanted[1]}'")
    return chosen[0], chosen[1]


def _listed(names: list[str]) -> str:
    return ', '.join(names[:8]) + (f' and {len(names) - 8} more' if len(names) > 8 else '') if names else 'none'
