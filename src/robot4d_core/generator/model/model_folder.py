# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A model's folder, examined before anything of it is loaded: complete, unchanged and ours.

The folder is a diffusers pipeline whose weights are safetensors, with a list of checksums beside them that
`sha256sum -c SHA256SUMS` understands.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from robot4d_core.errors import ModelError
from robot4d_core.text_files import write_text

INDEX = 'model_index.json'
CHECKSUMS = 'SHA256SUMS'
PIPELINE = 'TwoViewPipeline'
LIBRARIES = ('robot4d_core', 'diffusers', 'transformers')
METHOD_STEPS = 25
CHANGE_STEPS = 4  # enough where only the change against the observation is diffused
SHIPPED_IMAGE_SIZE = (160, 128)  # of models saved before the index told it
REMEDY = "restore the folder from where it came, or train a model with 'robot4d train'"

_BLOCK = 2**20  # bytes


@dataclass(frozen=True)
class ModelFolder:
    """The folder of a two-view pipeline.

    components: library and class of each part that has weights; image_size: width, height of its images; steps:
    denoising steps that a prediction takes unless told otherwise.
    """

    path: Path
    components: dict[str, tuple[str, str]]
    image_size: tuple[int, int]
    steps: int

    @classmethod
    def open(cls, path: Path) -> ModelFolder:
        """Read what the folder says of itself.

        Raises ModelError when the folder, a part of it or its weights are missing, or it holds another kind of model.
        """
        path = Path(path)
        if not (path / INDEX).is_file():
            raise ModelError(f'no model in {path}: {INDEX} is missing; {REMEDY}')
        index = _read_json(path / INDEX)
        if index.get('_class_name') != PIPELINE:
            raise ModelError(
                f"{path} holds a {index.get('_class_name')}, expected a {PIPELINE} of robot4d; choose another folder, "
                "or begin a training with a Stable Video Diffusion by 'robot4d train --init-from-svd'")
        folder = cls(
            path, _components(path, index), tuple(index.get('image_size', SHIPPED_IMAGE_SIZE)),
            CHANGE_STEPS if index.get('diffuse_change', True) else METHOD_STEPS)
        for component in folder.components:
            folder.weights(component)
        return folder

    def weights(self, component: str) -> list[Path]:
        """Return the files with a component's weights. Raises ModelError when there is none."""
        files = sorted((self.path / component).glob('*.safetensors'))
        if not files:
            raise ModelError(f'{self.path / component} has no weights (*.safetensors): the file is missing; {REMEDY}')
        return files

    def shapes(self, component: str) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight of a component, without reading it. Raises ModelError."""
        shapes: dict[str, tuple[int, ...]] = {}
        for file in self.weights(component):
            try:
                with safe_open(file, framework='np') as weights:
                    shapes |= {name: tuple(weights.get_slice(name).get_shape()) for name in weights.keys()}
            except (OSError, SafetensorError) as error:
                raise ModelError(f'{file} is cut off or damaged ({error}); {REMEDY}') from error
        return shapes

    def configuration(self, component: str) -> dict:
        """Return a component's config.json. Raises ModelError."""
        return _read_json(self.path / component / 'config.json')

    def check(self) -> None:
        """Compare every file with SHA256SUMS. Raises ModelError naming those that differ, are missing or not listed.

        A folder without the list, such as one that diffusers saved, is not checked; a warning says so.
        """
        file = self.path / CHECKSUMS
        if not file.is_file():
            logging.getLogger(__name__).warning('%s has no %s: its weights are not checked', self.path, CHECKSUMS)
            return
        try:
            listed = dict(reversed(line.split('  ', 1)) for line in file.read_text('utf-8').splitlines())
        except ValueError as error:
            raise ModelError(f'{file} is not a list of SHA-256 sums as sha256sum writes it; {REMEDY}') from error
        found = {name: _sha256(self.path / name) for name in _files(self.path)}
        problems = [
            f'{name} {what}' for what, names in (
                ('is missing', listed.keys() - found.keys()),
                (f'is not listed in {CHECKSUMS}', found.keys() - listed.keys()),
                (f'differs from {CHECKSUMS}', {name for name in found if found[name] != listed.get(name, found[name])}),
            ) for name in sorted(names)
        ]
        if problems:
            raise ModelError(f"{self.path} is not the model that was saved: {'; '.join(problems)}; {REMEDY}")


def write_checksums(path: Path) -> None:
    """List the SHA-256 sums of a model's weights and configurations in SHA256SUMS; do so last when saving a model."""
    lines = [f'{_sha256(path / name)}  {name}\n' for name in _files(path)]
    write_text(path / CHECKSUMS, ''.join(lines))


def _files(path: Path) -> list[str]:
    """Return what decides the model's predictions, relative to its folder."""
    files = [path / INDEX, *path.glob('*/*.json'), *path.glob('*/*.safetensors')]
    return sorted(file.relative_to(path).as_posix() for file in files if file.is_file())


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open('rb') as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _components(path: Path, index: dict) -> dict[str, tuple[str, str]]:
    """Return the index' entries that have weights, each checked to be of the class that the index says."""
    components = {}
    for name, entry in index.items():
        if name == 'scheduler' or not isinstance(entry, list) or not isinstance(entry[0], str):
            continue
        library, class_name = entry
        if library.split('.')[0] not in LIBRARIES:
            raise ModelError(
                f"{path / INDEX}: '{name}' comes from the library '{library}', expected one of "
                f"{', '.join(LIBRARIES)}; {REMEDY}")
        config = path / name / 'config.json'
        if not config.is_file():
            raise ModelError(f'{config} is missing; {REMEDY}')
        came = _read_json(config).get('_class_name', class_name)
        if came != class_name:
            raise ModelError(f'{config} is that of a {came}, {INDEX} demands a {class_name}; {REMEDY}')
        components[name] = library, class_name
    if not {'unet', 'path'} & components.keys():
        raise ModelError(f"{path / INDEX} names neither a 'unet' nor a 'path'; {REMEDY}")
    return components


def _read_json(file: Path) -> dict:
    try:
        content = json.loads(file.read_text('utf-8'))
    except (OSError, ValueError) as error:
        raise ModelError(f'{file} cannot be read ({error}); {REMEDY}') from error
    if not isinstance(content, dict):
        raise ModelError(f'{file} is not a configuration; {REMEDY}')
    return content
