# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The diffusion model: its networks, the pipeline they make, its folder on disk; not how it is trained."""
