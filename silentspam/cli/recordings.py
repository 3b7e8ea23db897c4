"""`silentspam recordings`: which recordings are known, which were found, and what is thought of each."""

import argparse
import json
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import add_config_option, configuration, table, verb_parser
from silentspam.cli.recording_files import print_matches
from silentspam.kinds.standing import Standing

if TYPE_CHECKING:
    from silentspam.calllog.recording_rows import RecordingCall, RecordingEvent, StoredRecording
    from silentspam.calllog.recordings import RecordingTables
    from silentspam.cli.recording_pieces import Cut
    from silentspam.config import Config
    from silentspam.recordings.library import IndexedLibrary

EXAMPLES = """\
  silentspam recordings
  silentspam recordings add warranty.wav --note "extended warranty, June"
  silentspam recordings add hold-music.wav --permit --note "the clinic's callers are put on hold"
  silentspam recordings match opening.ulaw calls/*.wav
  silentspam recordings list --standing candidate
  silentspam recordings calls 3f9a2c
  silentspam recordings confirm 3f9a2c --note "listened to two of its calls"
  silentspam recordings permit 3f9a2c
  silentspam recordings remove 3f9a2c
  silentspam recordings remove hold-music
  silentspam recordings publish

A recording is named by its id, the start of it, or its name. Of its sound only the peaks of the first eight
seconds are kept; with --permit those of all of it, in pieces of eight seconds that overlap by two: the file's
name stands for all of them. Audio is 8 kHz mono: raw mu-law, WAV, or whatever libsndfile reads."""

DEEDS = {
    "confirm": (Standing.CONFIRMED, "calls that play it are SPAM"),
    "permit": (Standing.PERMITTED, "calls that play it are let be: hold music, a company's announcement"),
    "remove": (Standing.REMOVED, "forget what was found or added; the same audio is not found again"),
}


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "recordings", "recordings that callers play", EXAMPLES)
    add_config_option(parser)
    parser.set_defaults(run=run_list, format="table", standing=None)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    shown = _action(actions, "list", "what is known and what was found", run_list)
    shown.add_argument("--standing", choices=[one.lower() for one in Standing], help="only these")
    added = _action(actions, "add", "know the recordings of audio files again", run_add)
    added.add_argument("files", nargs="+", type=Path, metavar="FILE")
    added.add_argument("--name", help="what to call it (the file's name)")
    added.add_argument("--permit", action="store_true", help="it is honest callers who play it")
    matched = _action(actions, "match", "which known recording audio files play", run_match)
    matched.add_argument("files", nargs="+", type=Path, metavar="FILE")
    calls = _action(actions, "calls", "the calls that play a recording, and what was done to it", run_calls)
    calls.add_argument("ids", nargs=1, metavar="ID")
    for name, (_, summary) in DEEDS.items():
        deed = _action(actions, name, summary, run_deed)
        deed.add_argument("ids", nargs="+", metavar="ID")
    for action in (added, *(actions.choices[name] for name in DEEDS)):
        action.add_argument("--note", default="", help="why, for whoever looks later")
    for action in (shown, matched):
        action.add_argument(
            "--format", choices=("table", "json"), default="table", help="how to print (table)"
        )
    _action(actions, "publish", "bring this server's file up to date with the call database", run_publish)


def _action(
    actions: Any, name: str, summary: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}."
    )
    add_config_option(parser, default=argparse.SUPPRESS)
    parser.set_defaults(run=run)
    return parser


def run_list(args: argparse.Namespace) -> int:
    """Every recording, the newest first."""
    tables = _tables(configuration(args))
    for recording_id, standing in tables.strange():
        told = f"{recording_id[:8]} is left out: its standing {standing!r} is unknown to this version"
        print(f"silentspam recordings: {told}", file=sys.stderr)
    recordings = [
        one for one in tables.listed() if args.standing is None or one.standing.lower() == args.standing
    ]
    if args.format == "json":
        print(json.dumps([asdict(one) for one in recordings], indent=1, ensure_ascii=False))
        return 0
    heads = ("id", "name", "standing", "calls", "numbers", "failed", "people", "since", "by", "note")
    print(table(heads, map(_cells, recordings)) if recordings else "no recording is known")
    return 0


def _cells(one: "StoredRecording") -> tuple[str, ...]:
    from silentspam.explain import when

    tally = (one.tally.calls, one.tally.numbers, one.tally.failed, one.tally.people)
    ends = (when(one.changed_at), one.changed_by, one.note)
    return (one.recording_id[:8], one.name, one.standing.lower(), *map(str, tally), *ends)


def run_add(args: argparse.Namespace) -> int:
    """All of the files or, where one cannot be known again, none."""
    from silentspam.cli.recording_pieces import cuts_of, unknown

    config = configuration(args)
    tables = _tables(config)
    deed = Standing.PERMITTED if args.permit else Standing.CONFIRMED
    cuts, failed = cuts_of(args.files, whole=args.permit)
    if failed:
        return 1
    library = _library(tables)
    wanted = [unknown(cut, library, deed) for cut in cuts]
    if known := [one for one in wanted if isinstance(one, str)]:
        print(f"silentspam recordings add: {known[0]}", file=sys.stderr)
        return 1
    for cut in wanted:
        if not isinstance(cut, str):
            _add(tables, cut, name=_plain(args.name or cut.path.stem), deed=deed, note=args.note)
    return _publish(config, tables)


