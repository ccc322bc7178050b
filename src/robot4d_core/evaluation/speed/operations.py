# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The operations and the memory of a prediction, counted without weights: on any machine, for models of any size.

The pipeline runs as always, but its networks are called with tensors that have a shape and no content, and return
zeros. Operations are those of matrix products, convolutions and attention, two per multiplication and addition.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from accelerate import init_empty_weights
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.flop_counter import FlopCounterMode

from robot4d_core.evaluation.speed.pipeline_stages import STAGES, wrapped_networks


@dataclass(frozen=True)
class Work:
    """Operations and calls of networks by stage; bytes of the weights and, at most, of what a network holds besides."""

    parameters: int
    operations: dict[str, int]
    calls: dict[str, int]
    weights: int
    working_memory: int

    @property
    def total(self) -> int:
        """Operations of all stages."""
        return sum(self.operations.values())


class WeightlessPipeline:
    """A pipeline of random weights that are not there, in numbers of a dtype."""

    def __init__(self, make: Callable[[], DiffusionPipeline], dtype: torch.dtype = torch.float32) -> None:
        with init_empty_weights():
            self._pipeline = make()
        self._pipeline.set_progress_bar_config(disable=True)
        self._networks = list(networks_of(self._pipeline))
        self._mode = FakeTensorMode(allow_non_fake_inputs=True)
        for network in self._networks:
            network.eval().to(dtype)
            with self._mode:
                network.to_empty(device='cpu')
        self._counted: dict[tuple, _Call] = {}

    def count(self, predict: Callable[[DiffusionPipeline], object]) -> Work:
        """Count what predict does with the pipeline."""
        operations, calls, working_memory = dict.fromkeys(STAGES, 0), dict.fromkeys(STAGES, 0), 0

        def counting(stage: str, method: Callable) -> Callable:
            def count(*args, **kwargs):
                nonlocal working_memory
                call = self._call(method, args, kwargs)
                operations[stage] += call.operations
                calls[stage] += 1
                working_memory = max(working_memory, call.memory)
                return call.output

            return count

        with wrapped_networks(self._pipeline, counting):
            predict(self._pipeline)
        weights = [weight for network in self._networks for weight in network.parameters()]
        return Work(
            sum(weight.numel() for weight in weights), operations, calls, sum(weight.nbytes for weight in weights),
            working_memory)

    def _call(self, method: Callable, args: tuple, kwargs: dict) -> _Call:
        leaves = tree_leaves((args, kwargs))
        shapes = tuple((*leaf.shape, leaf.dtype) if torch.is_tensor(leaf) else leaf for leaf in leaves)
        if (method, shapes) not in self._counted:
            known = [tensor for network in self._networks for tensor in (*network.parameters(), *network.buffers())]
            with torch.no_grad(), self._mode, OperationCounter() as counter, _LiveMemory(known) as memory:
                output = method(*args, **kwargs)
            zeros = tree_map(
                lambda leaf: torch.zeros(leaf.shape, dtype=leaf.dtype) if torch.is_tensor(leaf) else leaf, output)
            self._counted[method, shapes] = _Call(counter.get_total_flops(), memory.peak, zeros)
        return self._counted[method, shapes]


class _Call(NamedTuple):
    """Of a network: its operations, the bytes it holds at most besides the weights, zeros shaped like its output."""

    operations: int
    memory: int
    output: object


def networks_of(pipeline: DiffusionPipeline) -> Iterator[nn.Module]:
    """Yield the parts of a pipeline that have weights."""
    yield from (part for part in pipeline.components.values() if isinstance(part, nn.Module))


class OperationCounter(FlopCounterMode):
    """torch's counter, which sees into transformer layers and the attention that torch has for CPUs alone."""

    def __init__(self) -> None:
        attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        super().__init__(display=False, custom_mapping={attention: _attention_operations})

    def __enter__(self) -> OperationCounter:
        self._fused_layers = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        return super().__enter__()

    def __exit__(self, *arguments) -> None:
        torch.backends.mha.set_fastpath_enabled(self._fused_layers)
        super().__exit__(*arguments)


def _attention_operations(query, key, value, *args, out_shape=None, **kwargs) -> int:
    """Count the products with keys and with values; shapes (B, heads, N, D)."""
    return 2 * math.prod(query[:3]) * key[2] * (query[3] + value[3])


class _LiveMemory(TorchDispatchMode):
    """Follows the bytes of the tensors that are made inside and still in use; peak: the most there were at once."""

    def __init__(self, known: list[torch.Tensor]) -> None:
        super().__init__()
        self.peak = self._now = 0
        self._known = weakref.WeakSet(tensor.untyped_storage() for tensor in known)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(output):
            if isinstance(tensor, torch.Tensor) and (storage := tensor.untyped_storage()) not in self._known:
                self._known.add(storage)
                self._now += storage.nbytes()
                weakref.finalize(storage, self._forget, storage.nbytes())
        self.peak = max(self.peak, self._now)
        return output

    def _forget(self, size: int) -> None:
        self._now -= size
