"""The verdict on every distinct recording of a timeline, of all kinds: once, in batches, in processes."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from silentspam.audio_files import read_recording
from silentspam.config import Config
from silentspam.judging import judge_recordings, settled
from silentspam.kinds.listening import Listeners, Sources, listeners
from silentspam.model import SpamModel, load_model
from silentspam.training.parallel import in_order
from silentspam.verdict import Verdict

BATCH = 256
"""Openings measured together."""

Progress = Callable[[int], object]
"""Is told how many more recordings are judged."""


def judge_all(
    folder: Path,
    names: Iterable[str],
    recordings: Path,
    config: Config,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> Mapping[str, Verdict]:
    """The verdict of the model in `folder`, and of whoever listens for other kinds of SPAM, on each recording
    named, under the configuration's limits.

    Raises ModelError for a model that cannot be used, AudioError for a recording that cannot be read.
    """
    distinct = sorted(set(names))
    batches = [distinct[start : start + BATCH] for start in range(0, len(distinct), BATCH)]
    calls = [(folder, recordings, batch, config) for batch in batches]
    verdicts: dict[str, Verdict] = {}
    for batch, found in zip(batches, in_order(_judge, calls, workers=workers), strict=True):
        verdicts.update(zip(batch, found, strict=True))
        if progress:
            progress(len(batch))
    return verdicts


def _judge(folder: Path, recordings: Path, names: list[str], config: Config) -> list[Verdict]:
    seconds = config.recording.seconds
    openings = [read_recording(recordings / name, max_seconds=seconds) for name in names]
    model, hearers = _model(folder), _listeners(config.library_folder)
    verdicts = judge_recordings(model, openings, config)
    return [
        settled(verdict, opening, model, hearers, config)
        for verdict, opening in zip(verdicts, openings, strict=True)
    ]


@lru_cache(maxsize=1)
def _model(folder: Path) -> SpamModel:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return load_model(folder)


@lru_cache(maxsize=1)
def _listeners(library: Path) -> Listeners:
    return listeners(Sources(recordings=library))
