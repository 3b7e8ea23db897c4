"""What is decided of a call before any audio, and in which order: pure.

    1 SWITCHED_OFF    the kill switch is OFF: everything is bridged, blocked callers too
    2 EMERGENCY       an emergency number calls or is called, or the switch announces a call of public safety
    3 PUBLIC_SAFETY   the caller's number is listed so
    4 BLOCKED         rejected unanswered; only noted where nobody is to be rejected (shadow, collect)
    5 PERMITTED       bridged unheard
    6 PASSED          so is whoever passed a challenge lately; never a withheld number
    7 DNIS_OFF        the number called is not screened
      otherwise the call is screened, under the terms of the number called; without effect (shadow) while the
      switch says so

The first that holds counts. Where the file cannot be used the call is screened as configured; emergencies are
known all the same, as they stand in the configuration.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from silentspam.call import Call, GateCause, Mode
from silentspam.errors import GateError
from silentspam.gate.file import Gate
from silentspam.gate.numbers import (
    called_keys,
    friendly_keys,
    is_one_of,
    normal,
    passer_keys,
    strict_keys,
)
from silentspam.gate.passage import Passage
from silentspam.gate.terms import MODES, DnisMode, DnisTerms, Listing, SwitchCause, SwitchEvent, SwitchState

WITHOUT_REJECTION = (Mode.SHADOW, Mode.COLLECT)
YIELD_TO_BLOCKED = (None, GateCause.PERMITTED, GateCause.PASSED, GateCause.DNIS_OFF)
WORDS = {Listing.PUBLIC_SAFETY: "listed as public safety", Listing.PERMITTED: "permitted"}


@dataclass(frozen=True, kw_only=True)
class GateSettings:
    """mode: the configuration's. emergency_numbers: in normal form without +. trust_seconds: how long whoever
    passed a challenge is not asked again [s]."""

    mode: Mode
    emergency_numbers: frozenset[str] = frozenset()
    trust_seconds: float = 0.0


def without_plus(numbers: Iterable[str]) -> frozenset[str]:
    """Configured numbers as they are compared with a call's."""
    return frozenset(normal(number).lstrip("+") for number in numbers)


def without_file(call: Call, settings: GateSettings, why: str) -> Passage:
    """The passage of a call where the file says nothing; `why` goes into its row."""
    return _emergency(call, settings) or Passage(mode_reason=f"lists and switch were not asked: {why}")


def decide(call: Call, gate: Gate, settings: GateSettings, *, now: float) -> Passage:
    """The passage of a call by the file; `now` in seconds since the epoch."""
    terms, fault = _terms(gate, call)
    passage = _unheard(call, gate, settings, terms, now) or _screened(gate, terms, settings)
    blocked = _blocked(call, gate, settings, now)
    if blocked and passage.cause in YIELD_TO_BLOCKED:
        screened = _screened(gate, terms, settings)
        if (screened.mode or settings.mode) not in WITHOUT_REJECTION:
            return Passage(cause=GateCause.BLOCKED, reason=f"number {blocked} is blocked")
        passage = _noted(passage, f"number {blocked} is blocked, but nobody is rejected in this mode")
    passage = _noted(passage, fault) if fault else passage
    return replace(passage, agent=terms.agent if terms else "")


def _unheard(
    call: Call, gate: Gate, settings: GateSettings, terms: DnisTerms | None, now: float
) -> Passage | None:
    """The first reason not to listen to a call; None where it is to be screened."""
    return (
        _switched_off(gate)
        or _emergency(call, settings)
        or _listed(call, gate, Listing.PUBLIC_SAFETY, now)
        or _listed(call, gate, Listing.PERMITTED, now)
        or _passed(call, gate, settings, now)
        or _dnis_off(terms)
    )


def _through(cause: GateCause, reason: str) -> Passage:
    return Passage(cause=cause, reason=reason)


