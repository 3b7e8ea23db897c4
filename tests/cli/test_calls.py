"""`silentspam calls`: filters, formats, the spool, and the reasons behind a call."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from silentspam.budget import DEPTH, RESERVES, UNSURE_RESERVE
from silentspam.call import (
    Call,
    CallEnd,
    CallRecord,
    CallSpeech,
    ChallengeCause,
    ChallengeResult,
    Decision,
    Disposition,
    EndedBy,
    GateCause,
    Mode,
    VerdictKind,
)
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import ended, heard, screened
from silentspam.calllog.labels import Answer, Label, Labels, LabelSource
from silentspam.calllog.spool import Spool
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.gate.rejection import Rejection

NOW = 1_795_000_000.0
"""2026-11-18 11:06:40 UTC"""


def rejected(call_id: str, started_at: float = NOW, caller_name: str = "Anna") -> CallRecord:
    call = Call(
        call_id=call_id,
        started_at=started_at,
        ani="555",
        caller_id="556",
        caller_name=caller_name,
        dnis="100",
    )
    return CallRecord(
        call=call,
        answered_at=started_at + 0.1,
        recorded_at=started_at + 2.1,
        judged_at=started_at + 2.12,
        challenged_at=started_at + 2.13,
        recording="/rec/a.ulaw",
        recorded_seconds=2.0,
        verdict=VerdictKind.CALLER_SILENCE,
        spam_probability=0.93,
        threshold=0.6,
        model_id="abc",
        reasons=("spam probability 0.930 ≥ threshold 0.600: dead air",),
        decision=Decision.REJECT,
        challenge_result=ChallengeResult.FAILED,
        challenge_attempts=("asked 7, no key", "asked 2, pressed 3"),
        disposition=Disposition.REJECTED_CALLER_SILENCE,
        ended_by=EndedBy.APP,
    )


@pytest.fixture
def log(tmp_path: Path) -> CallTable:
    return CallTable(SqliteDatabase(tmp_path / "log" / "calls.db"))


def ids(out: str) -> list[str]:
    return [row["call_id"] for row in json.loads(out)]


def test_rows_come_newest_first_and_filtered(silentspam, log: CallTable) -> None:
    for number in range(3):
        log.write(screened(rejected(f"call-{number}", NOW + 3600 * number)))
    end = CallEnd(call=Call(call_id="call-9", started_at=NOW), ended_at=NOW, failed_open=True)
    log.write(ended(end))
    assert ids(silentspam("calls", "--format", "json", "--limit", 0)[1]) == [
        "call-2",
        "call-1",
        "call-0",
        "call-9",
    ]
    assert ids(silentspam("calls", "--format", "json", "--limit", 1)[1]) == ["call-2"]
    by_number = ("calls", "--format", "json", "--number", "556", "--verdict", "CALLER_SILENCE")
    assert ids(silentspam(*by_number)[1]) == ["call-2", "call-1", "call-0"]
    assert ids(silentspam("calls", "--format", "json", "--failed-open")[1]) == ["call-9"]
    since, until = ("--since", "2026-11-18T11:30"), ("--until", "2026-11-18T11:30")
    assert ids(silentspam("calls", "--format", "json", *since)[1]) == ["call-2", "call-1"]
    assert ids(silentspam("calls", "--format", "json", *until)[1]) == ["call-0", "call-9"]
    assert ids(silentspam("calls", "--format", "json", "--disposition", "BRIDGED")[1]) == []


def test_times_are_given_as_an_age_or_a_date() -> None:
    from silentspam.cli.calls import moment

    assert moment("1970-01-02") == 86400
    assert moment("1970-01-01T01:00+01:00") == 0
    assert moment("2h") < moment("1h") < moment("30m")


def test_a_bad_time_or_kind_is_a_wrong_command(silentspam) -> None:
    assert silentspam("calls", "--since", "yesterday")[0] == 2
    assert silentspam("calls", "--disposition", "LOST")[0] == 2


def test_the_table_shows_what_became_of_a_call(silentspam, log: CallTable) -> None:
    log.write(screened(rejected("call-1")))
    code, out, _ = silentspam("calls")
    assert code == 0
    for word in ("call-1", "556", "CALLER_SILENCE", "0.930", "FAILED", "REJECTED_CALLER_SILENCE", "APP"):
        assert word in out


def test_csv_holds_every_column_and_no_formula(silentspam, log: CallTable) -> None:
    log.write(screened(rejected("call-1", caller_name='=HYPERLINK("http://evil.example","x")')))
    _, out, _ = silentspam("calls", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["caller_name"].startswith("'=")
    assert row["spam_probability"] == "0.93"


def test_csv_keeps_numbers_and_guards_every_text_that_a_caller_sets(silentspam, log: CallTable) -> None:
    call = Call(call_id="call-1", started_at=NOW, ani="+15551234", caller_id="=1+1", caller_name="@x")
    log.write(screened(CallRecord(call=call)))
    (row,) = csv.DictReader(io.StringIO(silentspam("calls", "--format", "csv")[1]))
    assert (row["ani"], row["caller_id"], row["caller_name"]) == ("+15551234", "'=1+1", "'@x")


def test_why_heeds_the_configuration_named_before_it(
    silentspam, log: CallTable, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write(screened(rejected("call-1")))
    monkeypatch.delenv("SILENTSPAM_CONFIG")
    assert silentspam("calls", "--config", config_file, "why", "call-1")[0] == 0


def test_rows_in_the_spool_are_taken_in(silentspam, log: CallTable, tmp_path: Path) -> None:
    Spool(tmp_path / "log" / "spool").add(screened(rejected("call-1")))
    assert ids(silentspam("calls", "--format", "json")[1]) == ["call-1"]
    assert Spool(tmp_path / "log" / "spool").waiting() == []


def test_rows_that_asterisk_wrote_itself_are_taken_in(silentspam, tmp_path: Path) -> None:
    line = {"ended_at": str(NOW), "agi_uniqueid": "1.1", "agi_channel": "PJSIP/a-1", "DIALSTATUS": "ANSWER"}
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "unlogged.jsonl").write_text(json.dumps(line) + "\n")
    (row,) = json.loads(silentspam("calls", "--format", "json")[1])
    assert (row["disposition"], row["failed_open"]) == ("BRIDGED", 1)


def test_without_a_call_log_it_says_so(silentspam, tmp_path: Path) -> None:
    code, _, err = silentspam("calls")
    assert code == 1
    assert str(tmp_path / "log" / "calls.db") in err


def test_why_tells_every_reason_in_words(silentspam, log: CallTable) -> None:
    log.write(screened(rejected("call-1")))
    code, out, _ = silentspam("calls", "why", "call-1")
    assert code == 0
    for words in (
        "from 556 (ANI 555) to 100",
        "recorded: 2.00 s",
        "spam probability 0.930 ≥ threshold 0.600",
        "asked 7, no key",
        "asked 2, pressed 3",
        "REJECTED_CALLER_SILENCE: rejected: dead air, and the challenge was failed",
        "ended by the app",
    ):
        assert words in out
    assert silentspam("calls", "show", "call-1") == (code, out, "")


def test_why_tells_that_the_screening_failed(silentspam, log: CallTable) -> None:
    record = CallRecord(
        call=Call(call_id="call-1", started_at=NOW), failed_open=True, failed_open_cause="ModelError: x"
    )
    log.write(screened(record))
    assert "so the caller was let through: ModelError: x" in silentspam("calls", "why", "call-1")[1]


def test_why_does_not_know_a_call(silentspam, log: CallTable) -> None:
    log.write(screened(rejected("call-1")))
    code, _, err = silentspam("calls", "why", "call-2\x1b[31m")
    assert code == 1
    assert "call-2\\x1b[31m" in err
    assert "\x1b" not in err


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (ChallengeResult.FAILED, "a test by lot rejects nobody: the caller was let through"),
        (ChallengeResult.PASSED, "by lot, as 1.00% of the unsuspected calls are"),
    ],
)
def test_why_tells_of_a_lot(silentspam, log: CallTable, result: ChallengeResult, told: str) -> None:
    record = rejected("call-1")
    record.verdict, record.decision, record.disposition = VerdictKind.HAM, Decision.BRIDGE, None
    record.challenge_cause, record.challenge_probability = ChallengeCause.EXPLORATION, 0.01
    record.challenge_result = result
    log.write(screened(record))
    assert told in silentspam("calls", "why", "call-1")[1]


def test_why_tells_that_a_collected_call_was_not_judged_and_why(silentspam, log: CallTable) -> None:
    record = CallRecord(call=Call(call_id="call-1", started_at=NOW), mode="collect", answered_at=NOW)
    log.write(screened(record))
    assert "it was not judged: mode was collect" in silentspam("calls", "why", "call-1")[1]


def test_why_tells_what_the_model_on_trial_would_have_done(silentspam, log: CallTable) -> None:
    record = rejected("call-1")
    record.shadow_model_id, record.shadow_verdict = "def", VerdictKind.HAM
    record.shadow_probability, record.shadow_threshold = 0.31, 0.7
    log.write(screened(record))
    told = (
        "the model on trial, def, judged it HAM (spam probability 0.310 < threshold 0.700): "
        "another decision than the active model's"
    )
    assert told in silentspam("calls", "why", "call-1")[1]


def test_why_does_not_call_agreement_another_decision(silentspam, log: CallTable) -> None:
    record = rejected("call-1")
    record.shadow_model_id, record.shadow_verdict = "def", VerdictKind.CALLER_SILENCE
    record.shadow_probability, record.shadow_threshold = 0.91, 0.7
    log.write(screened(record))
    out = silentspam("calls", "why", "call-1")[1]
    assert "judged it CALLER_SILENCE (spam probability 0.910 ≥ threshold 0.700)" in out
    assert "another decision" not in out


def test_why_tells_of_an_opening_that_the_model_on_trial_could_not_judge(silentspam, log: CallTable) -> None:
    record = CallRecord(call=Call(call_id="call-1", started_at=NOW), verdict=VerdictKind.INCONCLUSIVE)
    record.shadow_model_id, record.shadow_verdict = "def", VerdictKind.INCONCLUSIVE
    log.write(screened(record))
    assert "the model on trial, def, judged it INCONCLUSIVE\n" in silentspam("calls", "why", "call-1")[1]


def test_why_tells_the_speech_measured_and_the_label_that_counts(
    silentspam, log: CallTable, tmp_path: Path
) -> None:
    record = rejected("call-1")
    record.digital_silence_share = 0.0
    log.write(screened(record))
    speech = CallSpeech(
        call_id="call-1", caller_speech_seconds=0.0, caller_leg_seconds=9.5, speech_detector="s 1"
    )
    log.write(heard(speech))
    assert silentspam("labels", "derive")[0] == 0
    out = silentspam("calls", "why", "call-1")[1]
    assert "the caller spoke 0.0 s of the 9.5 s recorded (s 1)" in out
    assert "labelled spam" in out
    assert "(OUTCOME)" in out
    review = Label(
        call_id="call-1", source=LabelSource.REVIEW, label=Answer.HAM, labelled_at=NOW, labelled_by="ada"
    )
    Labels(SqliteDatabase(tmp_path / "log" / "calls.db")).write([review])
    out = silentspam("calls", "why", "call-1")[1]
    assert "labelled ham by ada (REVIEW)" in out
    assert "another source says otherwise" in out


def test_a_time_before_all_time_is_the_beginning_of_it() -> None:
    from silentspam.cli.calls import moment

    assert moment("99999999999d") == 0.0


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (
            ChallengeCause.BURST,
            f"BURST waits while less than {RESERVES[ChallengeCause.BURST]:g} of at most {DEPTH:g} are left)",
        ),
        (
            ChallengeCause.SUSPICION,
            f"one that the model is not sure of while less than {UNSURE_RESERVE:g} are)",
        ),
    ],
)
def test_why_tells_what_the_budget_held_back(
    silentspam, log: CallTable, cause: ChallengeCause, told: str
) -> None:
    record = rejected("call-1")
    record.challenged_at = record.challenge_result = record.disposition = None
    record.held_back, record.challenge_probability, record.decision = cause, 0.0, Decision.BRIDGE
    log.write(screened(record))
    assert told in silentspam("calls", "why", "call-1")[1]


def unheard(cause: GateCause, **own: object) -> CallRecord:
    call = Call(call_id="call-1", started_at=NOW, ani="2025550101", caller_id="2025550102", dnis="100")
    return CallRecord(
        call=call,
        gate_cause=cause,
        reasons=("number 2025550101 is listed",),
        screened_at=NOW,
        decision=Decision.BRIDGE,
        **own,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("cause", list(GateCause))
def test_why_tells_what_was_decided_before_any_audio(silentspam, log: CallTable, cause: GateCause) -> None:
    log.write(screened(unheard(cause, agent="PJSIP/sales")))
    out = silentspam("calls", "why", "call-1")[1]
    assert f"it was decided before any audio, {cause}: " in out
    assert "because: number 2025550101 is listed" in out
    assert "agent of the number called: PJSIP/sales" in out
    assert "did not answer" not in out
    assert "another version" not in out


def test_why_tells_a_rejected_callers_redress_and_the_one_command(silentspam, log: CallTable) -> None:
    record = unheard(GateCause.BLOCKED)
    record.disposition = Disposition.REJECTED_BLOCKED
    Rejection(sip_603=True, contact="2025550199").note(record)
    log.write(screened(record))
    out = silentspam("calls", "why", "call-1")[1]
    assert "for redress: rejected 2026-11-18 11:06:40 UTC, ended with SIP 603: number 2025550101" in out
    assert "; whom to ask: 2025550199" in out
    assert "silentspam lists permit 2025550101 2025550102" in out


def test_why_names_no_command_for_a_withheld_number_and_none_of_a_callers_words(
    silentspam, log: CallTable
) -> None:
    record = rejected("call-1")
    record.call = Call(call_id="call-1", started_at=NOW, ani="$(reboot)", caller_id="anonymous; rm -rf /")
    record.screened_at = NOW
    Rejection().note(record)
    log.write(screened(record))
    out = silentspam("calls", "why", "call-1")[1]
    assert "the number was withheld: it cannot be permitted" in out
    assert "no contact is set" in out


def test_why_tells_that_the_mode_was_not_the_configurations(silentspam, log: CallTable) -> None:
    record = rejected("call-1")
    record.mode, record.mode_reason = Mode.SHADOW, "switched to shadow by the rate guard: too many"
    log.write(screened(record))
    out = silentspam("calls", "why", "call-1")[1]
    assert "mode was shadow: switched to shadow by the rate guard: too many" in out


def fax(**known: object) -> CallRecord:
    probabilities = (("CALLER_FAX", 0.999), ("CALLER_SILENCE", 0.045))
    reasons = ("a fax machine or a modem: probability 0.999 ≥ threshold 0.500", "fax CNG: 1100 Hz for 0.51 s")
    plain: dict[str, object] = {
        "challenged_at": None, "challenge_attempts": (), "challenge_result": None, "disposition": None,
    }  # fmt: skip
    suspected = {"verdict": "CALLER_FAX", "kind_probabilities": probabilities, "reasons": reasons}
    return replace(rejected("f"), **(plain | suspected | known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (
            fax(
                challenged_at=NOW,
                challenge_cause=ChallengeCause.SUSPICION,
                challenge_result=ChallengeResult.FAILED,
                disposition="REJECTED_CALLER_FAX",
            ),
            ("  why: it sounds like a fax machine or a modem", "rejected: a fax machine or a modem, and the"),
        ),
        (
            fax(
                decision=Decision.REJECT,
                challenge_cause=ChallengeCause.SUSPICION,
                disposition="REJECTED_CALLER_FAX",
            ),
            (
                "rejects such calls unasked (kinds.fax.treatment)",
                "rejected: a fax machine or a modem, unasked",
            ),
        ),
        (
            fax(decision=Decision.BRIDGE, held_back=ChallengeCause.SUSPICION),
            (
                "for a fax machine or a modem was spent (kinds.fax.max_false_challenge_rate",
                "although suspected",
            ),
        ),
    ],
)
def test_why_tells_of_each_kind(
    silentspam, log: CallTable, record: CallRecord, told: tuple[str, ...]
) -> None:
    log.write(screened(record))
    _, out, _ = silentspam("calls", "why", "f")
    for words in (
        "verdict CALLER_FAX by the detector of fax",
        "probability of each kind: CALLER_FAX 0.999, CALLER_SILENCE",
        *told,
    ):
        assert words in out
    (row,) = json.loads(silentspam("calls", "--kind", "fax", "--format", "json")[1])
    assert row["kind_probabilities"] == [["CALLER_FAX", 0.999], ["CALLER_SILENCE", 0.045]]


def test_a_kind_that_is_none_is_a_wrong_command(silentspam) -> None:
    code, _, err = silentspam("calls", "--kind", "CALLER_FAX")
    assert code == 2
    assert "recording, fax, busy, silence, noise" in err
