# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From positions of some joints, in an order of their own, to configurations of the whole robot (Pinocchio)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pinocchio as pin

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.description import RobotDescription


class JointMap:
    """Mimic joints follow; other joints that are not among these are held, at 0 or where held says (rad or metres).

    matrix: (nv, J), what moves along every degree of freedom of the robot when the joints do.
    Raises RobotDescriptionError when a joint is missing, named twice, or is one that follows another.
    """

    def __init__(
        self, description: RobotDescription, joints: Sequence[str], held: Mapping[str, float] | None = None
    ) -> None:
        for name in joints:
            description.require_joint(name)
            if followed := description.mimicked_by(name):
                raise RobotDescriptionError(f"joint '{name}' follows '{followed}'; name that one instead")
        if len(set(joints)) < len(joints):
            raise RobotDescriptionError(f"a joint is named twice: {', '.join(joints)}")
        at_zero = description.coordinates({})
        self.matrix = np.stack([description.coordinates({name: 1.0}) - at_zero for name in joints], axis=1)
        self._held = description.coordinates(held or {})
        self._model, self._neutral = description.model, pin.neutral(description.model)

    def configuration(self, positions: np.ndarray) -> np.ndarray:
        """Return Pinocchio's configuration (nq,) at joint positions (J,), rad or metres."""
        return pin.integrate(self._model, self._neutral, self.matrix @ np.asarray(positions, float) + self._held)
