# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""No property fails because the machine is busy, no Ctrl-C because the tests run in the background of a shell."""

import signal

from hypothesis import HealthCheck, settings

settings.register_profile('patient', deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('patient')

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what runs in the background ignore it
