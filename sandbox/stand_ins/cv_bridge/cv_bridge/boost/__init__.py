# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where upstream keeps its compiled part."""
