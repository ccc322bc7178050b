# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The video before anything of it is learned: the robot on its way through the scene as observed. No networks."""
