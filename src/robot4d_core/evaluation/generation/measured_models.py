# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Several models measured on several tasks, each pair once: what a file already holds is not measured again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EvaluationError
from robot4d_core.evaluation.generation.clip_progress import clip_progress
from robot4d_core.evaluation.generation.protocol import Protocol, evaluate_generation
from robot4d_core.evaluation.generation.protocol_report import GenerationReport
from robot4d_core.evaluation.measurement_file import write_measurement
from robot4d_core.evaluation.metrics.gripper_masks import Segmenter
from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine
from robot4d_core.generator.model.model_folder import CHECKSUMS


@dataclass(frozen=True)
class Contender:
    """A model under the name that it has in the table.

    steps: of denoising, None for what suits the model; second_camera: as in Protocol, None for the protocol's.
    """

    name: str
    model: Path
    steps: int | None = None
    second_camera: str | None = None

    def follows(self, protocol: Protocol) -> Protocol:
        """Return the protocol with what is this contender's own."""
        return replace(protocol, steps=self.steps, second_camera=self.second_camera or protocol.second_camera)


@dataclass(frozen=True)
class Measurement:
    """What was found of a contender on a task. command: the one that measured it, perhaps in an earlier run."""

    task: str
    contender: str
    command: str
    report: GenerationReport


def open_stores_by_task(data: Path) -> dict[str, EpisodeStore]:
    """Return the stores by task: data is one, or a folder of one per task. Raises EvaluationError, StoreError."""
    folders = [data] if (data / 'zarr.json').is_file() else sorted(file.parent for file in data.glob('*/zarr.json'))
    if not folders:
        raise EvaluationError(
            f'{data} is no episode store and holds none; record one for each task with `robot4d record {data}/TASK`')
    stores = {}
    for store in map(EpisodeStore, folders):
        other = stores.setdefault(store.settings['task'], store)
        if other is not store:
            raise EvaluationError(
                f"{other.folder} and {store.folder} are both of the task {store.settings['task']}; expected one store "
                'per task, give a folder of those to measure on')
    return stores


def measure_models(
    stores: dict[str, EpisodeStore], contenders: list[Contender], protocol: Protocol, segmenter: Segmenter,
    folder: Path, command: str, device: str = 'auto',
) -> list[Measurement]:
    """Measure every contender on every task, on the same clips, by contender and then task; shows a bar.

    Each measurement is written into folder/TASK/CONTENDER.json as soon as it is made, and read from there instead of
    measured when the model's checksums, the protocol and the episodes are the same as then.
    Raises EvaluationError, EngineError, NoWindowError.
    """
    identities = {
        (task, contender): _identity(store, contender, contender.follows(protocol), segmenter)
        for contender in contenders for task, store in stores.items()
    }
    files = {(task, its): folder / task / f'{its.name}.json' for task, its in identities}
    missing = [key for key, identity in identities.items() if _identity_in(files[key]) != identity]
    if missing:
        done = protocol.count * (len(identities) - len(missing))
        with clip_progress(protocol.count * len(identities), done) as advance:
            for contender in contenders:
                those = {task: stores[task] for task, its in missing if its is contender}
                for task, report in _measure(
                        those, contender, contender.follows(protocol), segmenter, device, advance):
                    numbers = {'identity': identities[task, contender], **report.to_dict()}
                    write_measurement(files[task, contender], command, numbers)
    return [_read(task, contender, files[task, contender]) for task, contender in identities]


def _measure(
    stores: dict[str, EpisodeStore], contender: Contender, protocol: Protocol, segmenter: Segmenter, device: str,
    advance: Callable[..., None],
) -> Iterator[tuple[str, GenerationReport]]:
    if not stores:
        return
    engine = DiffusionEngine(contender.model, device, protocol.steps)
    engine.start()
    for task, store in stores.items():
        advance(0, f'{task}, {contender.name}')
        yield task, evaluate_generation(store, engine, replace(protocol, steps=engine.steps), segmenter, advance)
    engine.stop()


def _identity(store: EpisodeStore, contender: Contender, protocol: Protocol, segmenter: Segmenter) -> dict:
    """Return what decides the numbers, as JSON values."""
    checksums = contender.model / CHECKSUMS
    if not checksums.is_file():
        raise EvaluationError(
            f'no {CHECKSUMS} in {contender.model} ({contender.name}): nobody can tell whether it was measured before; '
            'give the folder of a model that `robot4d train` saved')
    return {
        'model': hashlib.sha256(checksums.read_bytes()).hexdigest(),
        'protocol': json.loads(json.dumps(asdict(protocol), default=str)),
        'segmenter': f'{segmenter.__module__}:{segmenter.__name__}',
        'clips': _fingerprint(store, protocol),
    }


def _fingerprint(store: EpisodeStore, protocol: Protocol) -> str:
    """Return a digest of the clips and of their episodes: attributes, names and sizes of the compressed arrays."""
    places = protocol.draw(store)
    digest = hashlib.sha256(repr(places).encode())
    for name in sorted({place[0] for place in places}):
        for file in sorted((store.folder / name).rglob('*')):
            if file.is_file():
                digest.update(f'{file.relative_to(store.folder)} {file.stat().st_size}\n'.encode())
        digest.update((store.folder / name / 'zarr.json').read_bytes())
    return digest.hexdigest()


def _identity_in(file: Path) -> dict | None:
    return json.loads(file.read_text('utf-8')).get('identity') if file.is_file() else None


def _read(task: str, contender: Contender, file: Path) -> Measurement:
    numbers = json.loads(file.read_text('utf-8'))
    return Measurement(task, contender.name, numbers['command'], GenerationReport.from_dict(numbers))
