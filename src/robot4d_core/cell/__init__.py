# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The simulated robot cell (MuJoCo): scene, tasks, experts, sensors, recorder; nothing that a real robot needs."""
