"""What the verbs on labelled recordings share: their options, the corpus's own description, progress."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.errors import SilentSpamError

if TYPE_CHECKING:
    from silentspam.training.dataset import Labelled, Progress


def add_corpus_options(parser: argparse.ArgumentParser) -> None:
    """`--recordings DIR --labels CSV`."""
    parser.add_argument(
        "--recordings", type=Path, required=True, metavar="DIR", help="folder of the raw mu-law recordings"
    )
    parser.add_argument(
        "--labels",
        type=Path,
        required=True,
        metavar="CSV",
        help="columns recording,label; maybe kind, campaign, source, codec, split, loss",
    )


def corpus_beside(labels: Path) -> dict[str, Any]:
    """What `silentspam simulate` wrote of how it made these openings, or nothing. Raises SilentSpamError."""
    path = labels.with_name("corpus.json")
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
    except ValueError as error:
        raise SilentSpamError(f"{path}: {error}") from error


def openings_progress(what: str) -> "Progress":
    """A progress bar on standard error, where that is a terminal."""

    def progress(rows: Iterable["Labelled"], total: int) -> Iterator["Labelled"]:
        from tqdm import tqdm

        yield from tqdm(rows, total=total, unit="opening", desc=what, file=sys.stderr, disable=None)

    return progress
