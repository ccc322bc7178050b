# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Read a rosbag2 (MCAP or sqlite3, compressed or not) message by message, without ROS."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from rosbags.interfaces import MessageDefinitionFormat
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from robot4d_core.episodes.bags.writer import CUSTOM_DATA, ros_types
from robot4d_core.errors import BagError

_BLOCK = 2**20  # bytes


class BagReader:
    """An open rosbag2; use as a context manager. Message definitions in the bag win over those of ROS 2 Jazzy.

    types: topic -> message type of every topic that has messages; message_count: of the whole bag;
    note: what robot4d wrote about the episode when it made the bag, {} for other bags; skipped: why messages of an
    optional topic could not be read, by topic.
    Raises BagError, here and while messages are read, when the bag is missing, something else, truncated or corrupt.
    """

    def __init__(self, bag: Path) -> None:
        self.bag = Path(bag)
        self._stores = {}
        self.skipped: dict[str, str] = {}

    def __enter__(self) -> BagReader:
        if not self.bag.exists():
            raise BagError(f'{self.bag} does not exist; give the folder of a rosbag2')
        if self.bag.is_dir() and not (self.bag / 'metadata.yaml').is_file():
            raise BagError(f'{self.bag} is not the folder of a rosbag2: it has no metadata.yaml; if its recorder was '
                           f'killed, `ros2 bag reindex {self.bag.name}` makes one')
        if self.bag.is_file() and (other := _foreign(self.bag)):
            raise BagError(f'{self.bag} is {other}')
        with self._reading():
            self._reader = Reader(self.bag)
            self._reader.open()
            self._connections = [c for c in self._reader.connections if c.msgcount]
            self.message_count = self._reader.message_count
            self.types = {c.topic: c.msgtype for c in self._connections}
            custom = getattr(self._reader.storage.metadata, 'custom', None) or {}
            self.note = json.loads(custom.get(CUSTOM_DATA, '{}'))
        return self

    def __exit__(self, *_) -> None:
        self._reader.close()

    def fingerprint(self) -> str:
        """Return the SHA-256 of the recorded data, whatever the folder is called."""
        files = sorted(self.bag.iterdir()) if self.bag.is_dir() else [self.bag]
        digest = hashlib.sha256()
        for path in files:
            if path.is_file() and path.name != 'metadata.yaml':
                with path.open('rb') as file:
                    while block := file.read(_BLOCK):
                        digest.update(block)
        return digest.hexdigest()

    def messages(self, topics: Collection[str], optional: Collection[str] = ()) -> Iterator[tuple[str, int, object]]:
        """Yield (topic, log time in ns, message) in the order in which they were recorded.

        optional: those of topics without which one can do; messages of another definition than that of ROS 2 Jazzy,
        which bags of older distributions do not tell, are passed over there, and skipped says so.
        """
        wanted = [c for c in self._connections if c.topic in topics]
        if not wanted:
            return
        read, promised = 0, sum(connection.msgcount for connection in wanted)
        with self._reading():
            for connection, log_time, data in self._reader.messages(wanted):
                read += 1
                if connection.topic in self.skipped:
                    continue
                try:
                    message = self._store(connection).deserialize_cdr(data, connection.msgtype)
                except Exception as error:
                    if connection.topic not in optional:
                        raise
                    self.skipped[connection.topic] = (
                        f'{connection.topic} is passed over: its {connection.msgtype} is of another definition than '
                        f'that of ROS 2 Jazzy ({error or type(error).__name__})')
                    continue
                yield connection.topic, log_time, message
            if read != promised:
                raise BagError(f'it holds {read} messages of {promised}')

    def _store(self, connection):
        if connection.msgtype not in self._stores:
            store = ros_types()
            if connection.msgdef.format == MessageDefinitionFormat.MSG:
                store = get_typestore(Stores.EMPTY)
                store.register(get_types_from_msg(connection.msgdef.data, connection.msgtype))
            self._stores[connection.msgtype] = store
        return self._stores[connection.msgtype]

    @contextmanager
    def _reading(self):
        try:
            yield
        except GeneratorExit:
            raise
        except Exception as error:  # rosbags raises its own, struct's, zstd's, sqlite3's and yaml's errors alike
            raise BagError(
                f'{self.bag} cannot be read: {error or type(error).__name__}; the file is cut off or corrupt, copy it '
                'again, or try `ros2 bag reindex` and `mcap recover`') from error


def _foreign(file: Path) -> str:
    """Return what a file is that is no rosbag2, and what to do; '' where it may be one."""
    with file.open('rb') as opened:
        head = opened.read(16)
    if head.startswith(b'#ROSBAG V2.0'):
        return f'a bag of ROS 1; `pip install rosbags`, then `rosbags-convert --src {file.name} --dst {file.stem}`'
    if head.startswith(b'\x89MCAP0\r\n') and file.suffix != '.mcap':
        return 'an MCAP file by another name; give it the suffix .mcap'
    if head.startswith(b'SQLite format 3\0') and file.suffix != '.db3':
        return 'a SQLite file by another name; give it the suffix .db3'
    if not head.startswith((b'\x89MCAP0\r\n', b'SQLite format 3\0', b'\x28\xb5\x2f\xfd')):
        return 'neither MCAP nor SQLite, nor compressed with zstd; give the folder of a rosbag2, or a file of one'
    return ''