def _emergency(call: Call, settings: GateSettings) -> Passage | None:
    if call.emergency:
        return _through(GateCause.EMERGENCY, "announced as a call of public safety (RFC 7090, RFC 7135)")
    for what, number in (("ANI", call.ani), ("caller ID", call.caller_id), ("number called", call.dnis)):
        if _is_emergency(number, settings):
            return _through(GateCause.EMERGENCY, f"{what} {normal(number)} is an emergency number")
    return None


def _is_emergency(number: str, settings: GateSettings) -> bool:
    return is_one_of(settings.emergency_numbers, number)


def _switched_off(gate: Gate) -> Passage | None:
    switch = gate.header.switch
    off = switch is not None and switch.state is SwitchState.OFF
    return _through(GateCause.SWITCHED_OFF, said(switch)) if switch is not None and off else None


def _number_in(gate: Gate, listing: Listing, keys: dict[int, str], now: float) -> str:
    """The call's number that stands in a list; "" where none does."""
    return next((number for key, number in keys.items() if gate.listing(key, now=now) is listing), "")


def _listed(call: Call, gate: Gate, listing: Listing, now: float) -> Passage | None:
    number = _number_in(gate, listing, friendly_keys(call), now)
    return _through(GateCause(listing), f"number {number} is {WORDS[listing]}") if number else None


def _blocked(call: Call, gate: Gate, settings: GateSettings, now: float) -> str:
    number = _number_in(gate, Listing.BLOCKED, strict_keys(call), now)
    return "" if _is_emergency(number, settings) else number


def _passed(call: Call, gate: Gate, settings: GateSettings, now: float) -> Passage | None:
    """A clock that was set back makes nobody trusted for longer: a time to come counts as no time ago."""
    for key, number in passer_keys(call).items():
        passed_at = gate.passed_at(key)
        if passed_at is not None and now - passed_at < settings.trust_seconds:
            hours = max(now - passed_at, 0.0) / 3600
            return _through(GateCause.PASSED, f"number {number} passed a challenge {hours:.1f} h before")
    return None


def _terms(gate: Gate, call: Call) -> tuple[DnisTerms | None, str]:
    """What the number called has of its own, and why that cannot be told ("": it can)."""
    try:
        found = (gate.dnis(key) for key in called_keys(call.dnis))
        return next((terms for terms in found if terms is not None), None), ""
    except GateError as error:
        return None, str(error)


def _dnis_off(terms: DnisTerms | None) -> Passage | None:
    if terms is None or terms.mode is not DnisMode.OFF:
        return None
    return _through(GateCause.DNIS_OFF, f"calls to {terms.dnis} are not screened")


def _screened(gate: Gate, terms: DnisTerms | None, settings: GateSettings) -> Passage:
    mode, reason = _mode(gate.header.switch, terms, settings)
    if terms is None:
        return Passage(mode=mode, mode_reason=reason)
    return Passage(
        mode=mode,
        mode_reason=reason,
        threshold=terms.threshold,
        max_false_challenge_rate=terms.max_false_challenge_rate,
    )


def _mode(
    switch: SwitchEvent | None, terms: DnisTerms | None, settings: GateSettings
) -> tuple[Mode | None, str | None]:
    """The mode of a call to be screened, where it is not the configuration's, and why.

    In collection there is no model to screen with: a number called can only be taken out of it.
    """
    if switch is not None and switch.state is SwitchState.SHADOW:
        return Mode.SHADOW, said(switch)
    own = MODES.get(terms.mode) if terms is not None and terms.mode is not None else None
    if terms is None or own is None or own is settings.mode:
        return None, None
    if own is Mode.ENFORCE and settings.mode is Mode.COLLECT:
        return None, None
    return own, f"calls to {terms.dnis} have mode {own} of their own"


def _noted(passage: Passage, text: str) -> Passage:
    return replace(passage, mode_reason="; ".join(filter(None, (passage.mode_reason, text))))


def said(switch: SwitchEvent) -> str:
    """Who threw the switch, and why, in words."""
    who = "the rate guard" if switch.cause is SwitchCause.GUARD else switch.changed_by
    note = f": {switch.note}" if switch.note else ""
    return f"switched to {switch.state.lower()} by {who}{note}"
