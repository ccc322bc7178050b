# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The episode store keeps what it was given, and only whole episodes."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.episodes.synthetic_episodes import SETTINGS, make_episode, make_store
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EpisodeError, StoreBusyError, StoreError, StoreSettingsError

TEST_FOLDER = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, 'PYTHONPATH': f"{TEST_FOLDER}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def test_what_is_written_comes_back(tmp_path):
    episode = make_episode(steps=19, grippers=2)
    EpisodeStore(tmp_path / 'store', SETTINGS).write('episode_000007', episode, seed=7)
    store = EpisodeStore(tmp_path / 'store')
    assert store.names == ['episode_000007'] and store.settings == SETTINGS
    assert store.attributes('episode_000007')['seed'] == 7
    read = store.read('episode_000007')
    for name, written in vars(episode).items():
        for back in (getattr(read, name)[...], np.asarray(getattr(read, name))):
            assert back.dtype == written.dtype and np.array_equal(back, written), name
    assert np.array_equal(read.depth[1, 3:9, 2], episode.depth[1, 3:9, 2]) and len(read.times) == 19


def test_images_that_are_all_zero_are_no_missing_chunks(tmp_path):
    episode = replace(make_episode(), segmentation=np.zeros((2, 12, 8, 10), np.uint8))
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    store.write('episode_000000', episode)
    assert not store.read('episode_000000').segmentation[...].any()


def test_when_recording_was_killed_expect_no_half_episode(tmp_path):
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    (tmp_path / 'store' / 'episode_000001.77.unfinished').mkdir()
    assert store.names == [] and len(store.unfinished) == 1
    with store.recording():
        assert store.unfinished == []
        store.write('episode_000001', make_episode())
    assert store.names == ['episode_000001']


WRITE_UNTIL_KILLED = """
import sys
from core.episodes.synthetic_episodes import SETTINGS, attributes_of, make_episode
from robot4d_core.episodes.store import EpisodeStore
store = EpisodeStore(sys.argv[1], SETTINGS)
first, episodes = len(store), [make_episode(seed) for seed in range(3)]
with store.recording():
    for seed in range(first, 1000):
        store.write(f'episode_{seed:06d}', episodes[seed % 3], **attributes_of(seed))
        print('one more', flush=True)
"""


