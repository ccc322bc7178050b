# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Rigid transforms as rotation quaternion (x, y, z, w) and translation (x, y, z) in plain floats.

One lookup composes a few of them; numpy's overhead per operation would cost more than the arithmetic.
"""

from __future__ import annotations

import math
from typing import NamedTuple

Quaternion = tuple[float, float, float, float]
Vector = tuple[float, float, float]


class RigidTransform(NamedTuple):
    """Maps a point p of the child frame to `rotation * p + translation` in its parent."""

    rotation: Quaternion = (0.0, 0.0, 0.0, 1.0)
    translation: Vector = (0.0, 0.0, 0.0)

    def __matmul__(self, other: RigidTransform) -> RigidTransform:
        """Return the transform that applies `other` first."""
        turned = _rotate(self.rotation, other.translation)
        return RigidTransform(
            _multiply(self.rotation, other.rotation),
            tuple(a + b for a, b in zip(turned, self.translation, strict=True)),
        )

    def inverse(self) -> RigidTransform:
        """Return the transform from the parent to the child."""
        x, y, z, w = self.rotation
        back = (-x, -y, -z, w)
        tx, ty, tz = self.translation
        return RigidTransform(back, _rotate(back, (-tx, -ty, -tz)))

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
    translation = tuple((1 - ratio) * a + ratio * b for a, b in zip(start.translation, end.translation, strict=True))
    cosine = sum(a * b for a, b in zip(start.rotation, end.rotation, strict=True))
    angle = math.acos(min(abs(cosine), 1.0))
    if angle == 0:
        return RigidTransform(start.rotation, translation)
    from_start = math.sin((1 - ratio) * angle) / math.sin(angle)
    from_end = math.copysign(math.sin(ratio * angle), cosine) / math.sin(angle)
    rotation = tuple(from_start * a + from_end * b for a, b in zip(start.rotation, end.rotation, strict=True))
    return RigidTransform(rotation, translation)


def _multiply(p: Quaternion, q: Quaternion) -> Quaternion:
    px, py, pz, pw = p
    qx, qy, qz, qw = q
    return (
        pw * qx + px * qw + py * qz - pz * qy,
        pw * qy + py * qw + pz * qx - px * qz,
        pw * qz + pz * qw + px * qy - py * qx,
        pw * qw - px * qx - py * qy - pz * qz,
    )


def _rotate(q: Quaternion, v: Vector) -> Vector:
    x, y, z, w = q
    rotated_x, rotated_y, rotated_z, _ = _multiply(_multiply(q, (*v, 0.0)), (-x, -y, -z, w))
    return rotated_x, rotated_y, rotated_z
