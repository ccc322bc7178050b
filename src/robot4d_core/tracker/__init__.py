# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From a predicted 4-D video to gripper paths."""
