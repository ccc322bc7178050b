# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Colour, depth and segmentation images of a MuJoCo model."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import mujoco
import numpy as np

from robot4d_core.cell.model import COLLISION_GROUP
from robot4d_core.geometry.cameras import CameraPlacement

DEPTH_RANGE = (0.1, 2.5)  # metres; nothing is measured outside, as with a real depth camera


@dataclass(frozen=True)
class RenderedView:
    """rgb: (H, W, 3) uint8; depth: (H, W) float32 metres, NaN out of range; segmentation: (H, W) uint8 labels."""

    rgb: np.ndarray
    depth: np.ndarray
    segmentation: np.ndarray


class Renderer:
    """Draws a model; body_labels: (nbody,) uint8, the label of each body's pixels (0 is the background).

    Owns an OpenGL context, so one thread owns a renderer.
    """

    def __init__(self, model: mujoco.MjModel, body_labels: np.ndarray) -> None:
        self._model = model
        self._geom_labels = body_labels[model.geom_bodyid]
        self._context = mujoco.GLContext(model.vis.global_.offwidth, model.vis.global_.offheight)
        self._context.make_current()
        self._gpu = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._gpu)
        self._gpu.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR.value
        self._free = weakref.finalize(self, _free, self._context, self._gpu)
        self._free.atexit = False
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 16)
        self._options = mujoco.MjvOption()
        self._options.geomgroup[COLLISION_GROUP] = 0
        self._eye = mujoco.MjvCamera()
        self._eye.type = mujoco.mjtCamera.mjCAMERA_FIXED.value

    def render(self, data: mujoco.MjData, placement: CameraPlacement) -> RenderedView:
        """Draw what a camera of the model sees."""
        self._context.make_current()
        self._eye.fixedcamid = self._model.camera(placement.name).id
        mujoco.mjv_updateScene(
            self._model, data, self._options, None, self._eye, mujoco.mjtCatBit.mjCAT_ALL.value, self._scene)
        height, width = placement.camera.height, placement.camera.width
        rectangle = mujoco.MjrRect(0, 0, width, height)
        rgb = np.empty((height, width, 3), np.uint8)
        self._draw(rectangle, rgb, None, identify=False)
        identity, inverse_depth = np.empty_like(rgb), np.empty((height, width), np.float32)
        self._draw(rectangle, identity, inverse_depth, identify=True)
        return RenderedView(
            rgb[::-1].copy(), self._metres(inverse_depth[::-1]), self._labels(identity[::-1]))

    def _draw(self, rectangle, rgb, depth, *, identify: bool) -> None:
        for flag in (mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR):
            self._scene.flags[flag] = identify
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        mujoco.mjr_render(rectangle, self._scene, self._gpu)
        mujoco.mjr_readPixels(rgb, depth, rectangle, self._gpu)

    def _metres(self, inverse_depth: np.ndarray) -> np.ndarray:
        """Undo the reversed perspective depth map: 1 at the near plane, 0 at the far plane."""
        near = self._model.vis.map.znear * self._model.stat.extent
        far = self._model.vis.map.zfar * self._model.stat.extent
        depth = near * far / (near + inverse_depth.astype(np.float64) * (far - near))
        low, high = DEPTH_RANGE
        return np.where((depth >= low) & (depth <= high), depth, np.nan).astype(np.float32)

    def _labels(self, identity: np.ndarray) -> np.ndarray:
        """Read the label of each pixel out of the colour that MuJoCo encodes a geometry's number in."""
        labels = np.zeros(self._scene.ngeom + 1, np.uint8)
        for geom in self._scene.geoms[:self._scene.ngeom]:
            if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM:
                labels[geom.segid + 1] = self._geom_labels[geom.objid]
        return labels[identity.astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)]

    def close(self) -> None:
        """Free the OpenGL context and what lives in it."""
        self._free()


def _free(context: mujoco.GLContext, gpu: mujoco.MjrContext) -> None:
    context.make_current()  # or gpu would free what has the same numbers in another renderer's context
    gpu.free()
    context.free()
