# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Sandbox stand-in for the `ros2` command: the subcommands that robot4d's README and tests use."""
