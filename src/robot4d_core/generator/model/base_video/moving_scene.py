# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The observed scene without the robot, in which what the grippers close upon moves with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from robot4d_core.generator.model.base_video.carried_object import points_in_grip
from robot4d_core.generator.model.base_video.empty_scene import uncover
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.geometry.splatting import draw_points

EDGE = 2  # pixels about a thing whose colours are mixed with its own

_NEIGHBOURHOOD = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class _Carried:
    """Points (N, 3) as they were observed, where they are now (T_now_observed), and the tool that took them."""

    points: np.ndarray
    colours: np.ndarray
    tool: np.ndarray
    moved: np.ndarray


class MovingScene:
    """Views of one scene, step by step."""

    def __init__(
        self, views: Sequence[CameraView], placements: Sequence[np.ndarray], robot: Sequence[np.ndarray],
        workspace: np.ndarray, T_base_common: np.ndarray,
    ) -> None:
        """Take what was observed; placements: T_common_optical (4, 4); robot: (H, W) bool, where the robot was seen.

        workspace: (2, 3) in the base frame, of what can be carried; T_base_common: (4, 4).
        """
        self._views, self._placements, self._hidden = views, placements, [mask.copy() for mask in robot]
        self._pixels = [transform_points(placement, pointmap_from_depth(view.depth, view.camera))
                        for view, placement in zip(views, placements, strict=True)]
        self._movable = []
        for points, mask in zip(self._pixels, robot, strict=True):
            in_base = transform_points(T_base_common, points)
            with np.errstate(invalid='ignore'):
                self._movable.append(((in_base > workspace[0]) & (in_base < workspace[1])).all(axis=-1) & ~mask)
        self._carried: dict[int, _Carried] = {}
        self._left: list[_Carried] = []
        self._empty = uncover(views, placements, self._hidden)

    def grip(self, gripper: int, tools: np.ndarray, closed: np.ndarray, step: int) -> None:
        """Go on to a step: a gripper that closes takes what is between its pads, one that opens leaves it.

        tools: (1 + T, 4, 4) T_common_tcp and closed: (1 + T,) bool, of the observation and the steps after it.
        """
        if closed[0] and step == 1:
            self._take(gripper, tools[0])
        if closed[step] and not closed[step - 1]:
            self._take(gripper, tools[step])
        held = self._carried.get(gripper)
        if held is None:
            return
        if closed[step]:
            self._carried[gripper] = replace(held, moved=tools[step] @ invert_pose(held.tool))
        else:
            self._left.append(replace(held, moved=tools[step] @ invert_pose(held.tool)))
            del self._carried[gripper]

    def views(self) -> list[CameraView]:
        """Return what would be seen now if the robot were not there."""
        things = [*self._carried.values(), *self._left]
        if not things:
            return self._empty
        shown = []
        for view, placement in zip(self._empty, self._placements, strict=True):
            for thing in things:
                view = _with_thing(view, invert_pose(placement) @ thing.moved, thing)
            shown.append(view)
        return shown

    def _take(self, gripper: int, tool: np.ndarray) -> None:
        points = np.concatenate([pixels[mask] for pixels, mask in zip(self._pixels, self._movable, strict=True)])
        colours = np.concatenate([view.rgb[mask] for view, mask in zip(self._views, self._movable, strict=True)])
        belongs = points_in_grip(points, colours, tool)
        if not belongs.any():
            return
        self._carried[gripper] = _Carried(points[belongs], colours[belongs], tool, np.eye(4))
        start = 0
        for number, mask in enumerate(self._movable):
            taken = np.zeros_like(mask)
            taken[mask] = belongs[start:start + mask.sum()]
            start += mask.sum()
            self._hidden[number] |= cv2.dilate(taken.astype(np.uint8), _NEIGHBOURHOOD, iterations=EDGE).astype(bool)
            self._movable[number] = mask & ~taken
        self._empty = uncover(self._views, self._placements, self._hidden)


def _with_thing(view: CameraView, T_optical_points: np.ndarray, thing: _Carried) -> CameraView:
    """Draw a thing into a view: its points one pixel each, and the gaps of a pixel between them."""
    def splat(radius: int) -> tuple[np.ndarray, np.ndarray]:
        rgb, depth = view.rgb.copy(), np.where(np.isfinite(view.depth), view.depth, np.inf)
        draw_points(rgb, depth, view.camera, T_optical_points, thing.points, thing.colours, radius)
        return rgb, np.where(np.isfinite(depth), depth, np.nan).astype(np.float32)

    (fine, near), (coarse, nearer) = splat(0), splat(1)
    hit = ((near != view.depth) & np.isfinite(near)).astype(np.uint8)
    gaps = (cv2.morphologyEx(hit, cv2.MORPH_CLOSE, _NEIGHBOURHOOD) > hit) & (nearer != view.depth)
    return CameraView(
        view.name, view.camera, np.where(gaps[..., None], coarse, fine), np.where(gaps, nearer, near))
