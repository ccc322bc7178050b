# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a gripper carries along: the thing between its pads when it closes, as far as it can be told from its colour."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose

PADS = np.array([0.03, 0.045, 0.04])  # metres, half the box about the tool in which what is gripped must show itself
SLAB = 0.05  # metres to either side along the closing direction; what reaches farther does not fit between the pads
MISFITS = 0.1  # share of a thing's points that may lie outside the slab
NEIGHBOURS = 0.012  # metres between points of one thing
LIKENESS = (60.0, 40.0, 25.0)  # grey levels of 255 between neighbours of one thing: the first that gives one that fits
LONGEST = 0.3  # metres from the pads to the farthest point of what one gripper carries
FEWEST = 4  # points that show that something is there


def points_in_grip(points: np.ndarray, colours: np.ndarray, tool: np.ndarray) -> np.ndarray:
    """Return (N,) bool: which points belong to the thing between the pads.

    points: (N, 3) metres, of the scene without robot and table; colours: (N, 3) uint8; tool: (4, 4), T_points_tcp.
    """
    local = transform_points(invert_pose(tool), points)
    seeds = np.flatnonzero((np.abs(local) < PADS).all(axis=1))
    belongs = np.zeros(len(points), bool)
    if len(seeds) < FEWEST:
        return belongs
    near = np.flatnonzero(np.linalg.norm(local, axis=1) < LONGEST)
    pairs = cKDTree(points[near]).query_pairs(NEIGHBOURS, output_type='ndarray')
    hues = colours[near].astype(float)
    differences = np.abs(hues[pairs[:, 0]] - hues[pairs[:, 1]]).max(axis=1)
    fits = np.abs(local[near, 1]) < SLAB
    for likeness in LIKENESS:
        links = pairs[differences < likeness].T
        graph = coo_array((np.ones(links.shape[1]), links), shape=(len(near), len(near)))
        thing = connected_components(graph, directed=False)[1]
        gripped = np.isin(thing, thing[np.isin(near, seeds)])
        if (~fits[gripped]).mean() < MISFITS:
            break
    belongs[near] = gripped & fits
    return belongs
