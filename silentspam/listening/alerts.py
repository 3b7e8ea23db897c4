"""What somebody is to be told of a call, and the call as it is told."""

import enum
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from silentspam import variables
from silentspam.provenance.notices import Notice, NoticeKind
from silentspam.provenance.risk import Risk


class AlertKind(enum.StrEnum):
    """Why: its line is listed (`provenance.notices`), its metadata is contradicted, or its risk is high."""

    BLOCKED = "blocked"
    FRAUD = "fraud"
    NOT_PERMITTED = "not_permitted"
    CLAIM = "claim"
    RISK = "risk"


_OF_NOTICE = {
    NoticeKind.BLOCKED: AlertKind.BLOCKED,
    NoticeKind.FRAUD: AlertKind.FRAUD,
    NoticeKind.NOT_PERMITTED: AlertKind.NOT_PERMITTED,
}


@dataclass(frozen=True)
class Alert:
    """One: its kind, and the reason in words."""

    kind: AlertKind
    reason: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class CallAlert:
    """The alerts of one call, with what a person or a program needs to act on them.

    live: the call was going on when it was heard; channel, uniqueid: as its switch calls it. Times in seconds
    since the epoch.
    """

    call_id: str
    live: bool
    channel: str
    uniqueid: str
    started_at: float | None
    ani: str
    caller_id: str
    called: str
    basis: str
    seconds: float | None
    line: str | None
    line_score: float | None
    risk: float | None
    signature: tuple[str, ...]
    last_codec: str | None
    alerts: tuple[Alert, ...]

    def to_json(self) -> bytes:
        """One JSON object; alerts are a list of objects with kind and reason."""
        return json.dumps(asdict(self)).encode()


def told_variables(alert: CallAlert) -> dict[str, str]:
    """The channel variables that tell a dialplan of an alert."""
    return {
        variables.LINE: alert.line or "",
        variables.RISK: "" if alert.risk is None else f"{alert.risk:.2f}",
        variables.PROVENANCE_ALERT: ",".join(dict.fromkeys(str(one.kind) for one in alert.alerts)),
    }


def alerts_of(risk: Risk | None, notices: Sequence[Notice], *, alert_risk: float) -> tuple[Alert, ...]:
    """The alerts of a call: what its line is listed as, then what its metadata claims wrongly."""
    found = [Alert(_OF_NOTICE[one.kind], one.reason) for one in notices]
    if risk is None:
        return tuple(found)
    found += [Alert(AlertKind.CLAIM, reason) for reason in risk.alerts]
    if risk.score >= alert_risk and risk.labels and not risk.alerts:
        words = "; ".join(risk.reasons)
        found.append(Alert(AlertKind.RISK, f"risk {risk.score:.2f} of {alert_risk:g}: {words}"))
    return tuple(found)
