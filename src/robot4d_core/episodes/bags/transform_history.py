# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Recorded /tf and /tf_static, asked for a transform at a moment: what tf2's buffer does, for a whole bag at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from robot4d_core.errors import PoseError, TransformError
from robot4d_core.geometry.poses import interpolate_pose, invert_pose, pose_from_quaternion


@dataclass
class _Link:
    """How a frame stood in its parent: stamp in ns -> (translation (3,), quaternion xyzw (4,))."""

    parent: str
    static: bool
    samples: dict[int, tuple] = field(default_factory=dict)

    @cached_property
    def stamps(self) -> np.ndarray:
        return np.array(sorted(self.samples), np.int64)


class TransformHistory:
    """Transforms between named frames over time; add all of them before the first lookup.

    Stamps are nanoseconds of the ROS clock, as integers. Between two samples the translation is interpolated linearly
    and the rotation by slerp, as tf2 does; nothing is extrapolated.
    """

    def __init__(self) -> None:
        self._links: dict[str, _Link] = {}

    def add(self, parent: str, child: str, stamp: int, translation, quaternion, static: bool = False) -> None:
        """Add one sample of T_parent_child; of a static transform the last one counts.

        Raises TransformError when child had another parent before.
        """
        link = self._links.setdefault(child, _Link(parent, static))
        if link.parent != parent:
            raise TransformError(
                f"tf: frame '{child}' has two parents, '{link.parent}' and '{parent}'; two nodes publish it, stop one")
        link.samples[stamp] = (translation, quaternion)

    def span(self, target: str, source: str) -> tuple[float, float]:
        """Return the first and last stamp at which lookup can answer; infinite when all between them is static."""
        up, down = self._paths(target, source)
        moving = [link.stamps for link in map(self._links.get, (*up, *down)) if not link.static]
        return (max((stamps[0] for stamps in moving), default=-np.inf),
                min((stamps[-1] for stamps in moving), default=np.inf))

    def lookup(self, target: str, source: str, stamp: int, tolerance: int) -> np.ndarray:
        """Return T_target_source (4, 4) at a stamp.

        Raises TransformError, naming the link, when the frames are not connected, when a moving link does not reach
        the stamp, and when it has no sample within tolerance (ns) of it.
        """
        up, down = ([self._sample(frame, stamp, tolerance) for frame in path]
                    for path in self._paths(target, source))
        return invert_pose(_compose(down)) @ _compose(up)

    def _paths(self, target: str, source: str) -> tuple[list[str], list[str]]:
        """Return the frames from source, and those from target, up to but without their nearest common ancestor."""
        up, down = self._ancestry(source), self._ancestry(target)
        if up[-1] != down[-1]:
            raise TransformError(
                f"tf: no way from '{target}' to '{source}': {self._top(source, up[-1])}, and "
                f"{self._top(target, down[-1])}; record /tf and /tf_static with the link that has '{up[-1]}' as child, "
                'or give the right frame names')
        while up and down and up[-1] == down[-1]:
            up, down = up[:-1], down[:-1]
        return up, down

    def _top(self, frame: str, top: str) -> str:
        if frame != top:
            return f"'{frame}' hangs below '{top}', which has no parent"
        known = any(link.parent == frame for link in self._links.values())
        return f"'{frame}' has no parent" if known else f"'{frame}' is not in tf at all"

    def _ancestry(self, frame: str) -> list[str]:
        """Return the frame and all its ancestors."""
        frames = [frame]
        while frames[-1] in self._links:
            parent = self._links[frames[-1]].parent
            if parent in frames:
                raise TransformError(
                    f"tf: '{parent}' is its own ancestor ({' below '.join(frames)}); two nodes contradict each other, "
                    'stop one')
            frames.append(parent)
        return frames

    def _sample(self, frame: str, stamp: int, tolerance: int) -> np.ndarray:
        link = self._links[frame]
        if link.static:
            return self._pose(frame, link.stamps[-1])
        after = int(np.searchsorted(link.stamps, stamp))
        if after < len(link.stamps) and link.stamps[after] == stamp:
            return self._pose(frame, stamp)
        neighbours = link.stamps[max(after - 1, 0):after + 1]
        gap = np.abs(neighbours - stamp).min()
        if len(neighbours) < 2 or gap > tolerance:
            raise TransformError(
                f"tf: '{link.parent}' -> '{frame}' is not known at stamp {stamp * 1e-9:.3f}: the nearest sample is "
                f'{gap * 1e-9:.3f} s away, at most {tolerance * 1e-9:.3f} s is allowed, with one on either side; '
                'publish it as often and as long as the cameras')
        before, after = (self._pose(frame, neighbour) for neighbour in neighbours)
        return interpolate_pose(before, after, (stamp - neighbours[0]) / (neighbours[1] - neighbours[0]))

    def _pose(self, frame: str, stamp: int) -> np.ndarray:
        link = self._links[frame]
        try:
            return pose_from_quaternion(*link.samples[stamp])
        except PoseError as error:
            raise TransformError(f"tf: '{link.parent}' -> '{frame}' at stamp {stamp * 1e-9:.3f}: {error}") from error


def _compose(poses: list[np.ndarray]) -> np.ndarray:
    """Chain T_parent_child from the deepest child upwards."""
    chained = np.eye(4)
    for pose in poses:
        chained = pose @ chained
    return chained
