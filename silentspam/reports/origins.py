"""Where the calls of a period came from: networks, last coders, losses, lines, risks and alerts, counted."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from silentspam.calllog.entry import Value
from silentspam.reports.grid import Cell, Grid, Section

LISTED = 20
"""Lines that a report lists, those with the most calls; all are counted."""

RISKS = (0.25, 0.5, 0.75)
"""Bounds between which risks are counted."""


@dataclass
class OnLine:
    """The calls of one known line."""

    calls: int = 0
    alerts: int = 0
    listing: str = "none"


@dataclass
class Origins:
    """Counts of calls. by_basis: by the audio that was heard; faults: that could not be heard; signatures: by
    the networks told with half or more; alerts: by kind, a call counts once for each; risks: of those with a
    risk, by the upper bounds RISKS; lossy: lost or concealed for a hundredth of the time or more."""

    by_basis: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    signatures: Counter[str] = field(default_factory=Counter)
    last_codecs: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    alerted: int = 0
    risks: Counter[str] = field(default_factory=Counter)
    lossy: int = 0
    lines: dict[str, OnLine] = field(default_factory=dict)

    @property
    def heard(self) -> int:
        """Calls that were analysed."""
        return self.by_basis.total()


def origins(rows: Iterable[Mapping[str, Value]]) -> Origins:
    """Count rows of provenance."""
    found = Origins()
    for row in rows:
        if row["fault"] is not None:
            found.faults += 1
        else:
            _count(found, row)
    return found


def _count(found: Origins, row: Mapping[str, Value]) -> None:
    found.by_basis[str(row["basis"])] += 1
    found.signatures[" + ".join(json.loads(str(row["signature"] or "[]"))) or "not told"] += 1
    found.last_codecs[str(row["last_codec"] or "not told")] += 1
    kinds = {str(alert).partition(":")[0] for alert in json.loads(str(row["alerts"] or "[]"))}
    found.alerts.update(kinds)
    found.alerted += bool(kinds)
    found.lossy += float(row["loss_rate"] or 0) + float(row["concealed_rate"] or 0) >= 0.01
    if row["risk"] is not None:
        found.risks[_band(float(row["risk"]))] += 1
    if row["line_name"] is not None:
        line = found.lines.setdefault(str(row["line_name"]), OnLine())
        line.calls += 1
        line.alerts += bool(kinds)
        line.listing = str(row["line_listing"] or "none")


def _band(risk: float) -> str:
    bound = next((bound for bound in RISKS if risk < bound), None)
    return f"below {bound:g}" if bound is not None else f"{RISKS[-1]:g} or more"


def origins_section(found: Origins) -> Section:
    """The section of `report calls`; empty of tables where nothing was analysed."""
    if not found.heard and not found.faults:
        return Section(heading="Where calls came from", notes=("Nothing was analysed (provenance.enabled).",))
    notes = (
        f"{found.heard} calls were analysed: {_listed(found.by_basis)}; {found.faults} could not be. "
        f"{found.lossy} of them lost packets, concealed or not, in a hundredth of the time or more. "
        f"{found.alerted} raised an alert.",
    )
    return Section(
        heading="Where calls came from",
        notes=notes,
        grids=(
            _grid("Networks", "networks", found.signatures),
            _grid("The last coder before us", "codec", found.last_codecs),
            _grid("Alerts", "kind", found.alerts),
            _grid("Risk that metadata is not true", "risk", found.risks),
            _lines(found),
        ),
    )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} by the {name}" for name, count in counts.most_common()) or "none"


def _grid(caption: str, head: str, counts: Counter[str]) -> Grid:
    rows = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return Grid(caption=caption, heads=(head, "calls"), rows=tuple(rows))


def _lines(found: Origins) -> Grid:
    most = sorted(found.lines.items(), key=lambda one: (-one[1].calls, one[0]))[:LISTED]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, line.calls, line.alerts, line.listing) for name, line in most
    )
    caption = f"Known lines, {len(found.lines)} in all"
    return Grid(caption=caption, heads=("line", "calls", "with alerts", "listed as"), rows=rows)
