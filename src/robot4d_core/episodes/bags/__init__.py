# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Recordings of ROS 2 (rosbag2), read and written without ROS; what a robot is comes from `robot`."""
