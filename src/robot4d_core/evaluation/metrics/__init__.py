# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Single numbers of a prediction against the truth; of which clips and models they are is not said here."""
