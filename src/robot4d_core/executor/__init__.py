# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From gripper paths to checked joint trajectories; sending them is a matter of the nodes."""
