"""`silentspam scan`: judge an archive of recordings with many workers, into Parquet files."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import (
    add_config_option,
    add_key_option,
    at_least,
    configuration,
    key_files,
    openings_of,
    printable,
    table,
    verb_parser,
)

if TYPE_CHECKING:
    from silentspam.archive.dispatch import Crew
    from silentspam.archive.listing import Listing
    from silentspam.archive.plan import Plan
    from silentspam.archive.scan import Tally

EXAMPLES = """\
  silentspam scan /var/lib/silentspam/recordings --out scanned
  silentspam scan calls/2026 list.csv --out scanned --features --workers 8
  silentspam scan /mnt/archive --out scanned --dask tcp://scheduler:8786
  silentspam scan /mnt/archive --out scanned --status

An ARCHIVE is a folder of .ulaw and .wav files, or a CSV or Parquet list with the column `recording`. Whatever
stops a scan, the same command goes on from there; when the archive has changed, it does what is new. The
columns, and what a Dask worker needs: docs/scan.md. It wants silentspam[scan]; --dask, silentspam[dask]."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "scan", "judge an archive of recordings with many workers", EXAMPLES)
    parser.add_argument("archives", nargs="+", type=Path, metavar="ARCHIVE", help="a folder, or a list")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the Parquet result")
    parser.add_argument(
        "--model", type=Path, metavar="DIR", help="model folder (default: the configured one)"
    )
    parser.add_argument("--features", action="store_true", help="keep the feature vectors too")
    parser.add_argument(
        "--recordings",
        type=Path,
        metavar="DIR",
        help="folder that a list's paths are below (default: its own)",
    )
    one = at_least(1)
    parser.add_argument("--workers", type=one, metavar="N", help="processes here (default: one a core)")
    parser.add_argument("--dask", metavar="ADDRESS", help="work on this Dask scheduler's cluster instead")
    parser.add_argument(
        "--ship-audio", action="store_true", help="send the audio to Dask workers that do not see the archive"
    )
    parser.add_argument(
        "--chunk", type=one, default=512, metavar="N", help="recordings in a chunk and its file (512)"
    )
    parser.add_argument("--retry-errors", action="store_true", help="try again what could not be read")
    parser.add_argument("--replace", action="store_true", help="replace the result of another model's scan")
    parser.add_argument("--status", action="store_true", help="say how far it is, and change nothing")
    add_key_option(parser)
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a recording could not be judged or a folder not be read, 2 for options that clash."""
    if args.dask and args.workers:
        return _wrong("--workers counts processes here, --dask works on a cluster: choose one")
    if args.ship_audio and not args.dask:
        return _wrong("--ship-audio is for --dask")
    from silentspam.archive.listing import list_archives
    from silentspam.archive.results import Results
    from silentspam.archive.scan import status

    plan = _plan(args)
    listing = list_archives(args.archives, below=args.recordings)
    for folder in listing.unreadable:
        print(f"silentspam scan: {printable(folder)}", file=sys.stderr)
    tally = status(listing, plan, args.out) if args.status else _scan(args, listing, plan)
    print(_summary(tally, listing, plan))
    results = Results(args.out, plan)
    kinds = results.kinds()
    print(table(("rows", "kind"), [(str(count), kind) for kind, count in sorted(kinds.items())]))
    for kind, count in sorted(results.unheard().items()):
        print(f"silentspam scan: {kind} could not be listened for in {count} rows", file=sys.stderr)
    return 1 if tally.errors or listing.unreadable else 0


def _wrong(why: str) -> int:
    print(f"silentspam scan: {why}", file=sys.stderr)
    return 2


def _plan(args: argparse.Namespace) -> "Plan":
    from silentspam import judging
    from silentspam.archive.plan import Questions, make_plan
    from silentspam.kinds.table import KINDS

    config = configuration(args)
    questions = Questions(
        seconds=config.recording.seconds,
        threshold=config.model.threshold if args.model is None else None,
        max_false_challenge_rate=config.model.max_false_challenge_rate,
        min_seconds=config.model.min_seconds,
        max_digital_silence_share=config.model.max_digital_silence_share,
        features=args.features,
        kinds={kind.name: config.rate_of(kind) for kind in KINDS if kind.listener},
    )
    openings_of(args)  # a key that cannot be read is said before any work
    folder = args.model or judging.model_folder(config)
    return make_plan(folder, questions, key_files(args), library=config.library_folder)


def _scan(args: argparse.Namespace, listing: "Listing", plan: "Plan") -> "Tally":
    from tqdm import tqdm

    from silentspam.archive.scan import ScanOptions, scan

    options = ScanOptions(chunk=args.chunk, replace=args.replace, retry_errors=args.retry_errors)
    try:
        with tqdm(total=len(listing.recordings), unit="recording", file=sys.stderr, disable=None) as bar:
            return scan(listing, plan, args.out, _crew(args, plan), options, bar.update)
    except KeyboardInterrupt:
        print("silentspam scan: stopped; the same command goes on from there", file=sys.stderr)
        raise


def _crew(args: argparse.Namespace, plan: "Plan") -> "Callable[[], AbstractContextManager[Crew]]":
    if args.dask:
        from silentspam.archive.cluster import DaskCrew

        return lambda: DaskCrew(plan, args.dask, ship_audio=args.ship_audio)
    from silentspam.archive.processes import ProcessCrew

    return lambda: ProcessCrew(plan, args.workers or len(os.sched_getaffinity(0)))


def _summary(tally: "Tally", listing: "Listing", plan: "Plan") -> str:
    speed = f" in {tally.seconds:.1f} s ({tally.added / tally.seconds:.0f} a second)" if tally.added else ""
    parts = [
        f"model {plan.model_id}: {tally.recordings} recordings, {tally.kept} were done, "
        f"{tally.added} done now{speed}, {tally.errors} with an error, {tally.left} left"
    ]
    if listing.aliases:
        parts.append(f"{listing.aliases} further names of recordings that are counted once")
    return "\n".join(parts)
