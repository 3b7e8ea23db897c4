"""A call log of some hundred synthetic calls whose counts are known by hand: see `PLAN`."""

from dataclasses import dataclass
from pathlib import Path

from silentspam.call import (
    Call,
    CallEnd,
    CallRecord,
    CallSpeech,
    ChallengeCause,
    ChallengeResult,
    Disposition,
    EndedBy,
    VerdictKind,
)
from silentspam.calllog.calls import CallTable
from silentspam.calllog.durable import DurableCallLog
from silentspam.calllog.entry import ended, heard, screened
from silentspam.calllog.spool import Spool
from silentspam.calllog.sqlite import SqliteDatabase

DAY_ONE = 1_795_046_400.0
"""2026-11-19 00:00 UTC; the calls of a group lie on this day and the next, one after another."""

DAY = 86_400.0

SILENT, HAM = VerdictKind.CALLER_SILENCE, VerdictKind.HAM
PASSED, FAILED, ABANDONED = ChallengeResult.PASSED, ChallengeResult.FAILED, ChallengeResult.ABANDONED
CALLER, AGENT, APP = EndedBy.CALLER, EndedBy.AGENT, EndedBy.APP
BRIDGED = Disposition.BRIDGED
DIGITAL = ("digital silence: all of 2.00 s",)
SHORT = ("too little audio: 0.50 s, at least 1.00 s are needed",)


@dataclass(frozen=True, kw_only=True)
class Group:
    """`first` calls alike on day one and `second` on day two; `talked`: seconds with an agent."""

    first: int
    second: int = 0
    mode: str = "enforce"
    verdict: VerdictKind | None = HAM
    probability: float | None = 0.1
    cause: ChallengeCause | None = None
    result: ChallengeResult | None = None
    disposition: Disposition | None = BRIDGED
    by: EndedBy | None = CALLER
    talked: float | None = 60.0
    speech: float | None = None
    reasons: tuple[str, ...] = ()
    silence: float | None = 0.0
    failure: str | None = None
    name: str = "Anna"


SUSPECT = {"verdict": SILENT, "probability": 0.95, "cause": ChallengeCause.SUSPICION, "talked": None}

PLAN = (
    Group(first=100, second=100),
    # Suspects, challenged.
    Group(
        first=20, second=10, result=FAILED, disposition=Disposition.REJECTED_CALLER_SILENCE, by=APP, **SUSPECT
    ),
    Group(first=2, second=1, result=PASSED, by=AGENT, **(SUSPECT | {"talked": 90.0})),
    Group(
        first=4, result=ABANDONED, disposition=Disposition.IVR_ABANDON, name="<script>x()</script>", **SUSPECT
    ),
    Group(first=0, second=1, result=PASSED, disposition=Disposition.BRIDGE_TIMEOUT, by=APP, **SUSPECT),
    Group(
        first=6,
        result=FAILED,
        disposition=Disposition.REJECTED_CALLER_FAX,
        by=APP,
        **(SUSPECT | {"verdict": VerdictKind.CALLER_FAX}),
    ),
    # Suspects in shadow mode: bridged.
    Group(first=3, mode="shadow", verdict=SILENT, probability=0.9, speech=4.5),
    Group(first=5, mode="shadow", verdict=SILENT, probability=0.9, by=AGENT),
    Group(first=7, mode="shadow", verdict=SILENT, probability=0.9, by=AGENT, talked=6.0),
    Group(first=2, mode="shadow", verdict=SILENT, probability=0.9, talked=300.0, speech=0.0),
    # Not suspected: challenged by chance, or silent on the line.
    Group(first=8, cause=ChallengeCause.EXPLORATION, result=PASSED),
    Group(first=2, cause=ChallengeCause.EXPLORATION, result=FAILED),
    Group(first=3, by=AGENT, talked=5.0, speech=0.0),
    # Not judged.
    Group(
        first=9, second=2, verdict=VerdictKind.INCONCLUSIVE, probability=None, reasons=DIGITAL, silence=1.0
    ),
    Group(first=3, verdict=VerdictKind.INCONCLUSIVE, probability=None, reasons=SHORT),
    Group(first=0, second=4, verdict=None, probability=None, failure="ModelError: /x", silence=None),
    Group(first=1, verdict=None, probability=None, failure="AudioError: y", silence=None),
    Group(first=1, verdict=None, probability=None, disposition=None, by=None, talked=None, silence=None),
)


def write_log(folder: Path, plan: tuple[Group, ...] = PLAN) -> DurableCallLog:
    """Write the plan through the real call log: screened, ended and speech parts."""
    log = DurableCallLog(CallTable(SqliteDatabase(folder / "calls.db")), Spool(folder / "spool"))
    for number, group in enumerate(plan):
        for day, calls in enumerate((group.first, group.second)):
            for k in range(calls):
                _write(log, group, f"{number}-{day}-{k}", DAY_ONE + day * DAY + 600 * number + k)
    return log


def _write(log: DurableCallLog, group: Group, call_id: str, started_at: float) -> None:
    call = Call(
        call_id=call_id, started_at=started_at, ani="555", caller_id="556", caller_name=group.name, dnis="100"
    )
    record = CallRecord(
        call=call,
        mode=group.mode,
        verdict=group.verdict,
        spam_probability=group.probability,
        threshold=None if group.probability is None else 0.85,
        model_id=None if group.probability is None else "abc",
        digital_silence_share=group.silence,
        reasons=group.reasons,
        challenged_at=started_at + 2 if group.cause else None,
        challenge_cause=group.cause,
        challenge_result=group.result,
        disposition=None if group.disposition is BRIDGED else group.disposition,
        failed_open=group.failure is not None,
        failed_open_cause=group.failure,
    )
    log.write(screened(record))
    if group.disposition is None:
        return
    bridged_at = None if group.talked is None else started_at + 10
    log.write(
        ended(
            CallEnd(
                call=call,
                bridged_at=bridged_at,
                ended_at=started_at + 10 + (group.talked or 0),
                disposition=group.disposition,
                ended_by=group.by,
            )
        )
    )
    if group.speech is not None:
        log.write(
            heard(
                CallSpeech(
                    call_id=call_id,
                    caller_speech_seconds=group.speech,
                    caller_leg_seconds=60.0,
                    speech_detector="test",
                )
            )
        )
