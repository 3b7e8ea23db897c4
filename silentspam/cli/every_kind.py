"""Labelled openings judged for every kind of SPAM as calls are, for `silentspam evaluate`."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.call import VerdictKind
from silentspam.cli.corpus import openings_progress
from silentspam.config import Config
from silentspam.errors import AudioError

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.kinds.listening import Listeners
    from silentspam.model import SpamModel
    from silentspam.recordings.library import KnownRecording
    from silentspam.training.assessment import Document
    from silentspam.training.dataset import Labelled
    from silentspam.training.kind_scoring import Judge
    from silentspam.verdict import Verdict


@dataclass(frozen=True)
class WholeVerdict:
    """Who judges as calls are judged; who listens for other kinds; how many recordings are known."""

    judge: "Judge"
    heard_by: "Listeners"
    known: int


@contextmanager
def whole_verdict(model: "SpamModel", config: Config, *, announcements: Path) -> Iterator[WholeVerdict]:
    """The judge of all kinds, to whom the announcements in a folder are known while it is needed."""
    from silentspam.kinds.listening import Sources, listeners

    with tempfile.TemporaryDirectory() as folder:
        known = _write_library(Path(folder), announcements)
        heard_by = listeners(Sources(recordings=Path(folder)))
        yield WholeVerdict(partial(_judge, model, heard_by, config), heard_by, known)


def all_kinds(
    model: "SpamModel", rows: "Sequence[Labelled]", config: Config, *, announcements: Path
) -> "Document":
    """What the whole verdict makes of these openings; the announcements beside the labels are known to it."""
    from silentspam.kinds.table import KINDS
    from silentspam.training.kind_figures import assess_kinds
    from silentspam.training.kind_scoring import tell

    with whole_verdict(model, config, announcements=announcements) as whole:
        told = tell(rows, whole.judge, progress=openings_progress("all kinds"))
        thresholds = {kind.name: whole.heard_by.threshold_for(kind, config.rate_of(kind)) for kind in KINDS}
    section = config.model
    thresholds[VerdictKind.CALLER_SILENCE] = (
        model.card.threshold_for(section.max_false_challenge_rate)
        if section.threshold is None
        else section.threshold
    )
    return assess_kinds(told, thresholds=thresholds, known_recordings=whole.known)


def _judge(
    model: "SpamModel", heard_by: "Listeners", config: Config, recordings: "Sequence[Recording]"
) -> "list[Verdict]":
    from silentspam.judging import judge_recordings, settled

    verdicts = judge_recordings(model, recordings, config)
    return [
        settled(verdict, recording, model, heard_by, config)
        for verdict, recording in zip(verdicts, recordings, strict=True)
    ]


def _write_library(folder: Path, announcements: Path) -> int:
    """A library of the recordings in a folder, as an operator would add them; returns how many it has.

    Whatever else lies there is left out, and named on stderr.
    """
    from silentspam.recordings.store import encode, write

    paths = sorted(announcements.iterdir()) if announcements.is_dir() else []
    known = []
    for path in paths:
        try:
            known.append(_recording(path))
        except AudioError as error:
            print(f"silentspam evaluate: {error}: it is not known", file=sys.stderr)
    write(folder, encode(known, fingerprint="silentspam evaluate", made_at=0.0))
    return len(known)


def _recording(path: Path) -> "KnownRecording":
    """An audio file as SPAM that is known. Raises AudioError for one that nothing could be known by."""
    from silentspam.audio_files import read_recording
    from silentspam.kinds.constellation import LONGEST_SECONDS, constellation
    from silentspam.kinds.standing import Standing
    from silentspam.recordings.library import KnownRecording

    sound = constellation(read_recording(path, max_seconds=LONGEST_SECONDS).samples)
    if not sound.is_telling:
        raise AudioError(f"{path}: {sound.lack}")
    return KnownRecording(
        recording_id=path.name, name=path.stem, standing=Standing.CONFIRMED, constellation=sound
    )
