# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a node starts to imagine: one interface, and the engines behind it; the networks are in `model`."""
