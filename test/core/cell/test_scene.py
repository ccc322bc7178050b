# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A scene survives its JSON."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.cell.scene import Scene
from robot4d_core.cell.tasks.by_name import make_task
from robot4d_core.errors import SceneError


def test_json_rebuilds_the_scene_exactly():
    scene = Scene.sample('PutSpatulaOnTable', seed=11)
    back = Scene.from_json(scene.to_json())
    assert (back.task, back.seed) == (scene.task, scene.seed)
    assert [c.name for c in back.cameras] == ['reference', 'second']
    for ours, theirs in zip(scene.cameras, back.cameras, strict=True):
        assert np.array_equal(ours.T_world_optical, theirs.T_world_optical) and ours.camera == theirs.camera


def test_seeds_draw_different_cameras():
    first, second = (Scene.sample('PutSpatulaOnTable', seed).cameras[0].T_world_optical for seed in (0, 1))
    assert not np.allclose(first, second)


def test_cameras_outside_the_shell_come_last_and_move_no_other():
    few, more = (Scene.sample('PutSpatulaOnTable', 9, outside_shell=its).cameras for its in (False, True))
    assert [camera.name for camera in more] == ['reference', 'second', 'farther', 'nearer', 'lower', 'opposite']
    for ours, theirs in zip(few, more):
        assert np.array_equal(ours.T_world_optical, theirs.T_world_optical)


@pytest.mark.parametrize('text', ['', '[]', '{"task": "PutSpatulaOnTable"}', 'null'])
def test_when_text_is_no_scene_expect_named_error(text):
    with pytest.raises(SceneError, match='expected the JSON of a scene'):
        Scene.from_json(text)


def test_when_task_is_unknown_expect_the_known_ones():
    with pytest.raises(SceneError, match='PutSpatulaOnTable'):
        make_task('FoldLaundry')
