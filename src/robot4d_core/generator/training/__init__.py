# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From demonstrations to weights: recipes, batches, stages, checkpoints; measuring is in `evaluation`."""
