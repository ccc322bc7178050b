# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What was recorded, on disk: demonstrations, bags, predictions beside what came; not how any of it is made."""
