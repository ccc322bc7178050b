# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Buffer answers as tf2's does: composition, interpolation, time, and the reasons for not answering."""

from __future__ import annotations

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.duration import Duration
from rclpy.time import Time
from scipy.spatial.transform import Rotation, Slerp
from tf2_ros import (
    Buffer,
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TimeoutException,
    TransformException,
)

LATEST = Time()
TEN_SECONDS = Duration(seconds=10)
angles = st.floats(-np.pi, np.pi)
rotations = st.builds(lambda *xyz: Rotation.from_euler('xyz', xyz), angles, angles, angles)
positions = st.lists(st.floats(-10, 10), min_size=3, max_size=3).map(np.array)


def transform(parent, child, stamp=0.0, position=(0, 0, 0), rotation=None):
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp = Time(seconds=stamp).to_msg()
    t, r = message.transform.translation, message.transform.rotation
    t.x, t.y, t.z = map(float, position)
    r.x, r.y, r.z, r.w = map(float, Rotation.identity().as_quat() if rotation is None else rotation.as_quat())
    return message


def buffer_with(*transforms, cache_time=TEN_SECONDS, static=()):
    buffer = Buffer(cache_time)
    for message in transforms:
        buffer.set_transform(message, 'test')
    for message in static:
        buffer.set_transform_static(message, 'test')
    return buffer


def matrix(message):
    t, r = message.transform.translation, message.transform.rotation
    result = np.eye(4)
    result[:3, :3] = Rotation.from_quat([r.x, r.y, r.z, r.w]).as_matrix()
    result[:3, 3] = t.x, t.y, t.z
    return result


def x(message):
    return message.transform.translation.x


def stamp(message):
    return Time.from_msg(message.header.stamp).nanoseconds / 1e9


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_any_two_frames_of_a_random_tree_are_related_by_the_product_of_the_matrices_between_them(data):
    world = {'0': np.eye(4)}
    buffer = Buffer()
    for child in map(str, range(1, data.draw(st.integers(2, 8)))):
        parent = data.draw(st.sampled_from(sorted(world)))
        message = transform(parent, child, 1, data.draw(positions), data.draw(rotations))
        world[child] = world[parent] @ matrix(message)
        (buffer.set_transform_static if data.draw(st.booleans()) else buffer.set_transform)(message, 'test')
    target, source = data.draw(st.sampled_from(sorted(world))), data.draw(st.sampled_from(sorted(world)))
    for time in (LATEST, Time(seconds=1)):
        looked_up = buffer.lookup_transform(target, source, time)
        np.testing.assert_allclose(matrix(looked_up), np.linalg.inv(world[target]) @ world[source], atol=1e-9)
        assert (looked_up.header.frame_id, looked_up.child_frame_id) == (target, source)


