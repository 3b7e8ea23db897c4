"""One call is listened to: its audio, known lines and what is claimed become its row and its alerts.

US 9,516,497 B2: the path traversal signature and the source are told from the audio, compared with the
metadata's claims (column 12) and with lists of sources (column 14).
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from silentspam.audio import Recording
from silentspam.call import CallProvenance
from silentspam.errors import SilentSpamError
from silentspam.listening.alerts import Alert, CallAlert, alerts_of
from silentspam.listening.knowledge import Knowledge, KnownLines
from silentspam.listening.waiting import Basis, Row
from silentspam.provenance.analysis import Examination, examine
from silentspam.provenance.fingerprint import Fingerprint
from silentspam.provenance.notices import Notice, NoticeKind, notices
from silentspam.provenance.risk import Risk, assess
from silentspam.provenance.sources import Identification, Verification, identify, verify

SHORTEST_OF_ABSENCE = 5.0
"""Less of a call shows what it has, and not what it lacks [s]: its line may be a permitted one that is not
known by so little, and its codecs are told too rarely or too surely to hold a claim against them."""

_PROFILE = re.compile(r"sofia/(?P<trunk>[^/]+)/")
_TRUNK = re.compile(r"(?P<technology>[A-Za-z0-9]+)/(?P<trunk>.+)-[0-9a-f]{8}(?:;[12])?")


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A call that was listened to: its row, and whom to tell what; fingerprint: to mark its line by."""

    row: CallProvenance
    alert: CallAlert | None
    troubles: tuple[str, ...] = ()


@dataclass
class _Finding:
    """What store and claims say; troubles: what could not be asked, in words."""

    line: Identification | None = None
    listing: str | None = None
    notices: tuple[Notice, ...] = ()
    risk: Risk | None = None
    reasons: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def attempt(self, what: str, work: Callable[[], None]) -> None:
        """Do it; a store or a file that cannot be used costs no row."""
        try:
            work()
        except SilentSpamError as error:
            self.troubles.append(f"{what}: {error}")
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  its audio is good: what it is held against is not
            self.troubles.append(f"{what}: {type(error).__name__}: {error}")


def hear(
    recording: Recording, row: Row, knowledge: Knowledge, *, basis: Basis, alert_risk: float, now: float
) -> Heard:
    """Listen to a call with the row that the call log has of it."""
    examination = examine(recording)
    finding = _compare(examination, row, knowledge, long=recording.seconds >= SHORTEST_OF_ABSENCE)
    alerts = alerts_of(finding.risk, finding.notices, alert_risk=alert_risk)
    found = _row(examination, finding, alerts, row, basis, now)
    return Heard(
        row=found,
        alert=_alert(found, alerts, row) if alerts else None,
        troubles=tuple(finding.troubles),
    )


def trunk_of(channel: str) -> str:
    """The trunk that a channel is of: of Asterisk's PJSIP/carrier-0000002a, carrier; of FreeSWITCH's
    sofia/external/5550100@192.0.2.1 its SIP profile, external. "" for another name."""
    match = _TRUNK.fullmatch(channel) or _PROFILE.match(channel)
    return match["trunk"] if match else ""


def _compare(examination: Examination, row: Row, knowledge: Knowledge, *, long: bool) -> _Finding:
    finding, prints = _Finding(), examination.fingerprint
    known: list[KnownLines] = []

    def look_up() -> None:
        lines = knowledge.lines()
        if lines is None or prints is None:
            return
        known.append(lines)
        finding.line = identify([prints], lines.known)
        told = notices(finding.line, lines.stored, _text(row["dnis"]) or None)
        finding.notices = tuple(one for one in told if long or one.kind is not NoticeKind.NOT_PERMITTED)
        finding.listing = _listing(finding.line, lines, _text(row["dnis"]))

    def weigh() -> None:
        table = knowledge.claims()
        if table is None:
            return
        if not long:
            finding.reasons.append(f"claims are not weighed by less than {SHORTEST_OF_ABSENCE:g} s")
            return
        claims = table.claims(ani=_text(row["ani"]), trunk=trunk_of(_text(row["channel"])))
        line = _verified(prints, claims.line, known[0] if known else None)
        finding.risk = assess(examination.told, line, claims, table.risk)
        finding.reasons += finding.risk.reasons

    finding.attempt("lines were not compared", look_up)
    finding.attempt("claims were not weighed", weigh)
    return finding


def _verified(prints: Fingerprint | None, name: str | None, lines: KnownLines | None) -> Verification | None:
    """How the call compares with the line that is claimed, where that is known."""
    if prints is None or name is None or lines is None or name not in lines.known.names:
        return None
    return verify([prints], name, lines.known)


def _listing(found: Identification, lines: KnownLines, called: str) -> str | None:
    if found.line is None:
        return None
    stored = lines.stored.get(found.line)
    if stored is None:  # forgotten between two reads of the store
        return None
    return "fraud" if stored.fraud else str(stored.listing_for(called or None))


def _row(
    examination: Examination,
    finding: _Finding,
    alerts: tuple[Alert, ...],
    row: Row,
    basis: Basis,
    now: float,
) -> CallProvenance:
    analysis, line, prints = examination.analysis, finding.line, examination.fingerprint
    score = line.score if line and math.isfinite(line.score) else None
    return CallProvenance(
        call_id=_text(row["call_id"]),
        analysed_at=now,
        basis=basis,
        seconds=analysis.seconds,
        loss_rate=analysis.loss_rate,
        concealed_rate=analysis.concealed_rate,
        last_codec=analysis.last_codec,
        signature=analysis.signature,
        analysis=msgspec.json.encode(analysis).decode(),
        fingerprint=msgspec.json.encode(prints).decode() if prints else None,
        line_name=line.line if line else None,
        line_score=score,
        line_listing=finding.listing,
        risk=finding.risk.score if finding.risk else None,
        alerts=tuple(map(str, alerts)),
        reasons=(*finding.reasons, *finding.troubles),
    )


def _alert(found: CallProvenance, alerts: tuple[Alert, ...], row: Row) -> CallAlert:
    started = row["started_at"]
    return CallAlert(
        call_id=found.call_id,
        live=row["ended_at"] is None,
        channel=_text(row["channel"]),
        uniqueid=_text(row["uniqueid"]),
        started_at=None if started is None else float(started),
        ani=_text(row["ani"]),
        caller_id=_text(row["caller_id"]),
        called=_text(row["dnis"]),
        basis=found.basis,
        seconds=found.seconds,
        line=found.line_name,
        line_score=found.line_score,
        risk=found.risk,
        signature=found.signature,
        last_codec=found.last_codec,
        alerts=alerts,
    )


def _text(value: str | float | None) -> str:
    return "" if value is None else str(value)
