# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How far the fingers are open from frame to frame, also while no camera sees them.

Fingers move while the arm rests, and an object that comes along is held.
"""

from __future__ import annotations

import numpy as np

from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.tracker.frame_fit import FrameFit

REST = 0.005  # metres between two frames within which the arm counts as at rest


def settle_openings(start: FrameFit, fits: list[FrameFit]) -> np.ndarray:
    """Return the opening per frame, (T,) metres; where the fingers were hidden, from the frames around.

    Fingers move while the arm rests. So a change that happened out of sight is dated to the first rest since the
    fingers were last seen, and to their reappearance if the arm never rested.
    """
    travelled = _travelled(start, fits)
    openings, last_seen = np.array([fit.opening for fit in fits]), -1
    for frame, fit in enumerate(fits):
        if not fit.opening_seen:
            openings[frame] = openings[frame - 1] if frame else start.opening
            continue
        for hidden in range(last_seen + 1, frame):
            if travelled[hidden] < REST:
                openings[hidden:frame] = fit.opening
                break
        last_seen = frame
    return openings


def close_out_of_sight(
    model: GripperModel, start: FrameFit, fits: list[FrameFit], openings: np.ndarray, travels: np.ndarray
) -> np.ndarray:
    """Return the openings (T,), 0 from the rest before an object came along with fingers that nobody saw close.

    travels: (T - 1,) bool, whether an object came along since the frame before.
    """
    openings, travelled = openings.copy(), _travelled(start, fits)
    seen = np.array([fit.opening_seen for fit in fits])
    for frame in np.flatnonzero(travels) + 1:
        if seen[frame] or model.closed(openings[frame], before=False):
            continue
        since = max(np.flatnonzero(seen[:frame]), default=-1) + 1
        until = min(np.flatnonzero(seen[frame:]), default=len(fits) - frame) + frame
        rests = since + np.flatnonzero(travelled[since:frame] < REST)
        openings[rests[0] if len(rests) else since:until] = 0.0
    return openings


def closed_over_time(model: GripperModel, before: float, openings: np.ndarray) -> np.ndarray:
    """Tell for each of the openings (T,), metres, whether the gripper counts as closed; before: the opening ahead."""
    closed, state = [], model.closed(before, before=False)
    for metres in openings:
        state = model.closed(metres, state)
        closed.append(state)
    return np.array(closed)


def _travelled(start: FrameFit, fits: list[FrameFit]) -> np.ndarray:
    places = np.array([fit.pose[:3, 3] for fit in (start, *fits)])
    return np.linalg.norm(np.diff(places, axis=0), axis=1)
