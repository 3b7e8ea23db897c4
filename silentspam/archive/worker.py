"""What a worker does: it is given a plan once, and answers chunk after chunk with rows.

The same functions serve a process of ours and a worker of Dask. A recording that cannot be read or judged is
a row with its error; an error of the plan itself, such as another version's model, ends the scan.
"""

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from silentspam.archive import ScanError
from silentspam.archive.listing import Stamp
from silentspam.errors import SilentSpamError

# One BLAS thread, set before numpy comes in: there are as many workers as cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if TYPE_CHECKING:
    from silentspam.archive.judging import Judged
    from silentspam.archive.plan import Chunk, Plan, Questions
    from silentspam.audio import Recording
    from silentspam.features import FeatureVector
    from silentspam.kinds.listening import Listeners
    from silentspam.model import SpamModel
    from silentspam.retention.openings import Openings


class Row(NamedTuple):
    """One recording of the result: either `error` says why there is no answer, or kind and seconds stand.

    spam_probability, threshold and features are None where nobody was asked (INCONCLUSIVE); reason: of a
    suspect; unheard: kinds of SPAM that could not be listened for.
    """

    stamp: Stamp
    kind: str | None = None
    spam_probability: float | None = None
    threshold: float | None = None
    seconds: float | None = None
    digital_silence_share: float | None = None
    level_dbfs: float | None = None
    peak_dbfs: float | None = None
    error: str | None = None
    features: "FeatureVector | None" = None
    kind_probabilities: tuple[tuple[str, float], ...] | None = None
    reason: str | None = None
    unheard: tuple[str, ...] | None = None


_plans: "dict[str, Plan]" = {}
_judges: "dict[str, tuple[SpamModel, Listeners]]" = {}


def prepare(scan: str, plan: "Plan") -> None:
    """Keep the plan of a scan for this process; what judges is loaded by the first chunk, or by `ready`."""
    _plans[scan] = plan


def forget(scan: str) -> None:
    """Let go of a plan, its model and its listeners."""
    _plans.pop(scan, None)
    _judges.pop(scan, None)


def ready(scan: str) -> str:
    """Load the plan's model and listeners, one set a process; returns its id. Raises ScanError or
    ModelError."""
    if scan not in _judges:
        if scan not in _plans:
            raise ScanError(f"this worker was not given the plan of scan {scan}")
        _judges[scan] = _plans[scan].load(), _plans[scan].listeners()
    return _judges[scan][0].model_id


def scan_chunk(scan: str, chunk: "Chunk") -> list[Row]:
    """The rows of a chunk, one a recording and in their order. Raises ScanError or ModelError."""
    ready(scan)
    questions = _plans[scan].questions
    found = _openings(chunk, questions.seconds, _plans[scan].key_files)
    openings = [opening for opening in found if not isinstance(opening, str)]
    judged = iter(_judge_all(_judges[scan], openings, questions))
    answers = [opening if isinstance(opening, str) else next(judged) for opening in found]
    return [_row(listed.stamp, answer) for listed, answer in zip(chunk.recordings, answers, strict=True)]


def _row(stamp: Stamp, answer: "Judged | str") -> Row:
    if isinstance(answer, str):
        return Row(stamp, error=answer)
    return Row(stamp, **vars(answer))


def _openings(chunk: "Chunk", seconds: float, keys: tuple[str, ...]) -> "list[Recording | str]":
    """Each recording's opening, or why there is none."""
    import numpy as np

    from silentspam.audio import Recording

    if chunk.audio is None:
        return [listed.fault or read_opening(listed.path, seconds, keys) for listed in chunk.recordings]
    sent = [Recording(np.frombuffer(codes, np.uint8)) for codes in chunk.audio]
    return [listed.fault or audio for listed, audio in zip(chunk.recordings, sent, strict=True)]


@lru_cache(maxsize=1)
def _reader(keys: tuple[str, ...]) -> "Openings":
    from silentspam.retention.openings import openings

    return openings([Path(name) for name in keys])


def read_opening(path: str, seconds: float, keys: tuple[str, ...] = ()) -> "Recording | str":
    """The opening of a recording, or why it cannot be read; `keys`: files of what opens sealed ones."""
    try:
        return _reader(keys).read(Path(path), max_seconds=seconds)
    except (SilentSpamError, OSError, ValueError, MemoryError) as error:
        return str(error) or type(error).__name__


def _judge_all(
    judge: "tuple[SpamModel, Listeners]", openings: "Sequence[Recording]", questions: "Questions"
) -> "list[Judged | str]":
    """All at once; one by one where that fails, so that one opening's error is its own."""
    from silentspam.archive.judging import judge_openings

    try:
        return list(judge_openings(judge[0], openings, questions, judge[1]))
    except Exception as error:  # noqa: BLE001  whatever one opening raises, the others have their answers
        if len(openings) == 1:
            return [f"{type(error).__name__}: {error}"]
    return [answer for opening in openings for answer in _judge_all(judge, [opening], questions)]
