# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What `robot4d doctor` finds out about this machine."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import psutil

from robot4d_core.errors import ModelError
from robot4d_core.share import share_directory

PYTHON = (3, 10), (3, 12)
PACKAGES = {
    'every machine': ('numpy', 'scipy', 'open3d', 'ruckig', 'trimesh', 'pin'),
    'the generator': ('torch', 'diffusers', 'transformers', 'safetensors', 'small_gicp'),
    'simulation, recordings and training': ('mujoco', 'rosbags', 'zarr', 'torchmetrics', 'viser'),
}
ALTERNATIVES = {'open3d': 'open3d-cpu'}
MEMORY, DISK = 4.0, 2.0  # GiB that should be free


@dataclass(frozen=True)
class Finding:
    """text: what was found, and where the part is not well what to do."""

    part: str
    well: bool
    text: str


def examine_machine() -> Iterator[Finding]:
    """Yield what is known of Python, ROS, packages, processor, graphics, models, disk and environment."""
    yield _python()
    yield _ros()
    for purpose, names in PACKAGES.items():
        yield _packages(purpose, names)
    yield _memory()
    yield _accelerator()
    yield _rendering()
    for folder in sorted((share_directory() / 'models').iterdir()):
        if folder.is_dir():
            yield _model(folder)
    yield _disk()
    yield from _environment()


def _python() -> Finding:
    low, high = PYTHON
    fits = low <= sys.version_info[:2] <= high
    text = f'{platform.python_version()}, {sys.executable}'
    return Finding('Python', fits, text if fits else f'{text}: use 3.{low[1]} to 3.{high[1]}')


def _ros() -> Finding:
    if find_spec('rclpy') is None:
        return Finding('ROS', False, 'no rclpy: run `. /opt/ros/jazzy/setup.bash`, or `. sandbox/env.sh` in a clone; '
                                     'commands that need no graph work without')
    if find_spec('robot4d') is None:
        return Finding('ROS', False, 'the messages of robot4d are not built: run colcon build (or sandbox/setup), then '
                                     '`. install/setup.bash`')
    distribution = os.environ.get('ROS_DISTRO')
    if distribution is None:
        return Finding('ROS', True, 'Jazzy from PyPI, in the sandbox')
    fits = distribution == 'jazzy'
    return Finding('ROS', fits, distribution if fits else f'{distribution}: robot4d is made for Jazzy')


def _packages(purpose: str, names: tuple[str, ...]) -> Finding:
    found = {name: _version(name) or _version(ALTERNATIVES.get(name, name)) for name in names}
    if missing := [name for name, number in found.items() if number is None]:
        return Finding(
            f'packages: {purpose}', False, f'{", ".join(missing)} missing: pip install -r requirements.txt of robot4d')
    return Finding(f'packages: {purpose}', True, ', '.join(f'{name} {number}' for name, number in found.items()))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _memory() -> Finding:
    free, cores = psutil.virtual_memory().available / 2**30, len(os.sched_getaffinity(0))
    text = f'{cores} cores, {free:.1f} GiB of memory free'
    return Finding('processor', free >= MEMORY, text if free >= MEMORY else f'{text}: {MEMORY:.0f} GiB should be')


def _accelerator() -> Finding:
    if find_spec('torch') is None:
        return Finding('accelerator', False, 'unknown without torch')
    import torch

    if not torch.cuda.is_available():
        return Finding('accelerator', True, 'none that torch knows: predictions are made on the processor')
    free, whole = (size / 2**30 for size in torch.cuda.mem_get_info())
    return Finding('accelerator', True, f'{torch.cuda.get_device_name()}, {free:.1f} of {whole:.1f} GiB free')


def _rendering() -> Finding:
    if find_spec('mujoco') is None:
        return Finding('rendering', False, 'unknown without mujoco; only the simulated cell needs it')
    import mujoco

    try:
        mujoco.Renderer(mujoco.MjModel.from_xml_string('<mujoco/>'), 8, 8).close()
    except Exception as error:  # of OpenGL, EGL or OSMesa, each with its own
        return Finding('rendering', False, f'MuJoCo cannot render ({error}): set MUJOCO_GL=egl, and install libegl1, '
                                           'libegl-mesa0; only the simulated cell needs it')
    return Finding('rendering', True, f"MuJoCo renders with {os.environ.get('MUJOCO_GL', 'its default')}")


def _model(folder: Path) -> Finding:
    part = f'model {folder.name}'
    if find_spec('torch') is None:
        return Finding(part, False, 'unknown without torch')
    from robot4d_core.generator.model.model_folder import ModelFolder

    try:
        ModelFolder.open(folder).check()
    except ModelError as error:
        return Finding(part, False, str(error))
    size = sum(file.stat().st_size for file in folder.rglob('*') if file.is_file()) / 1e6
    return Finding(part, True, f'{size:.0f} MB, as it was saved')


def _disk() -> Finding:
    free = shutil.disk_usage('.').free / 2**30
    text = f'{free:.1f} GiB free in {Path.cwd()}'
    return Finding('disk', free >= DISK, text if free >= DISK else f'{text}: {DISK:.0f} GiB should be')


def _environment() -> Iterator[Finding]:
    for name, expected, fits in (
        ('ROS_DOMAIN_ID', 'a number from 0 to 232', lambda text: text.isdecimal() and int(text) <= 232),
        ('HOME', 'a folder that can be written', lambda text: os.access(text, os.W_OK)),
    ):
        yield _variable(name, expected, fits)
    encoding = locale.getpreferredencoding(False)
    yield Finding('locale', True, f'{encoding}; files are read and written in UTF-8 all the same')


def _variable(name: str, expected: str, fits: Callable[[str], bool]) -> Finding:
    value = os.environ.get(name, '' if name == 'HOME' else '0')
    well = fits(value)
    return Finding(name, well, value if well else f"is '{value}', expected {expected}")
