# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From a bag of a real robot to an episode; single messages, and single looks, are read in `bags` itself."""
