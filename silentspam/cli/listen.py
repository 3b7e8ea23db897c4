"""`silentspam listen`: where calls came from, heard on the sides and openings of live and finished calls."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import add_config_option, at_least, configuration, printable, table, verb_parser

if TYPE_CHECKING:
    from silentspam.call import CallProvenance
    from silentspam.config import Config
    from silentspam.listening.service import Service

EXAMPLES = """\
  silentspam listen                      analyse what has come in (a timer can run it)
  silentspam listen --watch 2            the same, every two seconds: alerts while the call goes on

It analyses the callers' sides that `provenance.enabled: true` records, and the openings of calls that left no
side, writes what it finds beside the call log, notifies of alerts, and removes a file once its row is safe.
`silentspam calls why CALL_ID` tells it of a call. With `silentspam serve` nobody needs to run it."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "listen", "analyse where calls came from", EXAMPLES)
    parser.add_argument("--watch", type=at_least(1), metavar="SECONDS", help="go on, so often")
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when something could not be analysed, or failed."""
    from silentspam import assembly
    from silentspam.errors import SilentSpamError
    from silentspam.listening.service import Service
    from silentspam.metrics import Registry

    config = configuration(args)
    if not config.provenance.enabled:
        raise SilentSpamError("provenance.enabled is false: nothing is recorded to be listened to")
    database = assembly.database(config, keep=True)
    service = Service(
        config,
        database,
        assembly.call_log(config).write,
        registry=Registry(),
        tell=partial(_tell, config.logging.mask_numbers),
        kept=lambda path, row: assembly.retain_side(
            config, path, challenged=row["challenged_at"] is not None
        ),
    )
    if args.watch:  # what waits to be told is told before the end
        signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    try:
        code = _turn(config, service)
        while args.watch:
            sys.stdout.flush()
            time.sleep(args.watch)
            code = _turn(config, service)
    finally:
        service.close()
    return code


def _turn(config: "Config", service: "Service") -> int:
    _take_in(config)
    rows = list(service.turn())
    if rows:
        heads = ("call id", "basis", "seconds", "last codec", "networks", "line", "risk", "alerts")
        print(table(heads, map(_shown, rows)))
    return 0 if service.healthy and all(row.fault is None for row in rows) else 1


def _take_in(config: "Config") -> None:
    """Have the rows of calls that wait in files: without a server nobody may take them in for long."""
    from silentspam import assembly
    from silentspam.calllog.query import Filter
    from silentspam.errors import CallLogError

    with suppress(CallLogError):  # the turn says what is wrong with the call log
        assembly.take_in_unlogged(config)
        assembly.call_log(config).rows(Filter(limit=0))


def _shown(row: "CallProvenance") -> tuple[str, ...]:
    return (
        row.call_id,
        row.basis,
        "-" if row.seconds is None else f"{row.seconds:.1f}",
        row.last_codec or "-",
        " ".join(row.signature) or "-",
        row.line_name or "-",
        "-" if row.risk is None else f"{row.risk:.2f}",
        "; ".join(row.alerts) or row.fault or "-",
    )


def _tell(masking: bool, event: str, values: Mapping[str, object]) -> None:
    from silentspam.serve.masking import masked

    facts = masked(values) if masking else values
    said = " ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in facts.items())
    print(f"silentspam listen: {event}: {printable(said)}", file=sys.stderr, flush=True)
