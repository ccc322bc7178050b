# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What was measured, as tables of the paper's kind: columns, rows, files; nothing is measured here."""
