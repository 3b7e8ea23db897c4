"""`silentspam retain`: delete recordings that are old enough, and seal what is still in plain."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import add_config_option, at_least, configuration, printable, table, verb_parser
from silentspam.config import Config

if TYPE_CHECKING:
    from silentspam.retention.sweep import Sweep, Tally

EXAMPLES = """\
  silentspam retain --dry-run
  silentspam retain                      what the timer silentspam-retain runs every night
  silentspam retain --by-policy          also what retention.recordings would not keep today
  silentspam retain --new-key calls      calls.pub for retention.encrypt_to, calls.key for those who listen

It looks at recording.folder and collection.legs, and touches only files that a call id names and that have
rested for ten minutes. retention.recording_days says what is old; openings of the last two days that nobody
settled when their calls were over go by retention.recordings; docs/privacy.md has the whole of it."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "retain", "delete old recordings, seal what is in plain", EXAMPLES)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument(
        "--by-policy",
        action="store_true",
        help="delete openings that retention.recordings would not keep, however young",
    )
    parser.add_argument(
        "--at-most", type=at_least(1), metavar="N", help="delete or seal N files of a folder, then stop"
    )
    parser.add_argument("--new-key", type=Path, metavar="PREFIX", help="make a key pair, and do nothing else")
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a file had to be left as it is, or the key to seal to cannot be read."""
    if args.new_key:
        return _make_keys(args.new_key)
    from silentspam.retention import RetentionError

    config = configuration(args)
    code = 0
    try:
        sweep = _sweep(config, args, with_key=True)
    except RetentionError as error:
        # Whatever is wrong with the key, what is old enough is deleted.
        print(f"silentspam retain: nothing is sealed: {error}", file=sys.stderr)
        sweep, code = _sweep(config, args, with_key=False), 1
    rows = []
    for what, folder, turn in _turns(config, sweep):
        if folder.is_dir():
            tally = turn.run(folder)
            rows.append((what, *_figures(tally)))
            code |= _say_failures(what, tally)
    print(table(("would be" if args.dry_run else "", *HEADS), rows))
    return code


HEADS = ("looked at", "deleted", "MB", "sealed", "swept", "at rest too short", "not ours")


def _figures(tally: "Tally") -> tuple[str, ...]:
    megabytes = f"{tally.deleted_bytes / 1e6:.1f}"
    counts = (tally.sealed, tally.swept, tally.resting, tally.foreign)
    return (str(tally.seen), str(tally.deleted), megabytes, *map(str, counts))


def _say_failures(what: str, tally: "Tally") -> int:
    for why in tally.why:
        print(f"silentspam retain: {printable(why)}", file=sys.stderr)
    if tally.failed > len(tally.why):
        print(f"silentspam retain: {what}: {tally.failed} files in all", file=sys.stderr)
    if tally.broken_off:
        print(f"silentspam retain: {what}: more is to be done than --at-most allows", file=sys.stderr)
    return 1 if tally.failed else 0


def _turns(config: Config, sweep: "Sweep") -> "tuple[tuple[str, Path, Sweep], ...]":
    """What is swept, and how: rows tell of openings alone, and a side waits to be measured."""
    from silentspam.listening.offering import OPENINGS
    from silentspam.training.legs import MEASURED

    legs = Path(config.collection.legs)
    sides = replace(sweep, mark=lambda _call_ids, _at: None, settle=False)
    return (
        ("openings", Path(config.recording.folder), sweep),
        ("callers' sides", legs, replace(sides, key=None, by_policy=False)),
        ("sides that are kept", legs / MEASURED, sides),
        (
            "openings to be analysed",
            Path(config.provenance.folder) / OPENINGS,
            replace(sides, key=None, by_policy=False),
        ),
    )


def _sweep(config: Config, args: argparse.Namespace, *, with_key: bool) -> "Sweep":
    from silentspam import assembly
    from silentspam.calllog.query import Filter
    from silentspam.calllog.recordings import RecordingTables
    from silentspam.librarian import forget_openings
    from silentspam.retention.keys import read_public_key, sodium
    from silentspam.retention.rows import RecordedCalls
    from silentspam.retention.sweep import Sweep

    rules = assembly.retention_rules(config)
    key = None
    if rules.encrypt_to is not None and with_key:
        sodium()
        key = read_public_key(rules.encrypt_to)
    if not args.dry_run:
        assembly.take_in_unlogged(config)
        if assembly.database(config).schema_version().found is not None:
            assembly.call_log(config).rows(Filter(limit=0))
            forget_openings(config, RecordingTables(assembly.database(config)))
    calls = RecordedCalls(assembly.database(config))
    return Sweep(
        rules=rules,
        rows_of=calls.known,
        mark=calls.mark,
        key=key,
        settle=True,
        by_policy=args.by_policy,
        dry_run=args.dry_run,
        at_most=args.at_most,
    )


def _make_keys(prefix: Path) -> int:
    from silentspam.retention.keys import write_key_pair

    public, private = write_key_pair(prefix)
    print(f"written: {public}: name it in retention.encrypt_to\nwritten: {private}")
    print(
        f"Move {private} to where recordings are listened to, and keep a copy safe: without it nothing that "
        "is sealed can be opened, and with it anybody can. It has no place on a machine that takes calls.",
        file=sys.stderr,
    )
    return 0
