# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The ROS 2 nodes of robot4d: thin shells around robot4d_core."""
