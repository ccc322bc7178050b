# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Gripper poses and openings out of predicted 4-D video; where the robot is now is told, not found, here."""
