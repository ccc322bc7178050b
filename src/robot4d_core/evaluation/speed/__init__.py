# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How fast it is and what it needs, beside a named peer; never a test."""
