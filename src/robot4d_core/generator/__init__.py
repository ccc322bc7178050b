# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From an observation to a predicted 4-D video: engines and the diffusion model."""
