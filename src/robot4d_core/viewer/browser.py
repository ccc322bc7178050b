# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Clouds over time in a browser: play, pause, step, choose the view, the recorded future beside the predicted one."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence

import numpy as np
import viser

from robot4d_core.errors import ViewerError
from robot4d_core.viewer.cloud_video import CloudVideo
from robot4d_core.viewer.moments_picture import point_of_view

BOTH = 'both'
POINT_SIZE = 0.004  # metres
GAP = 0.2  # metres between clouds side by side
_NODES = ('predicted', 'recorded')
_TICK = 0.02  # seconds


class CloudViewer:
    """Serves videos over HTTP, the first one in the middle and the others to its right.

    port 0: any free one, see `url`. Raises ViewerError when the port is taken or the host is not this machine's.
    """

    def __init__(self, videos: Sequence[CloudVideo], description: str, host: str, port: int) -> None:
        self._videos = videos
        _require_free(host, port)
        self._server = viser.ViserServer(host=host, port=port, label='robot4d', verbose=False)
        self.url = f'http://{host}:{self._server.get_port()}'
        self._server.scene.set_up_direction('-y')
        self._low, self._middle, self._high = np.percentile(videos[0].first_points, (1, 50, 99), axis=0)
        self._place_camera()
        self._moments = [[self._add_moment(v, step) for step in range(len(video.times))]
                         for v, video in enumerate(videos)]
        self._titles = [self._add_title(v) for v in range(len(videos))]
        self._lines = {v: self._add_lines(v) for v, video in enumerate(videos) if video.lines}
        self._add_controls(description)
        self._show()

    @property
    def step(self) -> int:
        """The moment that is shown."""
        return int(self._step.value)

    @step.setter
    def step(self, step: int) -> None:
        self._step.value = step

    @property
    def playing(self) -> bool:
        """Whether the moments follow each other by themselves."""
        return self._playing

    def run(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Play until stopped; the speed is a multiple of real time."""
        times = self._videos[0].times
        interval = float(np.diff(times).mean()) if len(times) > 1 else 1.0
        shown = time.monotonic()
        while not stopped():
            time.sleep(_TICK)
            if not self._playing:
                shown = time.monotonic()
            elif time.monotonic() - shown >= interval / self._speed.value:
                shown = time.monotonic()
                self.advance(1)

    def advance(self, steps: int) -> None:
        """Show a later or an earlier moment; after the last comes the first."""
        self.step = (self.step + steps) % len(self._videos[0].times)

    def play(self, playing: bool) -> None:
        """Play or pause."""
        self._playing = playing
        self._play_button.label = 'Pause' if playing else 'Play'

    def choose(self, view: str, beside: bool) -> None:
        """Show a view, 'both', 'n: NAME' or 'm: NAME', with or without the recorded future beside it."""
        self._view.value, self._beside.value = view, beside

    def shown(self) -> dict[str, np.ndarray]:
        """Return the points (N, 3) of the clouds that are visible now, where they stand, by their names."""
        clouds = (cloud for moments in self._moments for clouds in moments for cloud in clouds.values())
        return {cloud.name: cloud.points + np.array(cloud.position) for cloud in clouds if cloud.visible}

    def stop(self) -> None:
        """End the server."""
        self._server.stop()

    def _place_camera(self) -> None:
        """Look at all videos: as pictures do at one of them, from farther away, leaving room for the controls."""
        eye, camera = point_of_view(self._videos[0]), self._server.initial_camera
        others = len(self._videos) - 1
        centre = self._middle + np.multiply(self._offset(1), 0.6 * others)
        camera.position = centre + (1 + 1.3 * others) * (eye[:3, 3] - self._middle)
        camera.look_at, camera.up, camera.fov = centre, (0.0, -1.0, 0.0), np.radians(50)

    def _offset(self, v: int) -> tuple[float, float, float]:
        """Return where the origin of a video stands, metres."""
        return v * (self._high[0] - self._low[0] + GAP), 0.0, 0.0

    def _add_title(self, v: int):
        above = self._middle[0], self._low[1], self._middle[2]
        return self._server.scene.add_label(
            f'/{_NODES[v]}/title', self._videos[v].title, position=np.add(above, self._offset(v)),
            anchor='bottom-center')

    def _add_moment(self, v: int, step: int) -> dict:
        """Add the clouds of one moment, hidden; returns the handle of each view."""
        video = self._videos[v]
        clouds = {}
        for name in video.views:
            points, colours = video.cloud(name, step)
            clouds[name] = self._server.scene.add_point_cloud(
                f'/{_NODES[v]}/{step}/{name}', points, colours, point_size=POINT_SIZE, point_shading='flat',
                position=self._offset(v), visible=False)
        return clouds

    def _add_lines(self, v: int):
        root = f'/{_NODES[v]}/grippers'
        handle = self._server.scene.add_frame(root, show_axes=False, position=self._offset(v))
        for number, line in enumerate(self._videos[v].lines):
            segments, colours = line.segments()
            self._server.scene.add_line_segments(
                f'{root}/{number}', segments, np.repeat(colours[:, None], 2, axis=1), thickness=line.width)
        return handle

    def _add_controls(self, description: str) -> None:
        gui, video = self._server.gui, self._videos[0]
        gui.add_markdown(description)
        self._time = gui.add_markdown('')
        self._playing = True
        self._play_button = gui.add_button('Pause')
        self._play_button.on_click(lambda _: self.play(not self._playing))
        steps = gui.add_button_group('Step', ('back', 'forward'))
        steps.on_click(lambda _: (self.play(False), self.advance(1 if steps.value == 'forward' else -1)))
        self._step = gui.add_slider('Moment', 0, max(len(video.times) - 1, 1), 1, 0)
        self._speed = gui.add_slider('Speed', 0.25, 4.0, 0.25, 1.0)
        names = [BOTH, *(f'{v}: {name}' for v, name in zip('nm', video.views, strict=False))]
        self._view = gui.add_dropdown('View', names, initial_value=BOTH)
        self._size = gui.add_slider('Point size (mm)', 1.0, 10.0, 0.5, 1000 * POINT_SIZE)
        self._beside = gui.add_checkbox('Recorded future beside', True, visible=len(self._videos) > 1)
        self._grippers = gui.add_checkbox('Ways of the grippers', True, visible=bool(self._lines))
        for control in (self._step, self._view, self._beside, self._grippers):
            control.on_update(lambda _: self._show())
        self._size.on_update(lambda _: self._resize())

    def _show(self) -> None:
        """Show what the controls say."""
        video, chosen = self._videos[0], self._view.value
        with self._server.atomic():
            for v, moments in enumerate(self._moments):
                now = np.flatnonzero(np.isclose(self._videos[v].times, video.times[self.step]))
                for step, clouds in enumerate(moments):
                    for name, cloud in clouds.items():
                        cloud.visible = step in now and (v == 0 or self._beside.value) and (
                            chosen == BOTH or chosen.endswith(f': {name}'))
            for v, title in enumerate(self._titles):
                title.visible = v == 0 or self._beside.value
            for v, lines in self._lines.items():
                lines.visible = self._grippers.value and (v == 0 or self._beside.value)
            self._time.content = f'**+{video.times[self.step]:.1f} s**'

    def _resize(self) -> None:
        for clouds in (clouds for moments in self._moments for clouds in moments):
            for cloud in clouds.values():
                cloud.point_size = self._size.value / 1000


def _require_free(host: str, port: int) -> None:
    """Raise ViewerError unless one can listen there; viser would silently take the next port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise ViewerError(
                f'cannot listen on port {port} of {host} ({error}); choose another with --port, or --port 0 for any '
                'free one') from error
