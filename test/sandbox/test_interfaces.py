# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The rebuilt interfaces are the upstream ones: where type hashes agree, nodes understand each other."""

import json
from pathlib import Path

import pytest
from ament_index_python import get_package_share_directory
from rosbags.typesys import Stores, get_typestore

# From the code that rosidl generated for the control_msgs of Jazzy's release series.
CONTROL_MSGS = {
    'action/FollowJointTrajectory': 'RIHS01_738ebcb7a2d7cfa42f9f1001cc99ce3a4383d1cfe508015d9be8485e4b1c66f6',
    'action/ParallelGripperCommand': 'RIHS01_adfd3c1ebe8abc38ebcc0e454b6423d291d4010dd5697d14eca5b9be4726ae18',
    'msg/JointComponentTolerance': 'RIHS01_739ea7566931944d33830fa10f1bf5e7a7fbdc3172bce7a7eaac642bd6e3ffa4',
    'msg/JointTolerance': 'RIHS01_c254f9cece0f3b733017b6990fd46d1326e25242d6b8844398c97d9a88e7d648',
}


def type_hash(package: str, name: str) -> str:
    """Return the hash of the type as it was built here."""
    description = json.loads((Path(get_package_share_directory(package)) / f'{name}.json').read_text())
    hashes = {entry['type_name']: entry['hash_string'] for entry in description['type_hashes']}
    return hashes[f'{package}/{name}']


@pytest.mark.parametrize(('name', 'expected'), CONTROL_MSGS.items(), ids=CONTROL_MSGS)
def test_when_control_msgs_are_rebuilt_expect_upstreams_type_hashes(name, expected):
    assert type_hash('control_msgs', name) == expected


@pytest.mark.parametrize('name', ['msg/TF2Error', 'msg/TFMessage'])
def test_when_tf2_msgs_are_rebuilt_expect_jazzys_type_hashes(name):
    assert type_hash('tf2_msgs', name) == get_typestore(Stores.ROS2_JAZZY).hash_rihs01(f'tf2_msgs/{name}')
