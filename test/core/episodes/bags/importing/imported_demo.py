# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How the bags of the tests are imported, and the one episode that comes of it."""

from robot4d_core.episodes.bags.importing.settings import ImportSettings
from robot4d_core.episodes.store import EpisodeStore

SETTINGS = ImportSettings(task='PutSpatulaOnTable')


def read(folder):
    store = EpisodeStore(folder)
    assert store.names == ['demo']
    return store.read('demo'), store.attributes('demo')
