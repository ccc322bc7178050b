# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A picture of a robot as its description has it: from the side and the front, and its grippers from near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from robot4d_core.geometry.cameras import CameraPlacement, PinholeCamera
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose, make_pose
from robot4d_core.robot.description import GREY, RobotDescription
from robot4d_core.robot.drawing import NOTHING, DrawnRobot, RobotDrawing
from robot4d_core.robot.gripper import Gripper

PANEL = 5.2  # inches
PIXELS = 700  # of a panel
FARTHER = 40  # times the size of what is drawn, from where parallel lines look parallel
MARGIN = 0.08
NEAR = 0.24  # metres, the size of a gripper from near
LIGHT = np.array([0.35, -0.45, -0.82])  # from behind the eye, above and beside it, in the optical frame
AXES = ((0, 'x', 'tab:red'), (1, 'y', 'tab:green'), (2, 'z', 'tab:blue'))
PADS = 'tab:orange'
SIDE = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # the axes of the eye as columns: x to the right, z up
FRONT = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]])  # y to the right, z up
NEARBY = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])  # of the tcp: y to the right, z down


def draw_robot(
    description: RobotDescription, positions: Mapping[str, float], base_frame: str, tcps: Sequence[str],
    grippers: Sequence[Gripper | None], file: Path, title: str = '',
) -> None:
    """Draw a robot at joint positions by name, rad or metres, with the axes of its tcp frames and its finger pads.

    grippers: of the tcps, None where there are no pads to be drawn. Raises RobotDescriptionError when a link is
    missing or a shape cannot be read.
    """
    T_root_base = description.pose(base_frame)
    drawing = RobotDrawing(description)
    posed, colours = drawing.posed(positions), _colours(description)
    tools = [description.pose(tcp, positions) for tcp in tcps]
    pads = [None if gripper is None else transform_points(tool, gripper.pads(gripper.opening(positions)))
            for gripper, tool in zip(grippers, tools, strict=True)]
    corners = transform_points(invert_pose(T_root_base), posed.bounds())
    corners = np.stack(np.meshgrid(*np.stack([corners.min(axis=0), corners.max(axis=0)], axis=1)), axis=-1)
    middle, size = corners.reshape(-1, 3).mean(axis=0), (1 + MARGIN) * np.ptp(corners.reshape(-1, 3), axis=0).max()
    views = [
        (f'side, {base_frame}', T_root_base, SIDE, middle, size, ('x (m)', 'z (m)')),
        (f'front, {base_frame}', T_root_base, FRONT, middle, size, ('y (m)', 'z (m)')),
        *((tcp, tool, NEARBY, np.zeros(3), NEAR, ('y (m)', 'z (m)')) for tcp, tool in zip(tcps, tools, strict=True))]
    figure = Figure(figsize=(PANEL * len(views), PANEL + 0.4), dpi=90, layout='constrained')
    figure.suptitle(title)
    for axes, (name, frame, turn, target, size_of_view, labels) in zip(
            np.atleast_1d(figure.subplots(1, len(views))), views, strict=True):
        eye = frame @ make_pose(turn, target - FARTHER * size_of_view * turn[:, 2])
        drawn = posed.draw(CameraPlacement(name, eye, PinholeCamera.from_field_of_view(
            2 * np.arctan(0.5 / FARTHER), PIXELS, PIXELS)))
        _show(axes, drawn, eye, colours, turn, target, size_of_view)
        axes.set(title=name, xlabel=labels[0], ylabel=labels[1])
        for tool, both in zip(tools, pads, strict=True):
            _mark(axes, tool, both, invert_pose(frame), turn, size_of_view)
    figure.savefig(file)


def _colours(description: RobotDescription) -> np.ndarray:
    """Return (L, 3) in [0, 1]."""
    surfaces = [description.surface(link) for link in description.links]
    return np.stack([GREY if surface is None else surface[1] for surface in surfaces])


def _show(
    axes, drawn: DrawnRobot, eye: np.ndarray, colours: np.ndarray, turn: np.ndarray, target: np.ndarray, size: float,
) -> None:
    seen = drawn.link != NOTHING
    bright = 0.35 + 0.65 * np.clip(drawn.normal @ eye[:3, :3] @ LIGHT / np.linalg.norm(LIGHT), 0, 1)
    picture = np.concatenate([(0.25 + 0.75 * colours[drawn.link]) * bright[..., None], seen[..., None]], axis=-1)
    right, down = target @ turn[:, :2]
    half = size / 2
    sign = np.sign(turn[:, 1].sum())  # of the axis that is drawn downwards
    axes.imshow(picture, extent=(right - half, right + half, sign * (down + half), sign * (down - half)), zorder=2)
    axes.set_axisbelow(True)
    axes.grid(alpha=0.3)


def _mark(
    axes, tool: np.ndarray, pads: np.ndarray | None, T_frame_root: np.ndarray, turn: np.ndarray, size: float
) -> None:
    sign = np.array([1, np.sign(turn[:, 1].sum())])

    def seen(points: np.ndarray) -> np.ndarray:
        return sign * (transform_points(T_frame_root, points) @ turn[:, :2])

    origin = seen(tool[:3, 3])
    for axis, name, colour in AXES:
        tip = seen(tool[:3, 3] + 0.17 * size * tool[:3, axis])
        if np.linalg.norm(tip - origin) > 0.02 * size:  # others point at the eye
            axes.annotate('', tip, origin, arrowprops={'arrowstyle': '-|>', 'color': colour, 'lw': 2})
            axes.annotate(name, origin + 1.12 * (tip - origin), color=colour, ha='center', va='center', weight='bold')
    if pads is not None:
        both = seen(pads)
        axes.plot(*both.T, 'o-', color=PADS, markersize=4, markeredgecolor='white', lw=1, zorder=3)
        if size == NEAR:
            axes.annotate(f'{1e3 * np.linalg.norm(pads[0] - pads[1]):.1f} mm', both.mean(axis=0), (0, 12),
                          textcoords='offset points', ha='center', color=PADS, weight='bold')
