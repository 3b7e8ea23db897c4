"""`silentspam db`: the call database: its schema, how full it is, and moving from SQLite to PostgreSQL."""

import argparse
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import add_config_option, configuration, printable, table, verb_parser
from silentspam.errors import CallLogError

if TYPE_CHECKING:
    from silentspam.calllog.database import SchemaVersion
    from silentspam.config import Config

EXAMPLES = """\
  silentspam db status
  silentspam db migrate                                         make or update the tables
  silentspam db copy --from-sqlite /var/lib/silentspam/calls.db  into call_log.postgres

An SQLite file is brought up to date by its first use; PostgreSQL's tables by `silentspam db migrate` alone.
Until it has run, rows wait in the spool."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "db", "the call database: status, migrate, copy from SQLite", EXAMPLES)
    add_config_option(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    status = _action(actions, "status", run_status, "the schema, the rows, and what waits in the spool")
    status.add_argument("--json", action="store_true", help="the figures as JSON")
    _action(actions, "migrate", run_migrate, "make the tables, or bring them up to date")
    copy = _action(actions, "copy", run_copy, "copy an SQLite file's rows; can be repeated, loses nothing")
    copy.add_argument("--from-sqlite", type=Path, required=True, metavar="FILE", help="the rows' source")


def _action(actions: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=summary[:1].upper() + summary[1:] + "."
    )
    add_config_option(parser, default=argparse.SUPPRESS)
    parser.set_defaults(run=run)
    return parser


def run_status(args: argparse.Namespace) -> int:
    """What the database is and holds; 1 where it cannot be used as it is."""
    from silentspam import assembly
    from silentspam.calllog.copying import counts

    config = configuration(args)
    database = assembly.database(config)
    schema, rows, fault = None, {}, ""
    try:
        schema = database.schema_version()
        rows = counts(database)
    except CallLogError as error:
        fault = str(error)
    figures = {
        "database": str(database),
        "schema": schema and schema.found,
        "schema_known": schema and schema.known,
        "rows": rows,
        "spool": _spool(config),
        "fault": fault or None,
    }
    print(json.dumps(figures, indent=2) if args.json else _told(figures, schema))
    return 1 if fault else 0


def _spool(config: "Config") -> dict[str, Any]:
    """What waits for the database, and what nobody takes in any more."""
    from silentspam.calllog.spool import Spool

    spool = Spool(Path(config.call_log.spool))
    waiting = spool.waiting()
    oldest = None
    with suppress(OSError, IndexError):
        oldest = round(time.time() - waiting[0].stat().st_mtime)
    return {"files": len(waiting), "oldest_seconds": oldest, "set_aside": len(spool.aside())}


def _told(figures: dict[str, Any], schema: "SchemaVersion | None") -> str:
    spool = figures["spool"]
    lines = [f"database: {figures['database']}"]
    if schema is not None:
        lines.append(f"schema: {schema.found or 'no tables'} of {schema.known}")
    waiting = f"spool: {spool['files']} files wait"
    if spool["oldest_seconds"] is not None:
        waiting += f", the oldest for {spool['oldest_seconds']} s"
    lines.append(f"{waiting}; {spool['set_aside']} set aside")
    if figures["rows"]:
        lines += ["", table(("TABLE", "ROWS"), [(name, str(n)) for name, n in figures["rows"].items()])]
    if figures["fault"]:
        lines += ["", figures["fault"]]
    return "\n".join(lines)


def run_migrate(args: argparse.Namespace) -> int:
    """Bring the tables up to date."""
    from silentspam import assembly

    database = assembly.database(configuration(args))
    before = database.migrate()
    if before.current:
        print(f"{database}: schema {before.known}, nothing to do")
    elif before.found is None:
        print(f"{database}: tables made, schema {before.known}")
    else:
        print(f"{database}: schema {before.found} brought to {before.known}")
    return 0


def run_copy(args: argparse.Namespace) -> int:
    """Copy an SQLite file's rows into the configured database."""
    from silentspam import assembly
    from silentspam.calllog.copying import copy, counts
    from silentspam.calllog.sqlite import SqliteDatabase

    config = configuration(args)
    if config.call_log.postgres is None and _same(args.from_sqlite, Path(config.call_log.database)):
        raise CallLogError(f"{args.from_sqlite} is the configured database itself: set call_log.postgres")
    target = assembly.database(config)
    before = counts(target)
    read, refused = dict.fromkeys(before, 0), dict.fromkeys(before, 0)
    for name, rows, bad in copy(SqliteDatabase(args.from_sqlite), target):
        read[name] += rows
        refused[name] += len(bad)
        for each in bad:
            print(
                f"silentspam db: {name} {printable(each.entry[0])}: {printable(each.error)}", file=sys.stderr
            )
    print(f"from {args.from_sqlite} into {target}:")
    after = counts(target)
    cells = [(name, read[name], after[name] - before[name], refused[name]) for name in before]
    print(table(("TABLE", "READ", "NEW", "REFUSED"), [list(map(str, row)) for row in cells]))
    return 1 if any(refused.values()) else 0


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
