# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How good it is: metrics, measurements, tables and reports; what is measured stands in the other rooms."""
