# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d view`: a server that answers, a picture without a browser, and a name for what cannot be shown."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request

import cv2
import numpy as np
import pytest

from core.episodes.bags.recorded_bags import make_bag
from core.saved_predictions import saved_prediction
from robot4d_core.cli import main
from robot4d_core.episodes.bags.prediction_bag import write_prediction_bag
from robot4d_core.episodes.prediction_file import write_npz


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A store, and a prediction of its episode as npz and as bag."""
    folder = tmp_path_factory.mktemp('view')
    saved = saved_prediction(folder / 'store')
    write_npz(saved, folder / 'prediction.npz')
    write_prediction_bag(saved, folder / 'bag')
    return folder


@pytest.mark.parametrize('source', ['prediction.npz', 'store/episode_000003'])
def test_the_server_answers_over_http_until_ctrl_c(folder, source):
    process = subprocess.Popen(
        [sys.executable, '-m', 'robot4d_core.cli', 'view', folder / source, '--port', '0', '--no-gripper'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = None
        while url is None and (line := process.stdout.readline()):
            url = re.search(r'open (http://127\.0\.0\.1:\d+) in a browser', line)
        with urllib.request.urlopen(url[1], timeout=100) as page:
            assert page.status == 200 and b'<html' in page.read().lower()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=100) == 130
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(('source', 'rows'), [('prediction.npz', 3), ('bag', 3), ('store/episode_000003', 2)])
def test_the_picture_needs_no_browser(folder, tmp_path, source, rows):
    assert main(['view', str(folder / source), '--png', str(tmp_path / 'new' / 'clouds.png'), '--no-gripper']) == 0
    picture = cv2.imread(str(tmp_path / 'new' / 'clouds.png'))
    assert picture.shape[1] == 4 * 480 and picture.shape[0] // rows > 384
    assert all((part < 200).any(axis=-1).mean() > 0.05 for part in np.array_split(picture, rows))


def test_a_gripper_that_cannot_be_followed_is_said(folder, tmp_path, capsys):
    assert main(['view', str(folder / 'prediction.npz'), '--png', str(tmp_path / 'clouds.png')]) == 0
    said = capsys.readouterr().out
    assert "grippers: 'gripper' is lost in" in said and 'no gripper in view of camera_2' in said


def test_what_cannot_be_shown_is_a_sentence(folder, tmp_path, capsys):
    (tmp_path / 'text.npz').write_text('text')
    make_bag(tmp_path / 'bag', seconds=0.2)
    for source, expected in (
        (tmp_path / 'nothing.npz', "make a prediction with 'robot4d predict'"),
        (tmp_path / 'nothing', 'does not exist; give an episode'),
        (tmp_path / 'text.npz', 'is no prediction of robot4d, or it is damaged'),
        (tmp_path / 'bag', 'is a bag without a prediction'),
        (folder / 'store', 'is a store; give one of its 1 episodes'),
    ):
        assert main(['view', str(source), '--port', '0']) == 2
        assert expected in capsys.readouterr().err


def test_a_port_in_use_is_a_sentence(folder, capsys):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(['view', str(folder / 'prediction.npz'), '--no-gripper', '--port', str(port)]) == 2
    assert f'cannot listen on port {port} of 127.0.0.1' in capsys.readouterr().err
