# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where two RGB-D cameras stand to each other, from their images alone; fitting points already paired is rigid_fit."""
