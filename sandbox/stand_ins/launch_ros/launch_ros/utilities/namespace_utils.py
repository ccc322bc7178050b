# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Combines ROS namespaces."""

from __future__ import annotations


def is_root_namespace(ns: str) -> bool:
    """Whether the namespace is '/'."""
    return ns == '/'


def is_namespace_absolute(ns: str) -> bool:
    """Whether the namespace starts at the root."""
    return ns.startswith('/')


def prefix_namespace(base_ns: str | None, ns: str | None) -> str | None:
    """Return `ns` below `base_ns`; an absolute `ns` stays as it is, None stands for no namespace."""
    if ns is None:
        combined = base_ns
    elif not base_ns or is_namespace_absolute(ns):
        combined = ns
    else:
        combined = f"{'' if is_root_namespace(base_ns) else base_ns}/{ns}"
    if combined is None or is_root_namespace(combined):
        return combined
    return combined.rstrip('/')


def make_namespace_absolute(ns: str | None) -> str | None:
    """Return the namespace with a leading '/'; None stands for no namespace."""
    if ns is None or is_namespace_absolute(ns):
        return ns
    return '/' + ns
