# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The error that ends a command with a sentence."""


class CommandError(Exception):
    """Something that the user can put right; the message says how."""
