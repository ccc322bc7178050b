# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The viewer serves clouds to a browser and does what its controls say."""

from __future__ import annotations

import urllib.request

import numpy as np
import pytest
import viser
import zstandard
from websockets.sync.client import connect

from core.manual_clock import ManualClock
from core.saved_predictions import saved_prediction
from robot4d_core.errors import ViewerError
from robot4d_core.viewer import browser
from robot4d_core.viewer.browser import CloudViewer
from robot4d_core.viewer.cloud_video import predicted_clouds, recorded_clouds
from robot4d_core.viewer.gripper_line import GripperLine


@pytest.fixture(scope='module')
def viewer(tmp_path_factory):
    saved = saved_prediction(tmp_path_factory.mktemp('viewer') / 'store')
    followed = [GripperLine(saved.look.gripper_poses[:, 0])]
    videos = [predicted_clouds(saved, followed), recorded_clouds(saved.look, 'recorded', False)]
    viewer = CloudViewer(videos, 'a description', '127.0.0.1', 0)
    yield viewer
    viewer.stop()


def received(url: str) -> tuple[str, int]:
    """What a browser gets when it opens the page: the names in the messages, and the bytes of the clouds."""
    text, size = '', 0
    protocol = f'viser-v{viser.__version__}'
    with connect(url.replace('http', 'ws'), subprotocols=[protocol], max_size=None, open_timeout=100) as socket:
        while 'ReplayDone' not in text:
            message = socket.recv(timeout=100)
            length = int.from_bytes(message[8:16], 'little')
            text += zstandard.decompress(message[16:16 + length]).decode('latin-1')
            size += len(message) - 16 - length
    return text, size


def test_the_page_is_served(viewer):
    with urllib.request.urlopen(viewer.url, timeout=100) as page:
        assert page.status == 200 and b'<html' in page.read().lower()


def test_a_browser_gets_every_cloud_and_the_ways_of_all_grippers(viewer):
    text, size = received(viewer.url)
    for name in ('/predicted/0/camera_2', '/predicted/9/camera_0', '/recorded/9/camera_0',
                 '/predicted/grippers/0', '/predicted/grippers/2', '/recorded/grippers/0', 'a description'):
        assert name in text
    assert size > 2 * 2 * 10 * 800 * (3 * 2 + 3)  # bytes per point: three float16, three colours


def test_it_plays_in_time_and_pauses(viewer, monkeypatch):
    clock = ManualClock()
    monkeypatch.setattr(browser, 'time', clock)
    viewer.play(True)
    viewer.step = 8
    viewer.run(lambda: clock.now > 1.8)  # half a second per moment: 9, then 0, 1
    assert viewer.step == 1
    viewer.play(False)
    viewer.run(lambda: clock.now > 2.6)
    assert viewer.step == 1 and not viewer.playing


@pytest.mark.parametrize(('view', 'beside', 'expected'), [
    ('both', True, {'/predicted/3/camera_2', '/predicted/3/camera_0', '/recorded/3/camera_2', '/recorded/3/camera_0'}),
    ('both', False, {'/predicted/3/camera_2', '/predicted/3/camera_0'}),
    ('n: camera_2', True, {'/predicted/3/camera_2', '/recorded/3/camera_2'}),
    ('m: camera_0', False, {'/predicted/3/camera_0'}),
])
def test_what_is_chosen_is_shown(viewer, view, beside, expected):
    viewer.step = 3
    viewer.choose(view, beside)
    assert set(viewer.shown()) == expected


def test_the_recorded_future_stands_beside_the_predicted_one(viewer):
    viewer.step = 3
    viewer.choose('both', True)
    places = viewer.shown()
    predicted, recorded = (np.concatenate([points for name, points in places.items() if name.startswith(root)])
                           for root in ('/predicted', '/recorded'))
    assert np.percentile(predicted[:, 0], 95) < np.percentile(recorded[:, 0], 5)


def test_a_port_in_use_is_named(viewer):
    port = int(viewer.url.rsplit(':', 1)[1])
    with pytest.raises(ViewerError, match=f'port {port} of 127.0.0.1 .*in use.*--port 0 for any free one'):
        CloudViewer([], '', '127.0.0.1', port)


def test_a_foreign_host_is_named():
    with pytest.raises(ViewerError, match='of 192.0.2.1'):
        CloudViewer([], '', '192.0.2.1', 8080)
