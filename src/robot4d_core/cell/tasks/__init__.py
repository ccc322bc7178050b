# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The tasks of the simulated cell, one file each: scene, stages of the expert, success; how an arm moves is not here."""
