# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""No property fails because the machine is busy."""

from hypothesis import HealthCheck, settings

settings.register_profile('patient', deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('patient')
