# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Bring demonstrations of a real robot, recorded as rosbag2, into an episode store.

The first camera's colour images nearest to a raster of 0.5 s are the steps of the episode. Every other image and joint
position is the one stamped nearest to them, at most `ImportSettings.tolerance` away, or the bag is refused: nothing is
held or extrapolated. Poses are interpolated from tf at the stamps.

Training needs to know where every camera stood, so tf must hold all of them, also the second one. At run time only the
reference camera has an extrinsic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from robot4d_core.cell.cameras import CameraPlacement
from robot4d_core.cell.robot import ARMS
from robot4d_core.episodes.bags.images import colour_pixels, depth_pixels, label_pixels
from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.bags.recording import (
    JOINT_STATES,
    CameraTopics,
    Recording,
    Stream,
    discover_cameras,
    scan,
)
from robot4d_core.episodes.bags.synchronisation import (
    TOLERANCE,
    check_clocks,
    choose_moments,
    match,
    nearest_values,
)
from robot4d_core.episodes.store import Episode, EpisodeStore
from robot4d_core.errors import EpisodeError, ImageError, Robot4dError, TopicError, TransformError
from robot4d_core.geometry.pointmaps import depth_in_metres, depth_in_millimetres, resize_depth
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.prediction import FRAME_INTERVAL

RECORDED = {'recorded': True}
"""The sensor of a store that real cameras filled."""

PLAUSIBLE_DEPTH = (0.1, 10.0)  # metres, of the median
STILL = (0.005, np.deg2rad(0.5))  # a fixed camera moves less: metres, rad


@dataclass(frozen=True)
class RecordedArm:
    """The names of an arm in joint_states and tf, and of its gripper in episodes."""

    gripper: str
    joints: tuple[str, ...]
    finger_joints: tuple[str, ...]
    tcp: str


CELL_ARMS = tuple(RecordedArm(arm.gripper, arm.joints, arm.finger_joints, arm.tcp) for arm in ARMS)


@dataclass(frozen=True)
class ImportSettings:
    """How bags are read. What is None is taken from the bag.

    cameras: the topics, in the episode's order; arms: None for the arms of robot4d's cell that are in joint_states;
    robot_description: URDF whose root is base_frame, to segment the robot with, None for that of robot4d's cell; size:
    (width, height) to which images are resized; tolerance: seconds between what belongs to one step.
    """

    task: str | None = None
    instruction: str | None = None
    success: bool | None = None
    split: str | None = None
    cameras: Sequence[CameraTopics] | None = None
    arms: Sequence[RecordedArm] | None = None
    base_frame: str = 'world'
    robot_description: Path | None = None
    size: tuple[int, int] | None = None
    tolerance: float = TOLERANCE


@dataclass(frozen=True)
class ImportedBag:
    """What became of one bag: 'imported', 'already there' or 'refused' for a reason."""

    bag: Path
    outcome: str
    steps: int = 0
    reason: str = ''


