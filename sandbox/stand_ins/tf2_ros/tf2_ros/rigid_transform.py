# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Rigid transforms in plain floats: one lookup composes a few, numpy would cost more than the arithmetic."""

from __future__ import annotations

import math
from typing import NamedTuple


class RigidTransform(NamedTuple):
    """Maps a point p of the child frame to `rotation * p + translation` in its parent; quaternions are xyzw."""

    rotation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __matmul__(self, other: RigidTransform) -> RigidTransform:
        """Return the transform that applies `other` first."""
        turned = _rotate(self.rotation, other.translation)
        return RigidTransform(_multiply(self.rotation, other.rotation), _blend(1.0, turned, 1.0, self.translation))

    def inverse(self) -> RigidTransform:
        """Return the transform from the parent to the child."""
        x, y, z, w = self.rotation
        back = (-x, -y, -z, w)
        return RigidTransform(back, _rotate(back, tuple(-part for part in self.translation)))

    def canonical(self) -> RigidTransform:
        """Return the same transform with the unit quaternion that tf2 reads back from a rotation matrix.

        Its w is positive for turns of less than 120 degrees; else its largest imaginary part is. A quaternion
        without direction (zero, or not finite) becomes NaN.
        """
        length = math.sqrt(sum(part * part for part in self.rotation))
        if not (length > 0 and math.isfinite(length)):
            return self._replace(rotation=(math.nan,) * 4)
        x, y, z, w = unit = tuple(part / length for part in self.rotation)
        leading = w if abs(w) > 0.5 else max((x, y, z), key=abs)
        return self._replace(rotation=unit if leading > 0 else (-x, -y, -z, -w))


IDENTITY = RigidTransform()


def interpolate(start: RigidTransform, end: RigidTransform, ratio: float) -> RigidTransform:
    """Return the transform at `ratio` of the way: translation on a line, rotation on the shorter great arc."""
    translation = _blend(1 - ratio, start.translation, ratio, end.translation)
    cosine = sum(a * b for a, b in zip(start.rotation, end.rotation, strict=True))
    angle = math.acos(min(abs(cosine), 1.0))
    if angle == 0:
        return RigidTransform(start.rotation, translation)
    from_start = math.sin((1 - ratio) * angle) / math.sin(angle)
    from_end = math.copysign(math.sin(ratio * angle), cosine) / math.sin(angle)
    return RigidTransform(_blend(from_start, start.rotation, from_end, end.rotation), translation)


def _blend(s: float, a: tuple[float, ...], t: float, b: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(s * p + t * q for p, q in zip(a, b, strict=True))


def _multiply(p: tuple[float, ...], q: tuple[float, ...]) -> tuple[float, ...]:
    (px, py, pz, pw), (qx, qy, qz, qw) = p, q
    return (
        pw * qx + px * qw + py * qz - pz * qy,
        pw * qy + py * qw + pz * qx - px * qz,
        pw * qz + pz * qw + px * qy - py * qx,
        pw * qw - px * qx - py * qy - pz * qz,
    )


def _rotate(q: tuple[float, ...], v: tuple[float, ...]) -> tuple[float, ...]:
    x, y, z, w = q
    return _multiply(_multiply(q, (*v, 0.0)), (-x, -y, -z, w))[:3]
