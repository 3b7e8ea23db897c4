"""How often claimed metadata is contradicted, truly and falsely: counts on corpora of simulated paths.

Of each call of the test split it is claimed that it came by its own networks, which must not alert, and by
those of a number that a spoofer would show: a fixed line's where it came by VoIP or a cellular network, a
mobile's where it never was on a cellular one. Risks are those of `RiskTable`'s defaults.
"""

from collections.abc import Iterator
from pathlib import Path

from silentspam.provenance.claims import TYPES, PathClaim, claims_of
from silentspam.provenance.codecs import PathTold
from silentspam.provenance.expected import Answer, expected_path
from silentspam.provenance.risk import assess
from silentspam.provenance.risk_table import RiskTable
from silentspam.training.loss_study import Tally
from silentspam.training.path_corpus import PathCall
from silentspam.training.path_rows import heard_of
from silentspam.training.path_study import told_of
from silentspam.training.sources import Split

ALERT_RISK = 0.5
"""Of a call, as `provenance.alert_risk` has it."""


def study(folder: Path, *, seconds: float, seed: int = 1) -> Tally:
    """Everything counted on the test split of a corpus, calls cut to so many seconds."""
    tally = Tally()
    for call, recording in heard_of(folder, split=Split.TEST, seed=seed, seconds=seconds):
        count_claims(tally, call, told_of(recording))
    return tally


def count_claims(tally: Tally, call: PathCall, told: PathTold | None) -> None:
    """What each claim of a call comes to. Calls of which nothing is told alert nobody, and count."""
    table = RiskTable()
    for name, path in claimed_of(call):
        risk = assess(told, None, claims_of([(name, path)]), table)
        tally.add(f"{name}: a claim contradicted outright", bool(risk.alerts))
        tally.add(f"{name}: alert, or risk of {ALERT_RISK:g}", bool(risk.alerts) or risk.score >= ALERT_RISK)
        if path.networks is not None:
            answer = expected_path(told, path).answer
            tally.add(f"{name}: the path is told as unexpected", answer is Answer.OTHER)


def claimed_of(call: PathCall) -> Iterator[tuple[str, PathClaim]]:
    """What a call is said to be, by what it truly is."""
    networks = frozenset(call.networks)
    ordered = "" if call.ordered else ", codecs in any order"
    yield f"true: its own networks{ordered}", PathClaim(networks=tuple(sorted(networks)))
    if "cellular" in networks:
        yield f"true: a mobile number{ordered}", TYPES["mobile"]
    else:
        yield f"false: a mobile number, never cellular{ordered}", TYPES["mobile"]
    if networks == {"pstn"}:
        yield f"true: a fixed number{ordered}", TYPES["fixed"]
    elif "cellular" in networks:
        yield f"false: a fixed number, by a cellular network{ordered}", TYPES["fixed"]
    else:
        lost = " and packets lost" if any(call.loss_rates) else ""
        yield f"false: a fixed number, by VoIP{lost}{ordered}", TYPES["fixed"]
