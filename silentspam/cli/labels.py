"""`silentspam labels`: labels from outcomes, in and out as CSV, and how they were selected."""

import argparse
import getpass
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.calllog.labels import PRECEDENCE, Answer, LabelSource
from silentspam.cli.calls import moment
from silentspam.cli.common import (
    add_config_option,
    add_key_option,
    configuration,
    openings_of,
    printable,
    table,
    verb_parser,
)
from silentspam.kinds.table import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from silentspam.calllog.labels import LabelledCall, Labels

ANY_KIND, DEAD_AIR = "all", "silence"
"""Values of `export --kind` beside the others of the table of kinds."""

EXAMPLES = """\
  silentspam labels derive                          apply the rules to the call log
  silentspam labels list --contradictions
  silentspam labels export --out labels.csv         for silentspam train --recordings recording.folder
  silentspam labels export --out DIR/labels.csv --copy-recordings DIR
  silentspam labels export --kind noise --out noise.csv
  silentspam labels import theirs.csv
  silentspam labels report

A call's label is that of the highest source: REVIEW, IMPORT, OUTCOME, CONDUCT."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(
        subparsers, "labels", "labels of calls: derive, list, export, import, report", EXAMPLES
    )
    add_config_option(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    derive = _action(actions, "derive", run_derive, "apply the rules to the outcomes of the call log")
    listing = _action(actions, "list", run_list, "show labels, newest call first")
    listing.add_argument("--label", choices=list(map(str, Answer)), help="only these")
    listing.add_argument("--source", choices=list(map(str, PRECEDENCE)), help="only those that count by it")
    listing.add_argument("--contradictions", action="store_true", help="only where sources contradict")
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="at most N; 0: all (50)")
    export = _action(actions, "export", run_export, "write a CSV for `silentspam train`")
    export.add_argument("--out", type=Path, required=True, metavar="CSV", help="the file to write")
    export.add_argument("--copy-recordings", type=Path, metavar="DIR", help="copy the recordings there")
    export.add_argument(
        "--campaign",
        type=_campaign,
        metavar="NAME",
        help="the attack that the SPAM of this period belongs to: its calls then make one known line",
    )
    export.add_argument(
        "--lowest-source",
        choices=list(map(str, PRECEDENCE)),
        default=str(PRECEDENCE[-1]),
        help="only labels of this source or a higher one (CONDUCT: all)",
    )
    export.add_argument(
        "--kind",
        choices=(*(kind.key for kind in KINDS), ANY_KIND),
        default=DEAD_AIR,
        help=f"the SPAM to write: what a model of that kind can learn from ({DEAD_AIR})",
    )
    add_key_option(export)
    report = _action(actions, "report", run_report, "how the labels were selected, and the share of SPAM")
    report.add_argument("--json", action="store_true", help="the figures as JSON")
    for action in (derive, listing, export, report):
        action.add_argument("--since", type=moment, metavar="TIME", help="only calls from this time on")
    taken_in = _action(actions, "import", run_import, "take labels in from a CSV, all of it or nothing")
    taken_in.add_argument("file", type=Path, metavar="CSV", help="columns call_id (or recording) and label")
    taken_in.add_argument("--by", default=None, metavar="NAME", help="who says so (you)")


def _action(actions: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=summary)
    add_config_option(action, default=argparse.SUPPRESS)
    action.set_defaults(run=run)
    return action


def run_derive(args: argparse.Namespace) -> int:
    """Print how many calls each rule found."""
    from silentspam.labels.deriving import COLUMNS, derive

    store = label_store(args)
    counts = derive(_calls(store, args, COLUMNS), store.derive)
    rows = [
        (
            str(count),
            "for review" if found.for_review else str(found.answer or "-"),
            _source(found),
            found.why,
        )
        for found, count in counts.most_common()
    ]
    print(table(("calls", "label", "source", "because"), rows))
    return 0


def _source(found: Any) -> str:
    return str(found.source) if found.answer else "-"


def run_list(args: argparse.Namespace) -> int:
    """Print the labels, each call with all it has."""
    rows: list[tuple[str, ...]] = []
    shown = 0
    for call in _calls(label_store(args), args, ("call_id",), labelled=True):
        if not _wanted(call, args):
            continue
        shown += 1
        if args.limit and shown > args.limit:
            break
        for place, label in enumerate(call.labels):
            mark = "counts" if not place else "contradicts" if call.contradictory else ""
            words = (label.label, label.source, label.kind or "-", label.labelled_by, mark, label.note)
            rows.append((label.call_id, *map(printable, words)))
    print(table(("call id", "label", "source", "kind", "by", "", "because"), rows))
    return 0


def _wanted(call: "LabelledCall", args: argparse.Namespace) -> bool:
    counts = call.label
    return (
        counts is not None
        and args.label in (None, counts.label)
        and args.source in (None, counts.source)
        and (call.contradictory or not args.contradictions)
    )


def _campaign(text: str) -> str:
    """An argument type: a campaign's name, which stands in CSV files."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
        raise argparse.ArgumentTypeError(f"{text!r}: a name of letters, digits, . _ - is wanted, at most 64")
    return text


