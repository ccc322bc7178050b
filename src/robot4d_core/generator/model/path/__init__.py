# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the grippers will go: from what is seen beside the robot to a distribution of paths. No pixels, no video."""
