# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Cameras, pointmaps, poses and the registration of clouds: what holds for any scene; nothing of robots or models."""
