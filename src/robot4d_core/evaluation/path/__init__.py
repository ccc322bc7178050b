# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How far imagined paths are from those that the expert took, before anything is drawn or moved."""
