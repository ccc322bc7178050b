# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How well the tracker reads gripper poses; the tracker itself is in its own room."""
