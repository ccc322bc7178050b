# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What to set when stamps and a node's clock are of different times."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.parameter import Parameter

from robot4d_nodes.lifecycle import Robot4dNode

_LONG = 3e7  # seconds, about a year: no clock of a running computer is so wrong


def clock_advice(node: Robot4dNode, stamp: float) -> str:
    """Return what to do about a stamp (seconds) that is far from the node's clock."""
    simulated = node.get_parameter_or('use_sim_time', Parameter('use_sim_time', value=False)).value
    now = node.seconds_now()
    if simulated and not now:
        return ('use_sim_time is set here, but nobody publishes /clock: start the simulator, play the recording with '
                '--clock, or set use_sim_time to false')
    if simulated and abs(stamp - now) > _LONG:
        return ('the stamps are not of /clock, which this node follows: set use_sim_time on who publishes them, or set '
                'it to false on every node')
    if not simulated and now - stamp > _LONG:
        return ('the stamps are of a simulator or a recording: set use_sim_time to true on every node, and let /clock '
                'be published (`ros2 bag play --clock`)')
    return 'synchronise the clocks (chrony, PTP)' + (
        ', and see that /clock goes on' if simulated else
        '; if a recording is played, play it with --clock and set use_sim_time to true on every node')


def when_time_jumps_back(node: Robot4dNode, forget: Callable[[], None]) -> None:
    """Call forget() whenever the node's clock jumps back (a bag that begins again) or changes, until its cleanup."""
    jump = node.get_clock().create_jump_callback(
        JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True),
        post_callback=lambda _: forget())
    node.configured.callback(jump.unregister)
