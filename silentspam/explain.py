"""Why a call was treated as it was, in words, from its row of the call log alone."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from silentspam.budget import DEPTH, KIND_RESERVE, RESERVES, UNSURE_RESERVE
from silentspam.call import ChallengeCause, Decision, GateCause
from silentspam.gate.numbers import normal
from silentspam.kinds.table import SpamKind, kind_named, kind_rejected
from silentspam.policy import BRIDGED_BY_RULE
from silentspam.verdict import UNSUSPECTED

Row = Mapping[str, str | int | float | None]

DISPOSITIONS = {
    "BRIDGED": "the caller talked with an agent",
    "BRIDGE_ABANDON": "the caller was to be connected, and caller or agent left before an agent had answered",
    "BRIDGE_TIMEOUT": "no agent answered in time",
    "BRIDGE_OUT_OF_SERVICE": "the agent's line could not be reached",
    "NO_ELIGIBLE_AGENTS": "the queue had no agent to offer",
    "IVR_ABANDON": "the caller hung up during the challenge",
    "SCREEN_ABANDON": "the caller hung up during the recording",
    "REJECTED_BLOCKED": "rejected: the number is blocked",
}
"""What each disposition means (Orife et al. 2018, Table 3); `_meaning` knows the rejections of SPAM too."""


GATE: dict[str, str] = {
    GateCause.EMERGENCY: "an emergency is never screened",
    GateCause.PUBLIC_SAFETY: "public safety is never screened",
    GateCause.PERMITTED: "let through unheard",
    GateCause.PASSED: "let through unheard, as the caller passed a challenge (lines.trust_passed_hours)",
    GateCause.BLOCKED: "rejected unanswered",
    GateCause.DNIS_OFF: "let through unheard, as are all calls to that number (silentspam lists dnis)",
    GateCause.SWITCHED_OFF: "let through unheard, as are all calls now (silentspam switch)",
}
"""What a cause means."""


CAUSES = {
    ChallengeCause.LINE: "callers on its line failed the challenge, or an operator confirmed the line",
    ChallengeCause.SUSPICION: "it sounds like SPAM, whatever line it came on",
    ChallengeCause.BURST: "calls of several numbers lie together with it, and nobody was asked on them yet",
    ChallengeCause.EXPLORATION: "not for a suspicion: by lot, to learn from",
}
"""Why a call is challenged."""

_UNSURE = f", one that the model is not sure of while less than {UNSURE_RESERVE:g} are"

STATES = {
    "CANDIDATE": "nobody was asked on it yet",
    "ACTIVE": "its callers fail the challenge",
    "SUSPENDED": "people call on it, so nobody is challenged for it",
}
"""What a line's state means for its callers."""


def explain(row: Row, label: str | None = None, *, since: Sequence[str] = ()) -> list[str]:
    """Every reason behind one call's fate, one line each, in the order of events.

    label: what the call was, by whom and why, where that is known; since: what became of its line, and what
    it taught. Neither stands in the row.
    """
    lines = [
        f"call {row['call_id']} from {row['caller_id'] or 'an unknown number'}"
        + (f" (ANI {row['ani']})" if row["ani"] and row["ani"] != row["caller_id"] else "")
        + f" to {row['dnis'] or 'an unknown number'}, {when(row['started_at'])}"
    ]
    lines += _gate(row) or _opening(row) + _judgement(row) + _line(row) + _challenge(row)
    lines += _end(row) + _redress(row) + _speech(row) + _trial(row)
    return [*lines, *since, *([f"labelled {label}"] if label else [])]


