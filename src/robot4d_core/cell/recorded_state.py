# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The simulated cell as it was at a step of an episode: what the oracle needs, and no episode stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from robot4d_core.cell.demonstration import replay
from robot4d_core.cell.looks import replay_look
from robot4d_core.cell.scene import Scene
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EpisodeError
from robot4d_core.observation import SimulatorState

SAME_JOINTS = 1e-4  # rad


def recorded_state(path: Path, step: int, cameras: Sequence[str]) -> SimulatorState:
    """Do the demonstration of the episode STORE/NAME again, up to a step; the scene keeps the named cameras only.

    Raises EpisodeError when the episode was not recorded in the simulated cell, or by a version of it that moved
    differently.
    """
    store = EpisodeStore(path.parent)
    attributes = store.attributes(path.name)
    if 'scene' not in attributes:
        raise EpisodeError(f"{path} was not recorded in the simulated cell; choose the engine 'diffusion' or 'hold'")
    scene = Scene.from_json(attributes['scene'])
    cell = replay_look(scene, attributes['look']['state'], step) if 'look' in attributes else replay(scene, step)
    difference = np.abs(np.stack([arm.positions for arm in cell.arms]) - store.read(path.name).joints[step]).max()
    if difference > SAME_JOINTS:
        raise EpisodeError(
            f'{path} cannot be done again: at step {step} a joint is {difference:.4f} rad from where it was; it was '
            'recorded by another version, record it again')
    named = {placement.name: placement for placement in scene.cameras}
    return SimulatorState(replace(scene, cameras=tuple(named[name] for name in cameras)).to_json(), cell.state())
