# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How often the task is done: trials of experts and of the whole loop in the simulated cell; no single clips."""
