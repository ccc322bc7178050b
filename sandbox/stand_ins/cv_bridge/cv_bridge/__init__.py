# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stand-in for ROS 2 Jazzy's cv_bridge (Python, 4.1): sensor_msgs images to and from OpenCV's arrays.

Upstream: https://github.com/ros-perception/vision_opencv. Offered: CvBridge, CvBridgeError and getCvType;
OpenCV 4 and 5, numpy 1.26 and 2.
"""

from __future__ import annotations

from cv_bridge.boost.cv_bridge_boost import cvtColorForDisplay, getCvType
from cv_bridge.core import CvBridge, CvBridgeError

__all__ = ['CvBridge', 'CvBridgeError', 'cvtColorForDisplay', 'getCvType']
