# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What `robot4d predict --format mcap` writes without ROS is what a ROS node reads."""

from __future__ import annotations

import numpy as np
from rclpy.serialization import deserialize_message
from rosbags.rosbag2 import Reader

from core.saved_predictions import saved_prediction
from robot4d.msg import Prediction as PredictionMessage
from robot4d_core.episodes.bags.prediction_bag import TOPIC, write_prediction_bag
from robot4d_nodes.conversions import prediction_from_message


def test_the_recorded_bytes_are_a_message_of_robot4d(tmp_path):
    saved = saved_prediction(tmp_path / 'store')
    write_prediction_bag(saved, tmp_path / 'bag')
    with Reader(tmp_path / 'bag') as bag:
        connection = next(connection for connection in bag.connections if connection.topic == TOPIC)
        _, _, data = next(bag.messages([connection]))
    prediction = prediction_from_message(deserialize_message(bytes(data), PredictionMessage))
    assert (prediction.id, prediction.model) == (saved.prediction.id, 'moved truth')
    for read, written in zip(prediction.views, saved.prediction.views):
        assert (read.name, read.camera) == (written.name, written.camera)
        np.testing.assert_array_equal(read.rgb, written.rgb)
        np.testing.assert_array_equal(read.pointmap, written.pointmap)
