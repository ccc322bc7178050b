# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the path network learns from: looks in memory as point clouds, disturbed as real sensors disturb them."""
