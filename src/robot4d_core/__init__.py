# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot4d library: imagine with two RGB-D cameras, then act. No ROS in here."""

__version__ = '0.1.0'
