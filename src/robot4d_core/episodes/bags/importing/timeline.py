# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The steps of an episode in a recording, and what was measured, commanded and seen at each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from robot4d_core.episodes.bags.importing.settings import ImportSettings
from robot4d_core.episodes.bags.recording import Recording, Stream
from robot4d_core.episodes.bags.synchronisation import check_clocks, check_order, choose_moments, match, nearest_values
from robot4d_core.episodes.bags.topics import CameraTopics
from robot4d_core.errors import EpisodeError, TransformError
from robot4d_core.prediction import FRAME_INTERVAL
from robot4d_core.robot.robot import Robot


@dataclass(frozen=True)
class Timeline:
    """A recording of a robot, and the stamps (T,) in ns of its steps, half a second apart.

    located: the cameras whose poses tf holds; without settings.register all of them.
    """

    recording: Recording
    settings: ImportSettings
    robot: Robot
    located: tuple[CameraTopics, ...]
    moments: np.ndarray

    @classmethod
    def of_recording(cls, recording: Recording, robot: Robot, settings: ImportSettings) -> Timeline:
        """Choose the steps. Raises SynchronisationError, EpisodeError or TransformError when there are none."""
        joints = [recording.joints[joint] for arm in robot.arms for joint in arm.all_joints]
        images = [stream for streams in (recording.colour, recording.depth, recording.segmentation)
                  for stream in streams.values()]
        check_order([*images, *joints])
        check_clocks([*images, *joints, recording.transform_stream])
        spans = [recording.transforms.span(robot.base_frame, arm.gripper.tcp) for arm in robot.arms]
        located = []
        for camera in recording.cameras:
            try:
                spans.append(recording.transforms.span(robot.base_frame, recording.colour[camera.name].frame_id))
                located.append(camera)
            except TransformError as error:
                if not settings.register or camera is recording.cameras[0]:
                    raise TransformError(
                        f"training needs to know where camera '{camera.name}' stands (at run time only the reference "
                        f"camera's pose is needed): {error}; or, for a camera other than the first, let "
                        '--register find it from the images') from error
        moving = max(start for start, _ in spans), min(end for _, end in spans)
        reference = recording.colour[recording.cameras[0].name]
        moments = choose_moments(reference, [*images, *joints], moving, settings.tolerance)
        return cls(recording, settings, robot, tuple(located), moments)

    def __len__(self) -> int:
        return len(self.moments)

    @cached_property
    def times(self) -> np.ndarray:
        """The steps in seconds of the ROS clock, (T,)."""
        return self.moments / 1e9

    def worst_offsets(self) -> dict[str, float]:
        """Return by topic how far, in seconds, what was taken is at most from the steps.

        The first camera's colour images are the steps: for them, how far they are from the raster of half seconds.
        """
        raster = self.moments[0] + np.arange(len(self)) * round(FRAME_INTERVAL * 1e9)
        worst = {self.recording.colour[self.recording.cameras[0].name].name: np.abs(self.moments - raster).max()}
        for streams in (self.recording.colour, self.recording.depth, self.recording.segmentation):
            for stream in streams.values():
                worst.setdefault(stream.name, np.abs(nearest_values(stream, self.moments)[1]).max())
        for joint in (joint for arm in self.robot.arms for joint in arm.all_joints):
            topic = self.recording.topic_of_joint[joint]
            offset = np.abs(nearest_values(self.recording.joints[joint], self.moments)[1]).max()
            worst[topic] = max(worst.get(topic, 0), offset)
        return {topic: float(offset) * 1e-9 for topic, offset in worst.items()}

    def messages(self, stream: Stream) -> dict[int, int]:
        """Return which messages of an image stream are needed: their number in the stream -> step."""
        return {number: step for step, number in enumerate(match(stream, self.moments, self.settings.tolerance))}

    def positions(self, joints: Sequence[str]) -> np.ndarray:
        """Return the measured positions (T, joints), rad or metres. Raises EpisodeError when one is not a number."""
        found = np.array([
            match(self.recording.joints[joint], self.moments, self.settings.tolerance) for joint in joints]).T
        for joint, finite in zip(joints, np.isfinite(found).all(axis=0)):
            if not finite:
                raise EpisodeError(
                    f'{self.recording.joints[joint].name}: positions must be finite, but NaN or infinity is among '
                    'them; is the driver of the joint running?')
        return found

    def references(self, joints: Sequence[str]) -> np.ndarray:
        """Return the commanded positions (T, joints), NaN where none was recorded."""
        found = np.full((len(self), len(joints)), np.nan)
        for column, joint in enumerate(joints):
            if joint in self.recording.references:
                values, offsets = nearest_values(self.recording.references[joint], self.moments)
                found[:, column] = np.where(np.abs(offsets) <= self.settings.tolerance * 1e9, values, np.nan)
        return found

    def pose(self, frame: str, step: int) -> np.ndarray:
        """Return T_base_frame (4, 4) at a step. Raises TransformError."""
        return self.recording.transforms.lookup(
            self.robot.base_frame, frame, int(self.moments[step]), round(self.settings.tolerance * 1e9))
