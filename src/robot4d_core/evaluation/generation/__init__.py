# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The paper's Table 1 and its relatives: clips, models, tables, figures; the numbers come from `metrics`."""