def when(seconds: str | float | None) -> str:
    """A time of the call log as people read it (UTC)."""
    if seconds is None:
        return "at an unknown time"
    return datetime.fromtimestamp(float(seconds), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _gate(row: Row) -> list[str]:
    """What was decided before any audio; nothing for a call that was screened."""
    cause = row["gate_cause"]
    if cause is None:
        return []
    meaning = GATE.get(str(cause), "decided by another version")
    reasons = [f"  because: {reason}" for reason in json.loads(str(row["reasons"] or "[]"))]
    return [f"it was decided before any audio, {cause}: {meaning}", *reasons, *_mode(row), *_agent(row)]


def _mode(row: Row) -> list[str]:
    return [f"mode was {row['mode']}: {row['mode_reason']}"] if row["mode_reason"] else []


def _agent(row: Row) -> list[str]:
    return [f"agent of the number called: {row['agent']}"] if row["agent"] else []


def _redress(row: Row) -> list[str]:
    """What the caller of a rejected call can be told, and what an operator can do."""
    if row["redress_at"] is None:
        return []
    told = f", ended with {row['hangup_with']}" if row["hangup_with"] else ""
    contact = f"; whom to ask: {row['redress_contact']}" if row["redress_contact"] else "; no contact is set"
    lines = [f"for redress: rejected {when(row['redress_at'])}{told}: {row['redress_reason']}{contact}"]
    found = (normal(str(row[name] or "")) for name in ("ani", "caller_id"))
    numbers = " ".join(dict.fromkeys(filter(None, found)))
    if not numbers:
        return [*lines, "  the number was withheld: it cannot be permitted"]
    return [*lines, f"  to let the number through from now on: silentspam lists permit {numbers}"]


def _opening(row: Row) -> list[str]:
    if row["answered_at"] is None:
        return [*_mode(row), *_agent(row), "the screener did not answer it"]
    return [*_mode(row), *_agent(row), *_recording(row)]


def _recording(row: Row) -> list[str]:
    if row["recorded_at"] is None:
        return ["it was answered; the recording of the opening did not end normally"]
    length = (
        f"{float(row['recorded_seconds']):.2f} s" if row["recorded_seconds"] is not None else "nothing usable"
    )
    return [f"its opening was recorded: {length}, {_kept(row)}"]


def _kept(row: Row) -> str:
    """What became of the recording."""
    if row.get("erased_at") is not None:
        return f"and erased at its caller's request, {when(row['erased_at'])}"
    if row.get("recording_deleted_at") is not None:
        return f"and deleted {when(row['recording_deleted_at'])} (retention)"
    return f"kept in {row['recording']}"


def _judgement(row: Row) -> list[str]:
    if row["verdict"] is None:
        why = ": mode was collect" if row["mode"] == "collect" else ""
        return [f"it was not judged{why}"]
    reasons = [f"  because: {reason}" for reason in json.loads(str(row["reasons"] or "[]"))]
    return [f"verdict {row['verdict']}{_by(row)}", *reasons, *_of_each_kind(row)]


def _by(row: Row) -> str:
    """Who found it: the model tells dead air and people, the other kinds have detectors of their own."""
    model = f"model {row['model_id']}" if row["model_id"] else ""
    if (kind := _kind_with_listener(row)) is not None:
        return f" by the detector of {kind.key}" + (f"; dead air was judged by {model}" if model else "")
    return f" by {model}" if model else ""


def _of_each_kind(row: Row) -> list[str]:
    """Every kind's probability, where there are several."""
    found = json.loads(str(row.get("kind_probabilities") or "[]"))
    told = ", ".join(f"{name} {probability:.3f}" for name, probability in found)
    return [f"  probability of each kind: {told}"] if len(found) > 1 else []


def _kind_with_listener(row: Row) -> SpamKind | None:
    """The kind that a call was suspected of, if it is another than dead air."""
    kind = kind_named(row["verdict"])
    return kind if kind is not None and kind.listener else None


def _line(row: Row) -> list[str]:
    """The line that the opening was taken for, as it stood then."""
    if row["line_id"] is None:
        return []
    score, threshold = float(row["line_score"] or 0), float(row["line_threshold"] or 0)
    state = str(row["line_state"])
    meaning = f": {STATES[state]}" if state in STATES else ""
    return [
        f"it came on line {row['line_id']}, {state} then (likeness {score:.1f} ≥ threshold {threshold:.1f})"
        + meaning
    ]


def _challenge(row: Row) -> list[str]:
    if row["challenged_at"] is None:
        return _not_challenged(row)
    attempts = [f"  attempt: {attempt}" for attempt in json.loads(str(row["challenge_attempts"] or "[]"))]
    return [
        f"the caller was challenged to press a random digit: {row['challenge_result'] or 'no result'}",
        *_cause(row),
        *attempts,
    ]


def _not_challenged(row: Row) -> list[str]:
    if row["held_back"] is not None:
        return _held_back(ChallengeCause(str(row["held_back"])), _kind_with_listener(row))
    if row["verdict"] in UNSUSPECTED:
        return ["the caller was not challenged: there was no suspicion"] if row["verdict"] else []
    if row["decision"] == Decision.REJECT:
        kind = kind_named(row["verdict"])
        key = f" (kinds.{kind.key}.treatment)" if kind else ""
        return [f"the caller was not challenged: the configuration rejects such calls unasked{key}"]
    if _bridged_by_rule(row):
        return ["the caller was not challenged, although suspected: the configuration bridges such calls"]
    if row["challenge_probability"] == 0:
        return [
            "the caller was not challenged, although suspected: the number passed a challenge not long "
            "before (lines.trust_passed_hours)"
        ]
    return [f"the caller was not challenged, although suspected: mode was {row['mode']}"]


def _bridged_by_rule(row: Row) -> bool:
    return BRIDGED_BY_RULE in json.loads(str(row["reasons"] or "[]"))


def _meaning(row: Row) -> str:
    """What a call's disposition means."""
    disposition = str(row["disposition"])
    if kind := kind_rejected(disposition):
        asked = "and the challenge was failed" if row["challenge_result"] else "unasked, as configured"
        return f"rejected: {kind.words}, {asked}"
    return DISPOSITIONS.get(disposition, "of another version")


def _held_back(cause: ChallengeCause, kind: SpamKind | None) -> list[str]:
    if kind is not None and cause is ChallengeCause.SUSPICION:
        return [
            f"nothing was done to the caller, although suspected: the budget of false challenges for "
            f"{kind.words} was spent (kinds.{kind.key}.max_false_challenge_rate; it waits while less than "
            f"{KIND_RESERVE:g} of at most {DEPTH:g} is left)"
        ]
    return [
        f"the caller was to be challenged, and was not: the budget of false challenges was spent "
        f"(model.max_false_challenge_rate; {cause} waits while less than {RESERVES[cause]:g} of at most "
        f"{DEPTH:g} are left{_UNSURE if cause is ChallengeCause.SUSPICION else ''})",
        f"  why it was to be: {CAUSES[cause]}",
    ]


def _cause(row: Row) -> list[str]:
    """Why it was challenged; calls logged before causes were do not say."""
    cause = row["challenge_cause"]
    if cause == ChallengeCause.EXPLORATION:
        return _lot(row)
    if cause == ChallengeCause.SUSPICION and (kind := _kind_with_listener(row)):
        return [f"  why: it sounds like {kind.words}"]
    return [f"  why: {CAUSES[ChallengeCause(str(cause))]}"] if cause in CAUSES else []


def _trial(row: Row) -> list[str]:
    """What the model on trial made of it: after the call was handed back, so it changed nothing."""
    verdict = row["shadow_verdict"]
    if verdict is None:
        return []
    by = f"the model on trial, {row['shadow_model_id']}, judged it {verdict}"
    if row["shadow_probability"] is None or row["shadow_threshold"] is None:
        return [by]
    probability, threshold = float(row["shadow_probability"]), float(row["shadow_threshold"])
    sign = "≥" if probability >= threshold else "<"
    agreed = (verdict in UNSUSPECTED) == (row["verdict"] in UNSUSPECTED)
    unknown = row["verdict"] is None or _kind_with_listener(row)  # then the active model's word is not here
    other = "" if agreed or unknown else ": another decision than the active model's"
    return [f"{by} (spam probability {probability:.3f} {sign} threshold {threshold:.3f}){other}"]


def _lot(row: Row) -> list[str]:
    share = float(row["challenge_probability"] or 0)
    lines = [f"  not for a suspicion: by lot, as {share:.2%} of the unsuspected calls are, to learn from"]
    if row["challenge_result"] == "FAILED":
        lines.append("  a test by lot rejects nobody: the caller was let through")
    return lines


def _speech(row: Row) -> list[str]:
    if row["caller_speech_seconds"] is None:
        return []
    spoken, heard = float(row["caller_speech_seconds"]), float(row["caller_leg_seconds"] or 0)
    return [f"the caller spoke {spoken:.1f} s of the {heard:.1f} s recorded ({row['speech_detector']})"]


def _end(row: Row) -> list[str]:
    lines = []
    if row["failed_open"]:
        lines.append(f"the screening failed, so the caller was let through: {row['failed_open_cause']}")
    disposition = row["disposition"]
    if disposition is None and row["end_cause"]:
        return [*lines, f"over by {when(row['ended_at'])}: {row['end_cause']}"]
    if disposition is None:
        return [*lines, "the call has not ended, or its end was not reported"]
    lines.append(f"result {disposition}: {_meaning(row)}")
    if row["ended_by"]:
        lines.append(f"ended by the {str(row['ended_by']).lower()}, {when(row['ended_at'])}")
    return lines
