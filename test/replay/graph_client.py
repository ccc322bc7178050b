# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the replay tests share: nodes in processes of their own, a bag played to them, and an ear on the graph."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import rclpy
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.executors import MultiThreadedExecutor

from robot4d.action import ExecutePlan, Predict
from robot4d.msg import GripperPlans, Prediction
from robot4d_nodes import qos
from robot4d_nodes.action_call import ConcurrentActionClient

NODES = Path(__file__).parents[2] / 'src' / 'robot4d_nodes'

REPLAYED = {
    'max_silence': 60.0,
    **{f'{camera}.{stream}_qos': 'DEFAULT' for camera in ('reference', 'second')
       for stream in ('color', 'depth', 'info')},
}
"""Parameters of a generator that must hear every recorded image, however busy the machine, and is asked afterwards."""


class GraphClient:
    """A client of the graph in this process, on a ROS domain of its own."""

    def __init__(self, domain: int):
        self.plans: list[GripperPlans] = []
        self.predictions: list[Prediction] = []
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self._node = rclpy.create_node('client', context=self._context)
        self._group = ReentrantCallbackGroup()
        self.listen(GripperPlans, 'gripper_plan', self.plans.append, qos.LATCHED)
        self.listen(Prediction, 'prediction', self.predictions.append, qos.PREDICTION)
        self.predict = ConcurrentActionClient(self._node, Predict, 'predict', callback_group=self._group)
        self.execute = ConcurrentActionClient(self._node, ExecutePlan, 'execute_plan', callback_group=self._group)
        self._executor = MultiThreadedExecutor(2, context=self._context)
        self._executor.add_node(self._node)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def listen(self, message_type, topic, callback, profile):
        """Subscribe to one more topic."""
        self._node.create_subscription(message_type, topic, callback, profile, callback_group=self._group)

    def _spin(self):
        while not self._stop.is_set():
            self._executor.spin_once(timeout_sec=0.1)

    def wait_until_active(self, node: str, timeout: float = 200.0):
        """Wait until a lifecycle node listens; its actions are in the graph long before."""
        client = self._node.create_client(GetState, f'{node}/get_state', callback_group=self._group)
        end = time.monotonic() + timeout

        def active() -> bool:
            if not client.wait_for_service(timeout_sec=0.1):
                return False
            state = client.call_async(GetState.Request())
            wait_for(state.done, max(0.1, end - time.monotonic()))
            return state.result().current_state.id == State.PRIMARY_STATE_ACTIVE

        wait_for(active, timeout)
        self._node.destroy_client(client)

    def ask(self, client: ConcurrentActionClient, goal, timeout: float = 200.0):
        """Send a goal and wait for its result."""
        sending = client.send_goal_async(goal)
        wait_for(sending.done, timeout)
        result = sending.result().get_result_async()
        wait_for(result.done, timeout)
        return result.result().result

    def plans_of(self, result: Predict.Result) -> GripperPlans:
        """Wait for what the tracker says of a prediction."""
        assert result.code == Predict.Result.SUCCEEDED, result.message
        wait_for(lambda: any(p.prediction_id == result.prediction_id for p in self.plans))
        return next(p for p in self.plans if p.prediction_id == result.prediction_id)

    def close(self):
        """Leave the graph."""
        self._stop.set()
        self._thread.join()
        for client in (self.predict, self.execute):
            client.destroy()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)


def wait_for(condition, timeout: float = 200.0):
    """Wait until condition() holds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, 'timed out'
        time.sleep(0.02)


@contextlib.contextmanager
def running(domain: int, nodes: dict[str, dict]):
    """Run nodes (name: parameters) under simulated time until active; yields a GraphClient; ends all it started."""
    processes = [
        subprocess.Popen(
            [sys.executable, str(NODES / f'{name}.py'), '--ros-args', '-r', f'__node:={name}',
             *(word for key, value in {'use_sim_time': 'true', **parameters}.items()
               for word in ('-p', f'{key}:={value}'))],
            env={**os.environ, 'ROS_DOMAIN_ID': str(domain)})
        for name, parameters in nodes.items()
    ]
    client = GraphClient(domain)
    try:
        for name in nodes:
            client.wait_until_active(name)
        yield client
    finally:
        client.close()
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def play(bag: Path, domain: int):
    """Play a bag to its end, with /clock, and wait until every reliable subscriber has it all."""
    subprocess.run(
        ['ros2', 'bag', 'play', str(bag), '--clock', '100', '--delay', '6', '--wait-for-all-acked', '5000'],
        env={**os.environ, 'ROS_DOMAIN_ID': str(domain)}, check=True, timeout=300)
