# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The tasks of the simulated cell, one file each: scene, the stages of the expert, success; not how an arm moves."""
