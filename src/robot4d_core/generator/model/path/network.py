# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The network that takes the noise out of a gripper's path, looking at the points of the scene.

One query per step of the path attends to the points; the points it attends to most are places. The position of the step
is a mixture of these, of where the tool is and of the base's origin; weights may be negative, so that it can lie beyond
one place as seen from another. Its rotation is a mixture of the tool's axes and of the directions from place to place.
So both turn and move with what is seen. In the spirit of 3D Diffusion Policy (arXiv 2403.03954), which pools all points
into one vector instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from robot4d_core.prediction import FRAMES

PATH_CHANNELS = 11  # position 3, first two columns of the rotation 6, opening 1, closed 1
NEAR = 0.05  # metres about the tool in which coordinates are told finely
REACH = 0.25  # metres: unit of positions
APART = 0.02  # metres; places nearer than this give no direction


@dataclass(frozen=True)
class PathConditioning:
    """What is known of B grippers when their paths begin, in the base frame; a batch of P points each.

    points: (B, P, 3) metres; colours: (B, P, 3) in [0, 1]; known: (B, P) bool, false for padding;
    tool, other_tool: (B, 4, 4) T_base_tcp; opening, other_opening: (B,) shares of the stroke; other_there: (B,) bool,
    whether there is another gripper; arm: (B,) its number, 0 or 1.
    """

    points: torch.Tensor
    colours: torch.Tensor
    known: torch.Tensor
    tool: torch.Tensor
    opening: torch.Tensor
    other_tool: torch.Tensor
    other_opening: torch.Tensor
    other_there: torch.Tensor
    arm: torch.Tensor


class PathNetwork(ModelMixin, ConfigMixin):
    """Predicts the clean path of a noisy one.

    Paths are (B, FRAMES, PATH_CHANNELS): position relative to the tool in base axes, in units of REACH; the first two
    columns of the rotation in base axes; opening as a share of the stroke and closed (1) or open (0), both scaled to
    [-1, 1]. stroke: of the grippers, metres; workspace: lowest and highest coordinates of points that count, metres in
    the base frame; points: how many it is shown.
    """

    @register_to_config
    def __init__(
        self, width: int = 128, layers: int = 2, heads: int = 4, places: int = 4, points: int = 256,
        stroke: float = 0.08, workspace: tuple = ((-0.45, -0.6, 0.015), (0.45, 0.6, 0.8)),
    ) -> None:
        super().__init__()
        self.embed_point = nn.Sequential(nn.Linear(18, width), nn.GELU(), nn.Linear(width, width), nn.GELU(),
                                         nn.Linear(width, width))
        self.embed_state = nn.Sequential(nn.Linear(25, width), nn.GELU(), nn.Linear(width, width))
        self.embed_path = nn.Linear(PATH_CHANNELS, width)
        self.embed_time = nn.Sequential(nn.Linear(16, width), nn.GELU(), nn.Linear(width, width))
        self.step = nn.Parameter(torch.randn(FRAMES, width) * 0.5)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.look = nn.Linear(width, places * width)
        self.landmark = nn.Linear(width, width)
        self.mixture = nn.Linear(width, places + 2)
        self.turn = nn.Linear(width, 2 * (places + 2))
        self.rest = nn.Linear(width, PATH_CHANNELS)
        nn.init.zeros_(self.turn.weight)
        nn.init.zeros_(self.turn.bias)

    def forward(self, noisy: torch.Tensor, time: torch.Tensor, given: PathConditioning) -> torch.Tensor:
        """Return the clean paths, same shape as noisy; time: (B,) share of noise in them, in [0, 1]."""
        points = self.embed_point(_point_features(given))
        frequencies = time[:, None] * (2.0 ** torch.arange(8, device=time.device)) * torch.pi / 2
        state = self.embed_state(_state_features(given)) + self.embed_time(
            torch.cat([frequencies.sin(), frequencies.cos()], dim=-1))
        queries = self.step + self.embed_path(noisy) + state[:, None]
        hidden = ~given.known[:, None, None]
        for block in self.blocks:
            queries = block(queries, points, hidden)
        queries = self.norm(queries)
        looks = self.look(queries).unflatten(-1, (-1, points.shape[-1]))
        scores = torch.einsum('btkc,bpc->btkp', looks, self.landmark(points)) / points.shape[-1]**0.5
        shares = scores.masked_fill(hidden, -1e4).softmax(-1)
        places = torch.einsum('btkp,bpx->btkx', shares, given.points)
        position, turn = self._position(queries, places, given.tool), self._turn(queries, places, given.tool)
        return self.rest(queries) + nn.functional.pad(torch.cat([position, turn], dim=-1), (0, 2))

    def _position(self, queries: torch.Tensor, places: torch.Tensor, tool: torch.Tensor) -> torch.Tensor:
        """Return (B, FRAMES, 3) the mixture of places (B, FRAMES, K, 3), tool and base, relative to the tool."""
        tool = tool[:, None, None, :3, 3].expand(-1, FRAMES, -1, -1)
        relative = (torch.cat([places, tool, torch.zeros_like(tool)], dim=2) - tool) / REACH
        weights = self.mixture(queries)
        weights = weights + (1 - weights.sum(-1, keepdim=True)) / weights.shape[-1]
        return (weights[..., None] * relative).sum(2)

    def _turn(self, queries: torch.Tensor, places: torch.Tensor, tool: torch.Tensor) -> torch.Tensor:
        """Return (B, FRAMES, 6) two columns, each a mixture of directions between places and of axes of the tool."""
        between = places[:, :, 1:] - places[:, :, :-1]
        between = between / (torch.linalg.vector_norm(between, dim=-1, keepdim=True) + APART)
        axes = torch.cat([between, tool[:, None, :3, :3].mT.expand(-1, FRAMES, -1, -1)], dim=2)
        weights = self.turn(queries).unflatten(-1, (2, -1))
        return torch.einsum('btcn,btnx->btxc', weights, axes).flatten(-2)


