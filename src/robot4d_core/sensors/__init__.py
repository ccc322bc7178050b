# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What sensors say, live or in a bag: camera_info, images, stamps. One door each, that understands or refuses."""