def import_bags(bags: Sequence[Path], folder: Path, settings: ImportSettings) -> list[ImportedBag]:
    """Add every bag as one episode, named like the bag, to the store in folder; shows progress with time left.

    A bag that is refused leaves no trace, and the others are still imported. One that was imported before is not read
    again, so that an interrupted import continues.
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    outcomes = []
    columns = TextColumn('{task.description}'), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns) as progress:
        bar = progress.add_task('importing', total=len(bags))
        for index, bag in enumerate(bags):
            progress.update(bar, description=f'importing {episode_name(bag)}')

            def advance(share: float, index=index) -> None:
                progress.update(bar, completed=index + share)

            outcomes.append(_import_bag(bag, folder, settings, advance))
            advance(1.0)
    return outcomes


def episode_name(bag: Path) -> str:
    """Return the name of the episode that a bag becomes: its folder's, or its file's without the extension."""
    bag = Path(bag).resolve()
    return bag.name if bag.is_dir() else bag.stem


def _import_bag(bag: Path, folder: Path, settings: ImportSettings, advance: Callable[[float], None]) -> ImportedBag:
    name = episode_name(bag)
    try:
        with BagReader(bag) as reader:
            source = {'bag': name, 'messages': reader.message_count, 'start': reader.start_time}
            if (Path(folder) / name).exists():
                return _already_there(bag, name, EpisodeStore(folder), source)
            episode, attributes, sensor = read_episode(reader, settings, advance)
        store = EpisodeStore(folder, {
            'task': attributes['task'], 'cameras': len(attributes['cameras']),
            'size': list(episode.rgb.shape[3:1:-1]), 'interval': FRAME_INTERVAL, 'sensor': sensor})
        with store.recording():
            store.write(name, episode, **{**attributes, 'source': source})
    except Robot4dError as error:
        return ImportedBag(bag, 'refused', reason=f'{type(error).__name__}: {error}')
    return ImportedBag(bag, 'imported', len(episode.times))


def _already_there(bag: Path, name: str, store: EpisodeStore, source: dict) -> ImportedBag:
    if store.attributes(name).get('source') == source:
        return ImportedBag(bag, 'already there', store.read(name).times.shape[0])
    raise EpisodeError(f"the store has another episode '{name}'; rename the bag's folder")


def read_episode(
    reader: BagReader, settings: ImportSettings, advance: Callable[[float], None] = lambda share: None
) -> tuple[Episode, dict, dict | None]:
    """Return a bag's episode, its attributes, and the sensor of its store; advance is called with the share done.

    Raises TopicError, ImageError, CalibrationError, SynchronisationError, TransformError, EpisodeError or BagError, as
    the causes are named.
    """
    messages_read = 0

    def count_message() -> None:
        nonlocal messages_read
        messages_read += 1
        if messages_read % 50 == 0:
            advance(min(messages_read / (2 * reader.message_count), 1.0))

    known = reader.note.get('attributes', {})
    if settings.cameras is not None:
        cameras = list(settings.cameras)
    elif 'cameras' in known:
        cameras = [CameraTopics.of_camera(camera) for camera in known['cameras']]
    else:
        cameras = discover_cameras(reader.types)
    recording = scan(reader, cameras, count_message)
    attributes = _attributes(recording, known, settings)
    arms = _arms(recording, settings)

    moments = _moments(recording, arms, settings)
    robot = _robot(recording, arms, moments, settings)
    poses = _camera_poses(recording, moments, settings)
    images = _images(reader, recording, moments, settings, count_message)
    intrinsics = [recording.intrinsics[camera.name] for camera in cameras]
    if settings.size:
        intrinsics = [camera.resized(*settings.size) for camera in intrinsics]
    placements = [CameraPlacement(camera.name, pose, pinhole)
                  for camera, pose, pinhole in zip(cameras, poses, intrinsics, strict=True)]
    _segment_robot(images, robot, recording, arms, moments, placements, settings)
    episode = Episode(
        **images, intrinsics=np.stack([camera.matrix for camera in intrinsics]),
        camera_poses=poses, **robot, times=moments / 1e9)
    attributes |= {'cameras': [camera.name for camera in cameras], 'grippers': [arm.gripper for arm in arms]}
    return episode, attributes, reader.note.get('settings', {'sensor': RECORDED})['sensor']


def _attributes(recording: Recording, known: dict, settings: ImportSettings) -> dict:
    """Return what is said about the episode: by the user, else in the bag, else what fits every demonstration."""
    attributes = {'success': True, 'split': 'training', 'objects': [], **known}
    attributes |= {key: value for key, value in (
        ('instruction', recording.instruction), ('instruction', settings.instruction), ('task', settings.task),
        ('success', settings.success), ('split', settings.split),
    ) if value is not None}
    for key, place in (('instruction', ' on the topic /instruction'), ('task', '')):
        if not attributes.get(key):
            raise EpisodeError(f'the bag has no {key}{place}; give it with --{key}')
    return attributes


def _arms(recording: Recording, settings: ImportSettings) -> Sequence[RecordedArm]:
    arms = settings.arms or [
        arm for number, arm in enumerate(CELL_ARMS)
        if number == 0 or any(joint in recording.joints for joint in (*arm.joints, *arm.finger_joints))]
    missing = [joint for arm in arms for joint in (*arm.joints, *arm.finger_joints) if joint not in recording.joints]
    if missing:
        raise TopicError(
            f'{JOINT_STATES} lacks {missing}, it has {sorted(recording.joints)}; record the joint states of arm and '
            'gripper, or name the joints with --joints and --finger-joints')
    return arms


def _moments(recording: Recording, arms: Sequence[RecordedArm], settings: ImportSettings) -> np.ndarray:
    joints = [recording.joints[joint] for arm in arms for joint in (*arm.joints, *arm.finger_joints)]
    images = [stream for kind in (recording.colour, recording.depth, recording.segmentation)
              for stream in kind.values()]
    check_clocks([*images, *joints, recording.transform_stream])
    spans = [recording.transforms.span(settings.base_frame, arm.tcp) for arm in arms]
    for camera in recording.cameras:
        with _pose_needed(camera.name):
            spans.append(recording.transforms.span(settings.base_frame, recording.colour[camera.name].frame_id))
    moving = max(start for start, _ in spans), min(end for _, end in spans)
    reference = recording.colour[recording.cameras[0].name]
    return choose_moments(reference, [*images, *joints], moving, settings.tolerance)


def _robot(
    recording: Recording, arms: Sequence[RecordedArm], moments: np.ndarray, settings: ImportSettings
) -> dict[str, np.ndarray]:
    """Return gripper_poses, opening, joints and commands of an Episode."""
    def positions(names: Sequence[str]) -> np.ndarray:
        return _positions(recording, names, moments, settings)

    def references(names: Sequence[str]) -> np.ndarray:
        return np.array([_reference(recording.references.get(name), moments, settings) for name in names]).T

    return {
        'gripper_poses': np.array([[_pose(recording, arm.tcp, moment, settings) for arm in arms]
                                   for moment in moments]),
        'opening': np.stack([positions(arm.finger_joints).sum(axis=1) for arm in arms], axis=1),
        'joints': np.stack([positions(arm.joints) for arm in arms], axis=1),
        'commands': np.stack([
            np.column_stack([references(arm.joints), references(arm.finger_joints).sum(axis=1)]) for arm in arms
        ], axis=1),
    }


def _positions(
    recording: Recording, names: Sequence[str], moments: np.ndarray, settings: ImportSettings
) -> np.ndarray:
    """Return the measured positions (T, joints)."""
    return np.array([match(recording.joints[name], moments, settings.tolerance) for name in names]).T


def _reference(stream: Stream | None, moments: np.ndarray, settings: ImportSettings) -> np.ndarray:
    """Return the commanded positions (T,), NaN where none was recorded."""
    if stream is None:
        return np.full(len(moments), np.nan)
    values, offsets = nearest_values(stream, moments)
    return np.where(np.abs(offsets) <= settings.tolerance * 1e9, values, np.nan)


def _pose(recording: Recording, frame: str, moment: int, settings: ImportSettings) -> np.ndarray:
    return recording.transforms.lookup(
        settings.base_frame, frame, int(moment), round(settings.tolerance * 1e9))


def _camera_poses(recording: Recording, moments: np.ndarray, settings: ImportSettings) -> np.ndarray:
    """Return T_base_camera (C, 4, 4). Raises TransformError when one is missing or moves."""
    poses = []
    for camera in recording.cameras:
        frame = recording.colour[camera.name].frame_id
        with _pose_needed(camera.name):
            first, last = (_pose(recording, frame, moment, settings) for moment in (moments[0], moments[-1]))
        moved = pose_distance(first, last)
        if any(distance > limit for distance, limit in zip(moved, STILL, strict=True)):
            raise TransformError(
                f"camera '{camera.name}' ({frame}) moves by {moved[0]:.3f} m and {np.rad2deg(moved[1]):.1f} degrees; "
                'only fixed cameras can be imported, leave this one out with --cameras FILE')
        poses.append(first)
    return np.stack(poses)


@contextmanager
def _pose_needed(camera: str):
    try:
        yield
    except TransformError as error:
        raise TransformError(
            f"training needs to know where camera '{camera}' stands (at run time only the reference camera's pose is "
            f'needed): {error}') from error


def _images(
    reader: BagReader, recording: Recording, moments: np.ndarray, settings: ImportSettings,
    on_message: Callable[[], None],
) -> dict[str, np.ndarray]:
    """Return rgb, depth and segmentation of an Episode: the second reading of the bag, which decodes what is needed."""
    width, height = settings.size or _common_size(recording)
    shape = len(recording.cameras), len(moments), height, width
    images = {'rgb': np.zeros((*shape, 3), np.uint8), 'depth': np.zeros(shape, np.uint16),
              'segmentation': np.zeros(shape, np.uint8)}
    wanted: dict[str, tuple[str, int, dict[int, int]]] = {}
    for kind, streams in (
        ('rgb', recording.colour), ('depth', recording.depth), ('segmentation', recording.segmentation)
    ):
        for index, camera in enumerate(recording.cameras):
            if camera.name not in streams:
                continue
            stream = streams[camera.name]
            chosen = match(stream, moments, settings.tolerance)
            wanted[stream.name] = kind, index, {number: step for step, number in enumerate(chosen)}
    seen = dict.fromkeys(wanted, 0)
    medians: dict[str, list[float]] = {}
    for topic, _, message in reader.messages(wanted):
        on_message()
        kind, index, steps = wanted[topic]
        step = steps.get(seen[topic])
        seen[topic] += 1
        if step is None:
            continue
        camera = recording.intrinsics[recording.cameras[index].name]
        with _naming(topic):
            pixels = _pixels(kind, message, medians.setdefault(topic, []))
            if pixels.shape[:2] != (camera.height, camera.width):
                raise ImageError(_wrong_size(pixels, camera, step))
        images[kind][index, step] = _resized(pixels, kind, width, height)
    for topic, values in medians.items():
        if wanted[topic][0] == 'depth':
            _check_unit(topic, values)
    return images


def _segment_robot(
    images: dict[str, np.ndarray], robot: dict[str, np.ndarray], recording: Recording, arms: Sequence[RecordedArm],
    moments: np.ndarray, placements: Sequence[CameraPlacement], settings: ImportSettings,
) -> None:
    """Fill in the segmentation of the cameras that recorded none: the robot where it was seen, else background."""
    unsegmented = [(index, placement) for index, placement in enumerate(placements)
                   if placement.name not in recording.segmentation]
    if not unsegmented:
        return
    from robot4d_core.cell.robot_silhouette import DrawnArm, RobotSilhouette

    if settings.robot_description:
        named = arms
        names = [joint for arm in arms for joint in (*arm.joints, *arm.finger_joints)]
        positions = _positions(recording, names, moments, settings)
    else:
        named = CELL_ARMS[:len(arms)]
        half = robot['opening'][..., None] / 2
        positions = np.concatenate([robot['joints'], half, half], axis=-1).reshape(len(moments), -1)
    drawn = [DrawnArm(arm.gripper.removesuffix('gripper'), arm.joints, arm.finger_joints) for arm in named]
    silhouette = RobotSilhouette(drawn, [placement for _, placement in unsegmented], settings.robot_description)
    for index, placement in unsegmented:
        for step in range(len(moments)):
            depth = depth_in_metres(images['depth'][index, step], '16UC1')
            images['segmentation'][index, step] = silhouette.segment(placement.name, positions[step], depth)
    silhouette.close()


@contextmanager
def _naming(topic: str):
    try:
        yield
    except ImageError as error:
        raise ImageError(f'{topic}: {error}') from error


def _common_size(recording: Recording) -> tuple[int, int]:
    sizes = {
        camera.info: (intrinsics.width, intrinsics.height)
        for camera in recording.cameras for intrinsics in [recording.intrinsics[camera.name]]}
    if len(set(sizes.values())) > 1:
        described = ', '.join(f'{topic} {width}x{height}' for topic, (width, height) in sizes.items())
        raise ImageError(
            f'camera_info tells of different sizes: {described}; all images of an episode have one size: resize them '
            'with --size WxH, or record the camera_info that belongs to the colour images')
    return next(iter(sizes.values()))


def _pixels(kind: str, message, medians: list[float]) -> np.ndarray:
    """Decode one message; the median of a depth image, in metres, is appended to medians."""
    if kind == 'rgb':
        return colour_pixels(message)
    if kind == 'segmentation':
        return label_pixels(message)
    metres = depth_in_metres(*depth_pixels(message))
    if not np.isnan(metres).all():
        medians.append(float(np.nanmedian(metres)))
    return depth_in_millimetres(metres)


def _resized(pixels: np.ndarray, kind: str, width: int, height: int) -> np.ndarray:
    if pixels.shape[:2] == (height, width):
        return pixels
    if kind == 'rgb':
        return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return resize_depth(pixels, width, height)


def _wrong_size(pixels: np.ndarray, camera, step: int) -> str:
    came = f'{pixels.shape[1]}x{pixels.shape[0]}'
    expected = f'camera_info says {camera.width}x{camera.height}'
    if step == 0:
        return f'the image is {came} but {expected}; use depth aligned to colour, and the camera_info of that stream'
    return f'the image size changes within the bag: {came} at step {step}, but {expected}; record one bag per setting'


def _check_unit(topic: str, medians: list[float]) -> None:
    """Raise ImageError when the depths (metres) of a stream cannot be depths."""
    low, high = PLAUSIBLE_DEPTH
    if not medians:
        raise ImageError(f'{topic}: no depth image has a valid pixel; is the emitter or the alignment off?')
    median = float(np.median(medians))
    if not low <= median <= high:
        raise ImageError(
            f'{topic}: the median depth is {median:.4g} m, expected {low} to {high} m; the unit is wrong: 16UC1 must '
            'be millimetres, 32FC1 metres')
