# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Why nothing is heard on a topic: the graph knows who publishes there, of which type, and how."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSCompatibility, QoSProfile, qos_check_compatible


def type_name(message_type: type) -> str:
    """Return what a message type is called: package/msg/Name."""
    return f'{message_type.__module__.partition(".")[0]}/msg/{message_type.__name__}'


def names_of_publishers(node: Node, topic: str) -> list[str]:
    """Return the full names of the nodes that publish on a topic."""
    return sorted({_name(info) for info in node.get_publishers_info_by_topic(node.resolve_topic_name(topic))})


def why_unheard(node: Node, topic: str, message_type: type, profile: QoSProfile, remedy: str = '') -> str:
    """Say why a subscription to a topic has heard nothing; see misfit."""
    if reason := misfit(node, topic, message_type, profile, remedy):
        return reason
    silent = f'its publisher {" and ".join(names_of_publishers(node, topic))} is silent'
    latched = profile.durability == DurabilityPolicy.VOLATILE and any(
        info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
        for info in node.get_publishers_info_by_topic(node.resolve_topic_name(topic)))
    return f'{silent}, and may have been latched before: {remedy}' if latched and remedy else silent


def misfit(node: Node, topic: str, message_type: type, profile: QoSProfile, remedy: str = '') -> str:
    """Say why a subscription for message_type with a profile can hear nobody on topic, '' when it can hear someone.

    remedy: what to do where the quality of service is what does not fit.
    """
    kind = type_name(message_type)
    publishers = node.get_publishers_info_by_topic(node.resolve_topic_name(topic))
    if not publishers:
        return f'nobody publishes {node.resolve_topic_name(topic)}'
    fitting = [info for info in publishers if info.topic_type == kind]
    if not fitting:
        others = ', '.join(f'{info.topic_type} by {_name(info)}' for info in publishers)
        return f'it is published as {others}, not as {kind}'
    reasons = []
    for info in fitting:
        compatibility, reason = qos_check_compatible(info.qos_profile, profile)
        if compatibility != QoSCompatibility.ERROR:
            return ''
        reasons.append(f'{_name(info)} cannot be heard ({reason.replace("ERROR: ", "").strip("; ").lower()})')
    return '; '.join([*reasons, remedy] if remedy else reasons)


def _name(info) -> str:
    return f"{info.node_namespace.rstrip('/')}/{info.node_name}"
