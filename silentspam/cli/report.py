"""`silentspam report calls|errors|drift`: what the call log says of a period, for people and as JSON."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli import report_drift
from silentspam.cli.calls import moment
from silentspam.cli.common import add_config_option, configuration, table, verb_parser
from silentspam.errors import ConfigError

if TYPE_CHECKING:
    from silentspam.calllog.durable import DurableCallLog
    from silentspam.calllog.query import Filter
    from silentspam.config import Config
    from silentspam.reports.attacks import Attack
    from silentspam.reports.call_sections import Configured
    from silentspam.reports.grid import Section
    from silentspam.reports.origins import Origins

EXAMPLES = """\
  silentspam report calls --since 7d
  silentspam report calls --since 2026-11-01 --until 2026-12-01 --html november.html
  silentspam report errors --since 1d --json
  silentspam report drift --since 1d --html drift.html
  silentspam report drift --self-test --recordings corpus --labels corpus/labels.csv

Days and times are UTC. docs/reports.md says how to read each figure."""

SINCE = "7d"


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(
        subparsers, "report", "reports on calls, errors and drift from the call log", EXAMPLES
    )
    kinds = parser.add_subparsers(dest="report", required=True, metavar="calls|errors|drift")
    for name, run, summary in (
        ("calls", run_calls, "volumes, kinds of SPAM (Table 2), how silent calls ended (Table 3)"),
        ("errors", run_errors, "calls that were probably judged wrongly, and how often that is"),
    ):
        kind = kinds.add_parser(name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.")
        _add_options(kind)
        kind.set_defaults(run=run)
    drift = kinds.add_parser("drift", help=report_drift.SUMMARY, description=report_drift.DESCRIPTION)
    _add_options(drift)
    report_drift.add_options(drift)
    drift.set_defaults(run=run_drift)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help=f"from this time on: 30m, 2h, 7d, or ISO 8601, UTC without a zone ({SINCE})",
    )
    parser.add_argument("--until", type=moment, metavar="TIME", help="before this time (now)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with pictures, too")
    parser.add_argument("--json", action="store_true", help="every figure as JSON, instead of tables")
    add_config_option(parser)


def run_calls(args: argparse.Namespace) -> int:
    """Volumes, Table 2 and Table 3."""
    from silentspam.reports import cases as case
    from silentspam.reports import scores as score
    from silentspam.reports.attack_sections import document
    from silentspam.reports.call_sections import call_sections
    from silentspam.reports.suspects import by_kind
    from silentspam.reports.tables import by_day, table2, table3, volumes

    config, log, wanted = _period(args)
    found = case.cases(log.iterate(wanted, case.COLUMNS))
    histogram = score.score_histogram(log.iterate(wanted, score.COLUMNS))
    configured, heard = _configured(config), _lines(config, wanted)
    came_from = _origins(config, wanted)
    sections = call_sections(
        found, histogram, configured=configured, found_lines=heard, found_origins=came_from
    )
    figures = {
        "max_false_challenge_rate": config.model.max_false_challenge_rate,
        "volumes": volumes(found),
        "challenge_rate": volumes(found).challenge_rate,
        "false_challenges": volumes(found).false_challenges,
        "exploration": {"configured": configured, "realised": volumes(found).explored},
        "lines": [document(one) for one in heard],
        "origins": came_from,
        "digital_silence_among_judged_silent": volumes(found).digital_silence,
        "suspects": by_kind(found),
        "table2": table2(found),
        "table3": table3(found),
        "scores": histogram,
        "days": {
            day: {"volumes": volumes(part), "table2": table2(part), "table3": table3(part)}
            for day, part in by_day(found).items()
        },
    }
    return _give(args, wanted, "Calls", sections, figures, calls=found.total())


def _configured(config: "Config") -> "Configured":
    from silentspam.kinds.table import KINDS
    from silentspam.reports.call_sections import Configured

    return Configured(
        budget=sum(config.rates().values()),
        rates={kind.name: config.rate_of(kind) for kind in KINDS},
        share=config.collection.challenge_share,
        quiet_share=config.lines.exploration_share if config.lines.enabled else 0.0,
    )


def _lines(config: "Config", wanted: "Filter") -> "list[Attack]":
    """The lines heard in the period, with its calls."""
    from silentspam import assembly
    from silentspam.calllog.line_calls import LineCalls
    from silentspam.reports.attacks import attacks

    since, until = wanted.since or 0.0, wanted.until or time.time()
    calls = LineCalls(assembly.database(config)).of_all(since, until)
    found = attacks(assembly.lines(config).lines(), calls, now=until)
    return [one for one in found if one.activity.calls]


def _origins(config: "Config", wanted: "Filter") -> "Origins | None":
    """Where the period's calls came from; None where nobody asked."""
    from silentspam import assembly
    from silentspam.calllog.provenance import ProvenanceTable
    from silentspam.reports.origins import origins

    if not config.provenance.enabled:
        return None
    table = ProvenanceTable(assembly.database(config))
    return origins(map(dict, table.of_calls(wanted.since or 0.0, wanted.until or time.time())))