def _add(tables: "RecordingTables", cut: "Cut", *, name: str, deed: Standing, note: str) -> None:
    from silentspam.cli.recording_permits import tell_sharing

    events = []
    for piece in cut.pieces:
        events.append(_event(str(uuid.uuid4()), deed, note))
        tables.add(cut.name(piece, name), piece.sound, events[-1])
    print(f"{events[0].recording_id[:8]} {cut.path}: {cut.covered}, {deed.lower()}")
    for remark in cut.remarks:
        print(f"  {remark}")
    tell_sharing(tables, events)


def run_match(args: argparse.Namespace) -> int:
    """Exit code 1 where a file cannot be read."""
    library = _library(_tables(configuration(args)))
    return print_matches(library, args.files, as_json=args.format == "json")


def run_calls(args: argparse.Namespace) -> int:
    """The calls of one recording, or of all pieces of a file, then their history."""
    from silentspam.explain import when

    tables = _tables(configuration(args))
    ids = _named(tables, args.ids)
    rows = [
        (one.recording_id[:8], one.call_id, when(one.matched_at), *_figures(one))
        for recording_id in ids
        for one in tables.calls(recording_id)
    ]
    heads = ("recording", "call", "when", "from [s]", "evidence")
    print(table(heads, rows) if rows else "no call was found to play it")
    deeds = [
        (one.recording_id[:8], when(one.changed_at), one.deed.lower(), one.changed_by, one.note)
        for recording_id in ids
        for one in tables.events(recording_id)
    ]
    print(f"\n{table(('recording', 'when', 'deed', 'by', 'note'), deeds)}")
    return 0


def _figures(call: "RecordingCall") -> tuple[str, str]:
    return f"{call.begin_seconds:.2f}", f"{call.evidence:.1f}"


def run_deed(args: argparse.Namespace) -> int:
    """All of the recordings named or, where one is not known, none."""
    from silentspam.cli.recording_permits import tell_sharing

    config, (standing, _) = configuration(args), DEEDS[args.action]
    tables = _tables(config)
    for recording_id in _named(tables, args.ids):
        event = _event(recording_id, standing, args.note)
        tables.change(event)
        print(f"{recording_id[:8]} is {standing.lower()}")
        tell_sharing(tables, [event])
    return _publish(config, tables)


def run_publish(args: argparse.Namespace) -> int:
    """For a further server of the call database. Exit code 1 where a recording is left out."""
    from silentspam import librarian

    config = configuration(args)
    tables = _tables(config)
    written = librarian.Publisher(config.library_folder, tables).publish()
    print(f"{config.library_folder}: {'brought up to date' if written else 'is up to date'}")
    broken = tables.unreadable()
    for one in broken:
        told = f"{one.recording_id[:8]} {one.name!r} is left out: its peaks cannot be read"
        again = f"`silentspam recordings remove {one.recording_id[:8]}`, and add its file again"
        print(f"silentspam recordings publish: {told}: {again}", file=sys.stderr)
    return 1 if broken else 0


def _publish(config: "Config", tables: "RecordingTables") -> int:
    from silentspam import librarian
    from silentspam.errors import LibraryError

    try:
        librarian.Publisher(config.library_folder, tables).publish()
    except LibraryError as error:
        print(f"silentspam recordings: kept, but not in force on this machine: {error}", file=sys.stderr)
        return 1
    return 0


def _tables(config: "Config") -> "RecordingTables":
    from silentspam import assembly
    from silentspam.calllog.recordings import RecordingTables

    database = assembly.database(config)
    with database.transaction(write=True):
        pass  # the first command may come before the first call: the tables are made here
    return RecordingTables(database)


def _library(tables: "RecordingTables") -> "IndexedLibrary":
    from silentspam.recordings.library import library_of

    return library_of(tables.known()[1])


def _named(tables: "RecordingTables", given: Sequence[str]) -> list[str]:
    """The ids that these are, or start, or the names of; a file's name stands for all of its pieces.

    Raises LibraryError for none, and for several that have no name in common.
    """
    from silentspam.cli.recording_pieces import named_by
    from silentspam.errors import LibraryError

    recordings = tables.listed()
    named = []
    for start in given:
        if not start:
            raise LibraryError("recording '': an id, or the start of one, or a name is needed")
        found = [one.recording_id for one in recordings if one.recording_id.startswith(start)]
        called = [one.recording_id for one in recordings if start in (one.name, named_by(one.name))]
        if len(found) != 1 and not (called and not found):
            told = f"{len(found)} recordings have an id that starts so, {len(called)} are called so"
            raise LibraryError(f"recording {start!r}: {told}")
        named += found or called
    return named


def _event(recording_id: str, deed: Standing, note: str) -> "RecordingEvent":
    from silentspam.calllog.recording_rows import RecordingEvent
    from silentspam.registry.registry import current_user

    return RecordingEvent(
        recording_id=recording_id,
        deed=deed,
        changed_at=time.time(),
        changed_by=current_user(),
        note=_plain(note),
    )


def _plain(text: str) -> str:
    """A text on one line, no longer than a table can show."""
    return "".join(character for character in text if character.isprintable())[:200]
