# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Predictions for the eye: a film, a picture of clouds, and a viewer in the browser."""
