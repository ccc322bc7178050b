# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Cameras, pointmaps and poses: the conventions everything else builds on."""