@given(rotations, rotations, positions, positions, st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_between_two_stamps_position_is_linear_and_rotation_takes_the_great_arc(start, end, here, there, ratio):
    buffer = buffer_with(transform('a', 'b', 1, here, start), transform('a', 'b', 2, there, end))
    time = Time(seconds=1 + ratio)
    ratio = (time.nanoseconds - 10**9) / 10**9
    actual = matrix(buffer.lookup_transform('a', 'b', time))
    if (start.inv() * end).magnitude() < np.pi - 1e-6:  # a half turn goes either way
        expected = Slerp([0, 1], Rotation.concatenate([start, end]))(ratio).as_matrix()
        np.testing.assert_allclose(actual[:3, :3], expected, atol=1e-6)
    np.testing.assert_allclose(actual[:3, 3], (1 - ratio) * here + ratio * there, atol=1e-9)


@given(rotations)
@settings(max_examples=50, deadline=None)
def test_quaternions_come_back_with_the_sign_that_tf2_gives_them(rotation):
    q = rotation.as_quat()
    message = transform('a', 'b')
    r = message.transform.rotation
    r.x, r.y, r.z, r.w = (-3 * q).tolist()  # any multiple is the same rotation
    r = buffer_with(message).lookup_transform('a', 'b', LATEST).transform.rotation
    np.testing.assert_allclose(abs(np.dot([r.x, r.y, r.z, r.w], q)), 1)
    if abs(r.w) > 0.51:
        assert r.w > 0
    elif abs(r.w) < 0.49:
        assert max((r.x, r.y, r.z), key=abs) > 0


def test_latest_is_the_newest_time_that_all_moving_frames_on_the_way_share():
    buffer = buffer_with(
        transform('root', 'a', 1, (1, 0, 0)),
        transform('root', 'a', 3, (3, 0, 0)),
        transform('a', 'b', 2, (10, 0, 0)),
        transform('root', 'c', 5, (100, 0, 0)),
        transform('root', 'c', 1.5, (100, 0, 0)),
        static=[transform('b', 'tool', 9, (0.5, 0, 0))],
    )
    looked_up = buffer.lookup_transform('root', 'tool', LATEST)
    assert stamp(looked_up) == 2
    assert x(looked_up) == pytest.approx(12.5)
    assert stamp(buffer.lookup_transform('c', 'tool', LATEST)) == 2
    assert stamp(buffer.lookup_transform('root', 'c', LATEST)) == 5
    assert stamp(buffer.lookup_transform('b', 'tool', LATEST)) == 0, 'static alone has no time'
    assert stamp(buffer.lookup_transform('a', 'a', LATEST)) == 3
    assert stamp(buffer.lookup_transform('a', 'a', Time(seconds=7))) == 7


def test_a_static_transform_holds_at_any_time_and_the_last_one_counts():
    buffer = buffer_with(static=[transform('a', 'b', 5, (1, 0, 0)), transform('a', 'b', 1, (2, 0, 0))])
    for time in (LATEST, Time(seconds=0.1), Time(seconds=1e6)):
        looked_up = buffer.lookup_transform('a', 'b', time)
        assert x(looked_up) == 2
        assert stamp(looked_up) == time.nanoseconds / 1e9


@pytest.mark.parametrize(
    ('time', 'message'),
    [
        (
            2.5,
            'Lookup would require extrapolation into the future.  Requested time 2.500000 but the latest data is at '
            'time 2.000000, when looking up transform from frame [a] to frame [b]',
        ),
        (
            0.5,
            'Lookup would require extrapolation into the past.  Requested time 0.500000 but the earliest data is at '
            'time 1.000000, when looking up transform from frame [a] to frame [b]',
        ),
    ],
)
def test_times_outside_of_the_history_are_refused_and_named(time, message):
    buffer = buffer_with(transform('a', 'b', 1), transform('a', 'b', 2))
    with pytest.raises(ExtrapolationException) as error:
        buffer.lookup_transform('b', 'a', Time(seconds=time))
    assert str(error.value) == message
    assert buffer.can_transform('b', 'a', Time(seconds=time), return_debug_tuple=True) == (0, message)


def test_a_single_transform_answers_only_its_own_time():
    buffer = buffer_with(transform('a', 'b', 1))
    assert buffer.can_transform('a', 'b', Time(seconds=1), return_debug_tuple=True) == (1, '')
    with pytest.raises(ExtrapolationException, match=r'at time 1\.1.*, but only time 1\.000000 is in the buffer'):
        buffer.lookup_transform('a', 'b', Time(seconds=1.1))


def test_data_that_is_missing_above_the_common_ancestor_does_not_matter():
    buffer = buffer_with(
        transform('root', 'body', 1),
        transform('body', 'left', 5, (1, 0, 0)),
        transform('body', 'right', 5, (3, 0, 0)),
    )
    assert x(buffer.lookup_transform('left', 'right', Time(seconds=5))) == 2
    with pytest.raises(ExtrapolationException):
        buffer.lookup_transform('root', 'right', Time(seconds=5))


def test_frames_of_different_trees_are_not_connected():
    buffer = buffer_with(transform('a', 'b', 1), transform('c', 'd', 1))
    for time in (LATEST, Time(seconds=1)):
        with pytest.raises(ConnectivityException, match="connection between 'b' and 'd' because they are not part of"):
            buffer.lookup_transform('b', 'd', time)


def test_a_loop_is_found():
    buffer = buffer_with(transform('a', 'b', 1), transform('b', 'c', 1), transform('c', 'a', 1), transform('x', 'y', 1))
    for time in (LATEST, Time(seconds=1)):
        with pytest.raises(LookupException, match='contains a loop'):
            buffer.lookup_transform('x', 'a', time)


@pytest.mark.parametrize(
    ('frame', 'exception', 'raised', 'told'),
    [
        ('nope', LookupException, '"nope" passed to {} does not exist. ', 'frame does not exist'),
        ('', InvalidArgumentException, None, 'in tf2 frame_ids cannot be empty'),
        ('/a', InvalidArgumentException, None, "in tf2 frame_ids cannot start with a '/'"),
    ],
)
def test_names_of_frames_are_checked(frame, exception, raised, told):
    buffer = buffer_with(transform('a', 'b', 1))
    raised = raised or f'Invalid argument "{frame}" passed to {{}} - {told}'
    for name, frames in {'target_frame': (frame, 'b'), 'source_frame': ('b', frame)}.items():
        with pytest.raises(exception) as error:
            buffer.lookup_transform(*frames, LATEST)
        assert str(error.value) == raised.format(f'lookupTransform argument {name}')
        told_in_full = f'Invalid frame ID "{frame}" passed to canTransform argument {name} - {told}'
        assert buffer.can_transform(*frames, LATEST, return_debug_tuple=True) == (0, told_in_full)


def test_a_leading_slash_is_dropped_from_what_is_broadcast():
    buffer = buffer_with(transform('/a', '/b', 1, (1, 0, 0)))
    assert x(buffer.lookup_transform('a', 'b', LATEST)) == 1


def broken(**fields):
    message = transform('a', 'b', 1)
    for path, value in fields.items():
        *parents, name = path.split('__')
        owner = message
        for parent in parents:
            owner = getattr(owner, parent)
        setattr(owner, name, value)
    return message


@pytest.mark.parametrize(
    'message',
    [
        broken(child_frame_id='a'),
        broken(child_frame_id='/a'),
        broken(child_frame_id=''),
        broken(header__frame_id=''),
        broken(transform__translation__y=float('nan')),
        broken(transform__rotation__w=float('nan')),
        broken(transform__rotation__w=float('inf')),
        broken(transform__rotation__w=0.0),
    ],
)
def test_transforms_that_make_no_sense_are_ignored(message):
    buffer = buffer_with(message)
    assert buffer._frames == {}
    assert buffer.all_frames_as_string() == ''


def test_history_reaches_back_as_far_as_asked_for_and_older_data_is_ignored():
    buffer = buffer_with(*(transform('a', 'b', t, (t, 0, 0)) for t in range(1, 9)), cache_time=Duration(seconds=3))
    buffer.set_transform(transform('a', 'b', 2.5), 'late')
    assert buffer.can_transform('a', 'b', Time(seconds=5))
    assert not buffer.can_transform('a', 'b', Time(seconds=3))
    buffer.set_transform(transform('a', 'b', 6.5, (60, 0, 0)), 'late, but not too late')
    assert x(buffer.lookup_transform('a', 'b', Time(seconds=6.5))) == 60


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_the_order_of_arrival_does_not_matter(seconds, asked):
    buffer = buffer_with(*(transform('a', 'b', t, (t, 0, 0)) for t in seconds), cache_time=Duration(seconds=100))
    if asked == 0:
        assert x(buffer.lookup_transform('a', 'b', LATEST)) == max(seconds)
    elif min(seconds) <= asked <= max(seconds):
        assert x(buffer.lookup_transform('a', 'b', Time(seconds=asked))) == pytest.approx(asked)
    else:
        assert not buffer.can_transform('a', 'b', Time(seconds=asked))


def test_of_two_transforms_with_one_stamp_the_newer_arrival_is_the_newest():
    buffer = buffer_with(transform('a', 'b', 1, (1, 0, 0)), transform('a', 'b', 2, (2, 0, 0)))
    for _ in range(2):
        buffer.set_transform(transform('a', 'b', 2, (5, 0, 0)), 'test')
    assert x(buffer.lookup_transform('a', 'b', LATEST)) == 5
    assert len(buffer._frames['b']._known) == 3, 'an exact repetition is not kept'


def test_a_frame_can_get_another_parent_and_is_not_interpolated_between_the_two():
    buffer = buffer_with(
        transform('a', 'tool', 1, (1, 0, 0)),
        transform('b', 'tool', 2, (2, 0, 0)),
        static=[transform('root', 'a'), transform('root', 'b')],
    )
    assert x(buffer.lookup_transform('root', 'tool', Time(seconds=1.9))) == 1
    assert x(buffer.lookup_transform('root', 'tool', Time(seconds=2))) == 2


def test_a_frame_can_become_static_and_move_again():
    buffer = buffer_with(transform('a', 'b', 1, (1, 0, 0)), static=[transform('a', 'b', 2, (2, 0, 0))])
    assert x(buffer.lookup_transform('a', 'b', Time(seconds=9))) == 2
    buffer.set_transform(transform('a', 'b', 3, (3, 0, 0)), 'test')
    assert not buffer.can_transform('a', 'b', Time(seconds=9))
    assert x(buffer.lookup_transform('a', 'b', LATEST)) == 3


def test_clear_forgets_movements_and_keeps_what_is_static():
    buffer = buffer_with(transform('a', 'b', 1), static=[transform('b', 'c', 1, (1, 0, 0))])
    buffer.clear()
    assert not buffer.can_transform('a', 'b', LATEST)
    with pytest.raises(ConnectivityException):
        buffer.lookup_transform('a', 'b', LATEST)
    with pytest.raises(ExtrapolationException):
        buffer.lookup_transform('a', 'b', Time(seconds=1))
    assert x(buffer.lookup_transform('b', 'c', Time(seconds=1))) == 1
    assert buffer.all_frames_as_string() == 'Frame b exists with parent NO_PARENT.\nFrame c exists with parent b.\n'


def test_frames_are_listed():
    buffer = buffer_with(transform('a', 'b', 1), transform('a', 'b', 3), static=[transform('b', 'c', 1)])
    assert list(buffer._frames) == ['b', 'a', 'c']
    assert buffer.all_frames_as_string() == 'Frame b exists with parent a.\nFrame c exists with parent b.\n'


def test_times_may_be_messages_and_anything_else_is_refused():
    buffer = buffer_with(transform('a', 'b', 1, (1, 0, 0)))
    assert x(buffer.lookup_transform('a', 'b', Time(seconds=1).to_msg())) == 1
    with pytest.raises(TypeError, match='must have sec and nanosec, or nanoseconds'):
        buffer.lookup_transform('a', 'b', 1.0)


def test_every_exception_is_a_transform_exception():
    exceptions = (
        ConnectivityException,
        ExtrapolationException,
        InvalidArgumentException,
        LookupException,
        TimeoutException,
    )
    assert all(issubclass(exception, TransformException) for exception in exceptions)


def test_once_cleared_time_may_begin_anew():
    buffer = buffer_with(transform('a', 'b', 100, (1, 0, 0)))
    buffer.set_transform(transform('a', 'b', 50, (2, 0, 0)), 'of a bag that loops')
    assert x(buffer.lookup_transform('a', 'b', LATEST)) == 1
    buffer.clear()
    buffer.set_transform(transform('a', 'b', 50, (2, 0, 0)), 'of a bag that loops')
    assert x(buffer.lookup_transform('a', 'b', LATEST)) == 2


@pytest.mark.parametrize('name', ['lookup_transform_full', 'wait_for_transform_async', 'transform', '_chain'])
def test_what_only_upstream_offers_is_named(name):
    with pytest.raises(NotImplementedError, match=f"tf2_ros.Buffer.{name} exists in ROS 2 but not in the sandbox's"):
        getattr(Buffer(), name)


def test_what_upstream_does_not_offer_either_is_unknown():
    with pytest.raises(AttributeError):
        _ = Buffer().nonsense
    with pytest.raises(TypeError):
        Buffer(nonsense=1)
