# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The subcommands of `robot4d`, one module each: its arguments, and the call of what does the work.

What does the work is imported when the command runs, so that no command waits for another's libraries.
"""
