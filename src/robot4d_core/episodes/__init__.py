# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Recorded demonstrations: the store on disk and the training windows drawn from it."""
