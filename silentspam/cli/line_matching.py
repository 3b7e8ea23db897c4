"""`silentspam lines enrol`, `identify`, `verify` and `forwarded`: recordings and the lines that are known."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import openings_of, path_text, printable, table
from silentspam.errors import AudioError, LineStoreError

if TYPE_CHECKING:
    from silentspam.provenance.fingerprint import Fingerprint
    from silentspam.provenance.line_store import LineStore
    from silentspam.provenance.sources import Known

SHOWN = 3
"""Lines of a ranking in a table; JSON has all."""


def add_actions(actions: Any, action: Any) -> None:
    """Add these actions; `action` makes a parser with the options that all have."""
    enrol = action(
        actions,
        "enrol",
        "make calls known as those of a line, new or not (exit code 1: not all; the good ones are)",
        run_enrol,
    )
    enrol.add_argument("--name", required=True, metavar="NAME", help="of the line, in your words")
    enrol.add_argument("--note", default="", metavar="TEXT", help="what it is, for `lines list`")
    enrol.add_argument(
        "--call", default="", metavar="ID", help="the call that was recorded, if it was logged"
    )
    enrol.add_argument("--force", action="store_true", help="even calls that the line's sound contradicts")
    identify = action(
        actions, "identify", "say which line calls came from, if any that is known", run_identify
    )
    identify.add_argument(
        "--called", metavar="NUMBER", help="the number that was called (or calls), whose lists hold too"
    )
    verify = action(actions, "verify", "say whether calls came from a line (exit code 1: no)", run_verify)
    forwarded = action(
        actions,
        "forwarded",
        "say whether calls that you placed were answered on another line (exit code 1: unless unlikely)",
        run_forwarded,
    )
    for parser in (verify, forwarded):
        parser.add_argument("--name", required=True, metavar="NAME", help="the line that it should be")
    forwarded.add_argument(
        "--prior", type=_share, default=0.5, metavar="P", help="share of your calls that are forwarded (0.5)"
    )
    for parser in (identify, verify, forwarded):
        parser.add_argument("--format", choices=("table", "jsonl"), default="table", help="how to print")
    for parser in (enrol, identify, verify, forwarded):
        parser.add_argument(
            "files",
            nargs="+",
            type=Path,
            metavar="FILE",
            help="one side of a call, or a folder; exit code 1 where one cannot be used, after the others",
        )


def run_enrol(args: argparse.Namespace) -> int:
    """Exit code 1 when a recording could not be used, or is not the line's by its sound; the others are
    enrolled all the same."""
    from silentspam.cli.lines import standing, store_of

    store = store_of(args)
    found = [one for path, one in _prints(args) if _belongs(args, store, path, one)]
    if found:
        print(standing(store.enrol(args.name, found, call_id=args.call, note=args.note)))
    return _exit_code(args, len(found))


def _belongs(args: argparse.Namespace, store: "LineStore", path: Path, one: "Fingerprint") -> bool:
    """Whether to enrol a call; what speaks against it is said."""
    from silentspam.provenance.belonging import known_line, refuse_contradicted

    with suppress(LineStoreError):  # lines of an older version are enrolled again one after the other
        if (other := known_line(store, one)) not in (None, args.name):
            _complain(f"{path}: it sounds like line {other}, which is known already")
    try:
        refuse_contradicted(store, args.name, one)
    except LineStoreError as error:
        _complain(f"{path}: {error}{' (--force: enrolled)' if args.force else ''}")
        return bool(args.force)
    return True


def _complain(text: str) -> None:
    print(f"silentspam lines: {printable(text)}", file=sys.stderr)


def run_identify(args: argparse.Namespace) -> int:
    """Exit code 1 when a recording could not be used; an unknown source is an answer."""
    import msgspec

    from silentspam.cli.lines import numbers, store_of
    from silentspam.provenance.notices import notices
    from silentspam.provenance.sources import identify

    known, rows, count = _known(args), [], 0
    lines = {line.name: line for line in store_of(args).lines()}
    called = numbers([args.called])[0] if args.called is not None else None
    for path, one in _prints(args):
        found, count = identify([one], known), count + 1
        told_of = notices(found, lines, called)
        ranking = [{"line": name, "score": _rounded(score)} for name, score in found.ranking]
        if args.format == "jsonl":
            told = {
                "line": found.line,
                "score": _rounded(found.score),
                "threshold": _rounded(found.threshold),
            }
            said = msgspec.to_builtins(told_of)
            _print_json({"path": path_text(path), **told, "ranking": ranking, "notices": said})
            continue
        near = ", ".join(f"{name} {score:.1f}" for name, score in found.ranking[:SHOWN])
        notes = "; ".join(f"{one.kind}: {one.reason}" for one in told_of) or "-"
        cells = (found.line or "unknown", f"{found.score:.1f}", f"{found.threshold:.1f}", near, notes)
        rows.append((printable(path), *cells))
    if rows:
        print(table(("recording", "line", "score", "threshold", "likeliest", "notices"), rows))
    return _exit_code(args, count)


def run_verify(args: argparse.Namespace) -> int:
    """Exit code 1 unless every recording could be used and came from the line."""
    from silentspam.provenance.sources import verify

    known, rows, accepted, count = _known(args, args.name), [], True, 0
    for path, one in _prints(args):
        found, count = verify([one], args.name, known), count + 1
        accepted &= found.accepted
        if args.format == "jsonl":
            told = {"score": _rounded(found.score), "threshold": _rounded(found.threshold)}
            _print_json({"path": path_text(path), "name": args.name, "accepted": found.accepted, **told})
            continue
        word = "accepted" if found.accepted else "not accepted"
        rows.append((printable(path), args.name, word, f"{found.score:.1f}", f"{found.threshold:.1f}"))
    if rows:
        print(table(("recording", "line", "it is", "score", "threshold"), rows))
    return max(_exit_code(args, count), 0 if accepted else 1)


def run_forwarded(args: argparse.Namespace) -> int:
    """Exit code 1 unless every recording could be used and the enrolled line is likely to have answered."""
    import msgspec

    from silentspam.provenance.expected import Answer, forwarded
    from silentspam.provenance.sources import verify

    known, expected, count = _known(args, args.name), True, 0
    for path, one in _prints(args):
        found, count = forwarded(verify([one], args.name, known), args.name, prior=args.prior), count + 1
        expected &= found.answer is Answer.EXPECTED
        if args.format == "jsonl":
            _print_json({"path": path_text(path), "name": args.name, **msgspec.to_builtins(found)})
        else:
            print(f"{printable(path)}: {found.answer}: {printable(found.reason)}")
    return max(_exit_code(args, count), 0 if expected else 1)


def print_of_file(args: argparse.Namespace, path: Path) -> "Fingerprint":
    """The fingerprint of one recording. Raises AudioError where there is none."""
    from silentspam.provenance.features import SHORTEST_SECONDS
    from silentspam.provenance.fingerprint import fingerprint_of

    recording = openings_of(args).read(path)
    found = fingerprint_of(recording)
    if found is None:
        raise AudioError(
            f"{path}: nothing of {recording.seconds:.2f} s tells a line: at least {SHORTEST_SECONDS:g} s of "
            "other sound than tones and digital silence do"
        )
    return found


def _prints(args: argparse.Namespace) -> Iterator[tuple[Path, "Fingerprint"]]:
    """The fingerprints of the recordings; what cannot be used is said, and counted as missing."""
    for path in _paths(args):
        try:
            yield path, print_of_file(args, path)
        except AudioError as error:
            _complain(str(error))


def _paths(args: argparse.Namespace) -> list[Path]:
    from silentspam.audio_files import find_recordings

    paths = list(find_recordings(args.files))
    if not paths:
        raise AudioError(f"no recordings (.ulaw, .wav) in {', '.join(map(str, args.files))}")
    return paths


def _exit_code(args: argparse.Namespace, used: int) -> int:
    return 0 if used == len(_paths(args)) else 1


def _known(args: argparse.Namespace, name: str | None = None) -> "Known":
    """The lines of the store; that of `name` must be there."""
    from silentspam.cli.lines import store_of
    from silentspam.provenance.line_space import shipped_space

    store = store_of(args)
    if name is not None:
        store.line(name)
    return store.known(shipped_space())


def _rounded(score: float) -> float | None:
    """A score for JSON, which knows no infinity: None where there is no line to compare with."""
    return round(score, 3) if abs(score) < float("inf") else None


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1")
    return share


def _print_json(told: dict[str, Any]) -> None:
    import json

    print(json.dumps(told, ensure_ascii=False), flush=True)