def run_errors(args: argparse.Namespace) -> int:
    """The error analysis."""
    from silentspam import assembly
    from silentspam.calllog.labels import Labels
    from silentspam.reports import labelled
    from silentspam.reports.error_sections import error_sections
    from silentspam.reports.errors import COLUMNS, SELECTED_BY, Finding, analyse

    config, log, wanted = _period(args)
    errors = analyse(log.iterate(wanted, COLUMNS))
    labels = Labels(assembly.database(config))
    against = labelled.against_labels(labels.calls(wanted, labelled.COLUMNS, labelled=True))
    figures = {
        "max_false_challenge_rate": config.model.max_false_challenge_rate,
        "suspects": errors.suspects,
        "unsuspected": errors.unsuspected,
        "false_challenge_rate": errors.false_challenge_rate,
        "false_challenge_rate_with_hang_ups": errors.false_challenge_rate_with_hang_ups,
        "passed_of_challenged_suspects": errors.passed_of_challenged,
        "missed_of_explored": errors.missed_of_explored,
        "findings": {
            finding.name.lower(): {
                "what": finding.value,
                "selected_by": SELECTED_BY[finding],
                "calls": errors.counts[finding],
                "newest": errors.listed(finding),
            }
            for finding in Finding
        },
        "against_labels": against,
    }
    sections = error_sections(errors, budget=config.model.max_false_challenge_rate)
    if against:
        sections = [sections[0], labelled.label_section(against), *sections[1:]]
    return _give(args, wanted, "Errors", sections, figures, calls=errors.suspects + errors.unsuspected)


def run_drift(args: argparse.Namespace) -> int:
    """Drift of recent calls against the training data, or the trial of the alarms on it."""
    if args.self_test:
        about, sections, figures = report_drift.self_test(args)
        return _print(args, f"Drift alarms on trial, {about}", sections, figures | {"report": "drift trial"})
    config, log, wanted = _period(args)
    sections, figures = report_drift.recent_drift(args, config, log, wanted)
    return _give(args, wanted, "Drift", sections, figures)


def _period(args: argparse.Namespace) -> tuple["Config", "DurableCallLog", "Filter"]:
    from silentspam import assembly
    from silentspam.calllog.query import Filter
    from silentspam.explain import when

    config = configuration(args)
    since = moment(SINCE) if args.since is None else args.since
    until = time.time() if args.until is None else args.until
    if since >= until:
        raise ConfigError(f"--since is {when(since)}, not before --until, {when(until)}: no period")
    assembly.take_in_unlogged(config)
    return config, assembly.call_log(config), Filter(since=since, until=until)


def _give(
    args: argparse.Namespace,
    wanted: "Filter",
    title: str,
    sections: Sequence["Section"],
    figures: dict[str, Any],
    *,
    calls: int | None = None,
) -> int:
    """A report on a period; `calls` is how many it is about, where none is worth a word."""
    from silentspam.explain import when

    period = f"{when(wanted.since)} to {when(wanted.until)}"
    head = {"report": title.lower(), "since": wanted.since, "until": wanted.until, "time_zone": "UTC"}
    if calls == 0 and not args.json:
        print("No calls in this period.\n")
    return _print(args, f"{title}, {period}", sections, head | figures)


def _print(
    args: argparse.Namespace, title: str, sections: Sequence["Section"], figures: dict[str, Any]
) -> int:
    """Print the report in the form that was asked for, and write the page."""
    from silentspam.reports.figures import plain
    from silentspam.reports.grid import as_page, as_text
    from silentspam.reports.page import write_page

    if args.json:
        print(json.dumps(plain(figures), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print(f"{title}\n\n{as_text(sections, table)}")
    if args.html:
        write_page(args.html, as_page(title, sections))
        print(f"written: {args.html}", file=sys.stderr)
    return 0