class _Block(nn.Module):
    """The steps look at each other, then at the points."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))
        self.own = nn.Linear(width, 3 * width)
        self.own_out = nn.Linear(width, width)
        self.query, self.seen = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.seen_out = nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, queries: torch.Tensor, points: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        own = self.own(self.norms[0](queries)).chunk(3, dim=-1)
        queries = queries + self.own_out(self._attend(*own, None))
        key, value = self.seen(self.norms[1](points)).chunk(2, dim=-1)
        queries = queries + self.seen_out(self._attend(self.query(self.norms[2](queries)), key, value, ~hidden))
        return queries + self.think(self.norms[3](queries))

    def _attend(self, query, key, value, mask) -> torch.Tensor:
        query, key, value = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in (query, key, value))
        out = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return out.transpose(1, 2).flatten(-2)


def _point_features(given: PathConditioning) -> torch.Tensor:
    """Return (B, P, 18): base, tool-centred, tool-frame and near coordinates, offset to the other tool, colour."""
    position, turn = given.tool[:, None, :3, 3], given.tool[:, :3, :3]
    centred = given.points - position
    in_tool = centred @ turn
    other = (given.points - given.other_tool[:, None, :3, 3]) * given.other_there[:, None, None]
    return torch.cat([given.points / REACH, centred / REACH, in_tool / REACH, torch.tanh(in_tool / NEAR),
                      other / REACH, 2 * given.colours - 1], dim=-1)


def _state_features(given: PathConditioning) -> torch.Tensor:
    """Return (B, 25): both tools and openings, which arm it is and whether there is another."""
    there = given.other_there[:, None].to(given.tool.dtype)
    own = torch.cat([given.tool[:, :3, 3] / REACH, given.tool[:, :3, :2].flatten(1), given.opening[:, None]], dim=-1)
    other = torch.cat([given.other_tool[:, :3, 3] / REACH, given.other_tool[:, :3, :2].flatten(1),
                       given.other_opening[:, None]], dim=-1) * there
    between = (given.other_tool[:, :3, 3] - given.tool[:, :3, 3]) / REACH * there
    return torch.cat([own, other, between, there, given.arm[:, None].to(there.dtype)], dim=-1)
