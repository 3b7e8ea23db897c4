"""The rules are a table; this is the same table, written down a second time on purpose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.call import ChallengeResult, Disposition, VerdictKind
from silentspam.calllog.labels import Answer, LabelSource
from silentspam.kinds.table import KINDS
from silentspam.labels.rules import FACT_COLUMNS, RULES, Challenge, Finding, Speech, find
from tests.labels.calls import a_row

SPAM, HAM, LOOK, NOTHING = "spam", "ham", "look", "nothing"

TABLE = [
    # challenge, seconds of speech, disposition, what follows, of which source
    ("FAILED", 0.0, "BRIDGED", SPAM, LabelSource.OUTCOME),
    ("FAILED", None, "REJECTED_CALLER_SILENCE", LOOK, None),
    ("FAILED", None, "BRIDGED", LOOK, None),
    ("FAILED", 3.5, "BRIDGED", LOOK, None),
    ("PASSED", 3.5, "BRIDGED", HAM, LabelSource.OUTCOME),
    ("PASSED", None, "BRIDGED", HAM, LabelSource.CONDUCT),
    ("PASSED", None, "BRIDGE_ABANDON", HAM, LabelSource.CONDUCT),
    ("PASSED", 0.0, "BRIDGED", LOOK, None),
    ("ABANDONED", None, "IVR_ABANDON", LOOK, None),
    (None, 3.5, "BRIDGED", HAM, LabelSource.CONDUCT),
    (None, 0.0, "BRIDGED", LOOK, None),
    (None, None, "BRIDGED", NOTHING, None),
    (None, None, "BRIDGE_ABANDON", NOTHING, None),
    (None, None, "SCREEN_ABANDON", NOTHING, None),
    (None, None, "REJECTED_CALLER_FAX", NOTHING, None),
    ("FAILED", 0.0, "REJECTED_CALLER_FAX", SPAM, LabelSource.OUTCOME),
    (None, None, None, NOTHING, None),
]


def outcome(finding: Finding) -> str:
    return finding.answer or (LOOK if finding.for_review else NOTHING)


@pytest.mark.parametrize(("challenge", "speech", "disposition", "follows", "source"), TABLE)
def test_what_follows(
    challenge: str | None,
    speech: float | None,
    disposition: str | None,
    follows: str,
    source: LabelSource | None,
) -> None:
    finding = find(a_row(challenge_result=challenge, caller_speech_seconds=speech, disposition=disposition))
    assert outcome(finding) == follows
    assert finding.why
    if source:
        assert finding.source is source


def test_a_signal_in_digital_silence_is_spam_all_the_same() -> None:
    row = {"challenge_result": "FAILED", "caller_speech_seconds": 0.0, "digital_silence_share": 0.8}
    assert outcome(find(a_row(verdict="CALLER_FAX", **row))) == SPAM
    assert outcome(find(a_row(verdict="CALLER_SILENCE", **row))) == NOTHING
    assert outcome(find(a_row(verdict="CALLER_FAX", **row | {"recording": None}))) == NOTHING


SILENT = [
    {"verdict": "INCONCLUSIVE"},
    {"digital_silence_share": 0.51},
    {"digital_silence_share": 1.0},
    {"digital_silence_share": None},
    {"recording": None},
]


@pytest.mark.parametrize("opening", SILENT)
@pytest.mark.parametrize(("challenge", "speech", "disposition", "follows", "source"), TABLE)
def test_a_call_that_opens_with_digital_silence_is_never_spam_and_never_looked_at(
    challenge: str | None,
    speech: float | None,
    disposition: str | None,
    follows: str,
    source: LabelSource | None,
    opening: dict[str, str | float | None],
) -> None:
    row = a_row(challenge_result=challenge, caller_speech_seconds=speech, disposition=disposition)
    assert outcome(find(row | opening)) == (HAM if follows == HAM else NOTHING)


def test_every_result_of_a_challenge_has_its_lines() -> None:
    assert {result.value for result in ChallengeResult} == {c.value for c in Challenge} - {"NONE"}
    assert {challenge for challenge, _ in RULES} == set(Challenge)


HEARD = {kind.name for kind in KINDS if kind.listener}

ANY = {
    "verdict": st.sampled_from([None, *VerdictKind]),
    "recording": st.sampled_from([None, "/r/a.ulaw"]),
    "recorded_seconds": st.none() | st.floats(0, 10),
    "digital_silence_share": st.none() | st.floats(0, 1),
    "challenge_result": st.sampled_from([None, *ChallengeResult]),
    "caller_speech_seconds": st.none() | st.floats(0, 7200),
    "disposition": st.sampled_from([None, *Disposition]),
}


@given(row=st.fixed_dictionaries(ANY))
def test_any_row_is_judged_and_spam_needs_a_failed_challenge_a_measured_zero_and_a_sounding_opening(
    row: dict[str, str | float | None],
) -> None:
    assert set(row) == set(FACT_COLUMNS)
    finding = find(row)
    assert not (finding.answer and finding.for_review)
    if finding.answer is Answer.SPAM:
        assert row["challenge_result"] == "FAILED"
        assert row["caller_speech_seconds"] == 0
        assert row["verdict"] != "INCONCLUSIVE"
        heard = row["verdict"] in HEARD
        assert heard or float(row["digital_silence_share"] or 0.0) <= 0.5


def test_speech_has_three_values() -> None:
    assert len(Speech) == 3
