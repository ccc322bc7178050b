# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a robot is, by its description (URDF): links, chains, grippers, its look; not what it shall do."""
