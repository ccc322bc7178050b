# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The subcommands of `robot4d`, one module each; what does the work is elsewhere, imported when a command runs."""
