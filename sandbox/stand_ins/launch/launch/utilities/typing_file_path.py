# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The types of a path to a file."""

from __future__ import annotations

import os

FilePath = str | bytes | os.PathLike