def run_export(args: argparse.Namespace) -> int:
    """Exit code 1 when there was not one label to write."""
    from silentspam.labels.files import CALL_COLUMNS, export

    lowest = PRECEDENCE.index(LabelSource(args.lowest_source))
    calls = (
        call
        for call in _calls(label_store(args), args, CALL_COLUMNS, labelled=True)
        if call.label and PRECEDENCE.index(call.label.source) <= lowest
    )
    if args.copy_recordings:
        args.copy_recordings.mkdir(parents=True, exist_ok=True)
    folder = Path(configuration(args).recording.folder)
    exported = export(
        calls,
        args.out,
        recordings=folder,
        copy_to=args.copy_recordings,
        campaign=args.campaign or "",
        openings=openings_of(args),
        kind=next((kind.name for kind in KINDS if kind.key == args.kind), None),
    )
    below = args.copy_recordings or folder
    for why, count in exported.left_out.items():
        print(f"silentspam: {count} left out: {why}", file=sys.stderr)
    counts = ", ".join(f"{exported.written[answer]} {answer}" for answer in (Answer.SPAM, Answer.HAM))
    print(f"{counts} in {args.out}; recordings below {below}")
    return 0 if exported.written else 1


def run_import(args: argparse.Namespace) -> int:
    """Take a file in; it says how many contradict what another source says."""
    from silentspam.calllog.query import Filter
    from silentspam.labels.files import checked, read_lines
    from silentspam.labels.rules import FACT_COLUMNS

    store = label_store(args)

    def row_of(call_id: str) -> Any:
        return next((call.row for call in store.calls(Filter(call_id=call_id), FACT_COLUMNS)), None)

    by = args.by or getpass.getuser()
    labels = checked(read_lines(args.file), args.file, row_of, by=by, now=time.time())
    store.write(labels)
    ids = {label.call_id for label in labels}
    contradicting = sum(
        call.contradictory
        for call in store.calls(Filter(), ("call_id",), labelled=True)
        if call.row["call_id"] in ids
    )
    print(f"{len(labels)} labels taken in; {contradicting} contradict another source (labels list)")
    return 0


def run_report(args: argparse.Namespace) -> int:
    """Print how the labels came about, and the weighted share of SPAM."""
    from silentspam.cli.label_report import as_json, as_text
    from silentspam.labels.selection import COLUMNS, select

    selection = select(_calls(label_store(args), args, COLUMNS))
    print(as_json(selection) if args.json else as_text(selection))
    return 0


def label_store(args: argparse.Namespace) -> "Labels":
    """The labels of the configured call database; rows that waited elsewhere are taken in first."""
    from silentspam import assembly
    from silentspam.calllog.labels import Labels
    from silentspam.calllog.query import Filter

    config = configuration(args)
    assembly.take_in_unlogged(config)
    assembly.call_log(config).rows(Filter(limit=0))
    return Labels(assembly.database(config))


def _calls(
    store: "Labels", args: argparse.Namespace, columns: tuple[str, ...], *, labelled: bool = False
) -> "Iterator[LabelledCall]":
    from silentspam.calllog.query import Filter

    return store.calls(Filter(since=args.since), columns, labelled=labelled)