def test_when_killed_while_it_writes_expect_whole_episodes_only(tmp_path):
    random = np.random.default_rng(0)
    for _ in range(4):
        writer = subprocess.Popen(
            [sys.executable, '-c', WRITE_UNTIL_KILLED, tmp_path / 'store'], env=ENVIRONMENT, stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(random.uniform(0.0, 0.3))
        writer.kill()
        writer.communicate()
        assert len(EpisodeStore(tmp_path / 'store').unfinished) <= 1
    store = EpisodeStore(tmp_path / 'store')
    assert store.names == [f'episode_{seed:06d}' for seed in range(len(store))] and len(store) >= 4
    for seed, read in enumerate(store):
        for name, values in vars(make_episode(seed % 3)).items():
            assert np.array_equal(getattr(read, name)[...], values), (seed, name)


def test_when_another_process_is_recording_expect_refusal(tmp_path):
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    holder = subprocess.Popen(
        [sys.executable, '-c',
         'import sys\nfrom robot4d_core.episodes.store import EpisodeStore\n'
         'with EpisodeStore(sys.argv[1]).recording():\n    print("holding", flush=True); sys.stdin.read()',
         str(tmp_path / 'store')],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == 'holding\n'
        with pytest.raises(StoreBusyError, match='another recording'), store.recording():
            pass
    finally:
        holder.kill()
        holder.communicate()
    with store.recording():
        store.write('episode_000000', make_episode())


def test_when_settings_differ_expect_each_difference(tmp_path):
    EpisodeStore(tmp_path / 'store', SETTINGS)
    with pytest.raises(StoreSettingsError, match=r'\(cameras: expected 3, got 2; sensor: expected .*, got None\)'):
        EpisodeStore(tmp_path / 'store', {**SETTINGS, 'cameras': 3, 'sensor': {'disparity_noise': 0.1}})
    EpisodeStore(tmp_path / 'store', {**SETTINGS, 'size': (10, 8)})


def test_when_two_make_the_store_at_once_expect_one_store(tmp_path):
    for attempt in range(10):
        with ThreadPoolExecutor(2) as pool:
            made = pool.map(lambda _: EpisodeStore(tmp_path / str(attempt), SETTINGS), range(2))  # noqa: B023
            assert [store.settings for store in made] == [SETTINGS] * 2


def test_when_there_is_nothing_expect_the_command_to_run(tmp_path):
    with pytest.raises(StoreError, match='robot4d record'):
        EpisodeStore(tmp_path / 'nothing')


def test_when_the_folder_holds_other_files_expect_refusal(tmp_path):
    (tmp_path / 'thesis.tex').touch()
    with pytest.raises(StoreError, match='thesis.tex'):
        EpisodeStore(tmp_path, SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ['thesis.tex']


@pytest.mark.parametrize('content', ['', '{"zarr_fo', '{}', '[]', '{"attributes": {}}', '{"attributes": 3}'])
def test_when_the_store_is_half_written_expect_a_store_error(tmp_path, content):
    make_store(tmp_path / 'store')
    (tmp_path / 'store' / 'zarr.json').write_text(content)
    for settings in (None, SETTINGS):
        with pytest.raises(StoreError, match='not what an episode store begins with'):
            EpisodeStore(tmp_path / 'store', settings)


def test_when_schema_is_another_expect_both_versions(tmp_path):
    make_store(tmp_path / 'store')
    root = tmp_path / 'store' / 'zarr.json'
    root.write_text(root.read_text().replace('"schema": 2', '"schema": 1'))
    with pytest.raises(StoreError, match='schema 1, this version reads 2'):
        EpisodeStore(tmp_path / 'store')


def test_when_arrays_or_chunks_are_missing_expect_the_episode_and_each_array_named(tmp_path):
    store = make_store(tmp_path / 'store', [3])
    episode = tmp_path / 'store' / 'episode_000003'
    shutil.rmtree(episode / 'depth')
    next(path for path in (episode / 'rgb' / 'c').rglob('*') if path.is_file()).unlink()
    with pytest.raises(EpisodeError, match='episode_000003.*rgb: 1 of 2 files .* missing .*; depth: .* missing'):
        store.read('episode_000003')


def test_when_a_chunk_is_broken_expect_episode_and_array_named(tmp_path):
    store = make_store(tmp_path / 'store')
    chunk = tmp_path / 'store' / 'episode_000000' / 'depth' / 'c' / '1' / '0' / '0' / '0'
    chunk.write_bytes(chunk.read_bytes()[:-9])
    depth = store.read('episode_000000').depth
    assert depth[0].shape == (12, 8, 10)
    with pytest.raises(EpisodeError, match="depth of episode 'episode_000000' of .* cannot be read"):
        depth[1, 3]
    with pytest.raises(IndexError):
        depth[2]


def test_when_an_episode_contradicts_itself_expect_it_not_written(tmp_path):
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    episode = make_episode()
    with pytest.raises(EpisodeError, match=r'depth: expected uint16 \(.*steps 12, .*got uint16 \(2, 11, 8, 10\)'):
        store.write('episode_000000', replace(episode, depth=episode.depth[:, 1:]))
    with pytest.raises(EpisodeError, match='rgb: expected uint8 .*, got float32'):
        store.write('episode_000000', replace(episode, rgb=episode.rgb.astype(np.float32)))
    assert store.names == [] and store.unfinished == []


def test_when_the_name_is_taken_expect_the_first_episode_kept(tmp_path):
    store = make_store(tmp_path / 'store')
    with pytest.raises(EpisodeError, match="has an episode 'episode_000000'"):
        store.write('episode_000000', make_episode(1))
    assert np.array_equal(store.read('episode_000000').rgb[...], make_episode(0).rgb)


def test_failures_are_kept_by_name(tmp_path):
    store = make_store(tmp_path / 'store')
    store.write_failure('episode_000004', 'the arm cannot reach')
    assert EpisodeStore(tmp_path / 'store').failures == {'episode_000004': 'the arm cannot reach'}
    assert store.names == ['episode_000000']


FILL_THE_DISK = """
import shutil, sys
from pathlib import Path
import numpy as np
from core.episodes.synthetic_episodes import SETTINGS, make_episode
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import DiskFullError
folder = Path(sys.argv[1], 'store')
store, episode, written = EpisodeStore(folder, SETTINGS), make_episode(steps=160), 0
try:
    while True:
        store.write(f'episode_{written:06d}', episode)
        written += 1
except DiskFullError as error:
    assert 'MB are free' in str(error) and 'make room' in str(error), error
    print(error)
assert written > 2 and store.unfinished == []
store = EpisodeStore(folder)
assert len(store) == written
for read in store:
    for name, values in vars(episode).items():
        assert np.array_equal(getattr(read, name)[...], values), name
shutil.rmtree(folder / 'episode_000000')
store.write('episode_000000', episode)
"""


def test_when_the_disk_is_full_expect_a_sentence_and_a_readable_store(tmp_path):
    own_mounts, mount = ['unshare', '--map-root-user', '--mount'], f'mount -t tmpfs -o size=1m tmpfs {tmp_path}'
    if shutil.which('unshare') is None or subprocess.run([*own_mounts, *mount.split()], capture_output=True).returncode:
        pytest.skip('this machine lets no test mount a small disk: unshare --map-root-user --mount mount -t tmpfs')
    run = subprocess.run(
        [*own_mounts, 'sh', '-c', f'{mount} && exec "$@"', 'sh', sys.executable, '-c', FILL_THE_DISK, tmp_path],
        capture_output=True, text=True, timeout=250, env=ENVIRONMENT)
    assert run.returncode == 0, run.stderr
    assert 'the disk is full' in run.stdout
