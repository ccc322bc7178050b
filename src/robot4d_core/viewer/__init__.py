# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Predictions and episodes for the eye: film, pictures, browser; nothing is measured here."""
