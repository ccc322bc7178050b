# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From an observation to a predicted 4-D video: engines, the model behind them, its training; not how good it is."""
