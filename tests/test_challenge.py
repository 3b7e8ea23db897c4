"""The IVR Turing test as a table of what callers do, and of what a switch may lack."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from silentspam.call import ChallengeResult
from silentspam.challenge import ChallengeOutcome, ChallengeSettings, random_digit, run_challenge
from silentspam.errors import ChannelError, ChannelHangup
from tests.fakes import HANGUP, FakeChannel

FAILED, PASSED = ChallengeResult.FAILED, ChallengeResult.PASSED


def settings(attempts: int = 2, contact: str = "") -> ChallengeSettings:
    return ChallengeSettings(
        attempts=attempts, key_seconds=5.0, prompts=Path("/prompts"), contact_number=contact
    )


def run(
    channel: FakeChannel, digits: Sequence[str] = "738", **changes: object
) -> tuple[ChallengeResult | None, list[str]]:
    outcome = ChallengeOutcome()
    chosen = iter(digits)
    run_challenge(channel, settings(**changes), outcome, lambda: next(chosen))  # type: ignore[arg-type]
    return outcome.result, outcome.attempts


def test_a_question_of_its_own_falls_back_to_the_common_one_and_that_to_the_switchs() -> None:
    def asked(*missing: str) -> list[str]:
        channel = FakeChannel(keys=["7"], missing=set(missing))
        run_challenge(channel, settings(), ChallengeOutcome(), lambda: "7", prompt="beep")
        return [command for command in channel.commands if command.startswith("play")][:-1]

    assert asked() == ["play beep-7"]
    assert asked("beep-7") == ["play beep-7", "play press-7"]
    assert asked("beep-7", "press-7") == ["play beep-7", "play press-7", "play vm-press"]


@pytest.mark.parametrize(
    ("what", "keys", "result", "attempts", "heard"),
    [
        (
            "right key, pressed into the prompt",
            ["7"],
            PASSED,
            ["asked 7, pressed 7"],
            ["play press-7", "play passed"],
        ),
        (
            "right key, after the prompt",
            [None, "7"],
            PASSED,
            ["asked 7, pressed 7"],
            ["play press-7", "wait_for_key", "play passed"],
        ),
        (
            "wrong key, then the right one",
            ["1", "3"],
            PASSED,
            ["asked 7, pressed 1", "asked 3, pressed 3"],
            ["play press-7", "play wrong-key", "play press-3", "play passed"],
        ),
        (
            "no key, then the right one",
            [None, None, None, "3"],
            PASSED,
            ["asked 7, no key", "asked 3, pressed 3"],
            ["play press-7", "wait_for_key", "play no-key", "play press-3", "wait_for_key", "play passed"],
        ),
        (
            "the first digit again on the second attempt",
            ["1", "7"],
            FAILED,
            ["asked 7, pressed 1", "asked 3, pressed 7"],
            ["play press-7", "play wrong-key", "play press-3", "play rejected"],
        ),
        (
            "no key at all: dead air",
            [],
            FAILED,
            ["asked 7, no key", "asked 3, no key"],
            ["play press-7", "wait_for_key", "play no-key", "play press-3", "wait_for_key", "play rejected"],
        ),
        (
            "keys that are no digits",
            ["*", "#"],
            FAILED,
            ["asked 7, pressed *", "asked 3, pressed #"],
            ["play press-7", "play wrong-key", "play press-3", "play rejected"],
        ),
    ],
)
def test_what_a_caller_does_decides(
    what: str, keys: list[str | None], result: ChallengeResult, attempts: list[str], heard: list[str]
) -> None:
    channel = FakeChannel(keys=keys)
    assert run(channel) == (result, attempts)
    assert channel.commands == heard


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_a_caller_has_as_many_attempts_as_are_configured(attempts: int) -> None:
    result, asked = run(FakeChannel(), attempts=attempts)
    assert (result, len(asked)) == (FAILED, attempts)


def test_each_attempt_asks_for_a_new_digit() -> None:
    _, asked = run(FakeChannel(), "904", attempts=3)
    assert [line[6] for line in asked] == ["9", "0", "4"]


def test_the_digit_is_every_digit_and_nothing_else() -> None:
    drawn = Counter(random_digit() for _ in range(1000))
    assert set(drawn) == set("0123456789")


# --- prompts that are not there ----------------------------------------------------------------------------


def test_a_missing_prompt_falls_back_to_asterisks_own() -> None:
    channel = FakeChannel(keys=[None, "7"], missing=["press-7"])
    assert run(channel)[0] is PASSED
    assert channel.commands == ["play press-7", "play vm-press", "play digits/7", "play passed"]


def test_the_fallback_can_be_interrupted_and_waits_for_a_key_too() -> None:
    assert run(FakeChannel(keys=["7"], missing=["press-7"]))[0] is PASSED
    assert run(FakeChannel(keys=[None, None, "7"], missing=["press-7"]))[0] is PASSED


@pytest.mark.parametrize("line", ["passed", "wrong-key", "no-key", "rejected", "rejected-contact", "goodbye"])
def test_a_missing_courtesy_changes_nobodys_fate(line: str) -> None:
    for keys, expected in ((["1", "3"], PASSED), ([None, None, None, "3"], PASSED), ([], FAILED)):
        assert run(FakeChannel(keys=keys, missing=[line]))[0] is expected


def test_without_any_prompt_nobody_was_asked_and_nobody_is_rejected() -> None:
    outcome = ChallengeOutcome()
    with pytest.raises(ChannelError) as caught:
        run_challenge(FakeChannel(missing="*"), settings(), outcome)
    assert not isinstance(caught.value, ChannelHangup)
    assert (outcome.result, outcome.attempts) == (None, [])


@pytest.mark.parametrize("gone", ["vm-press", "digits/7"])
def test_half_a_fallback_is_no_question(gone: str) -> None:
    with pytest.raises(ChannelError):
        run(FakeChannel(missing=["press-7", gone]))


# --- the contact for redress -------------------------------------------------------------------------------


def test_a_rejected_caller_hears_whom_to_call() -> None:
    channel = FakeChannel()
    run(channel, attempts=1, contact="8005")
    assert channel.commands[2:] == [
        "play rejected-contact",
        "play digit-8",
        "play digit-0",
        "play digit-0",
        "play digit-5",
        "play goodbye",
    ]


def test_the_number_is_read_by_asterisks_own_digits_where_ours_are_missing() -> None:
    channel = FakeChannel(missing=["digit-8", "goodbye"])
    run(channel, attempts=1, contact="85")
    assert channel.commands[3:] == [
        "play digit-8",
        "play digits/8",
        "play digit-5",
        "play goodbye",
        "play vm-goodbye",
    ]


def test_nobody_who_passes_hears_a_rejection() -> None:
    channel = FakeChannel(keys=["7"])
    run(channel, contact="8005")
    assert not [command for command in channel.commands if "reject" in command or "digit-" in command]


# --- hangups -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [[], ["1", "3"], ["7"]])
@pytest.mark.parametrize("missing", [[], ["press-7", "press-3", "digit-8", "goodbye"]])
def test_a_hangup_at_any_step_ends_the_test_at_once(keys: list[str], missing: list[str]) -> None:
    whole = FakeChannel(keys=keys, missing=missing)
    run(whole, contact="8")
    for n in range(1, len(whole.commands) + 1):
        channel = FakeChannel(keys=keys, missing=missing, faults={n: HANGUP})
        outcome = ChallengeOutcome()
        chosen = iter("73")
        with pytest.raises(ChannelHangup):
            run_challenge(channel, settings(contact="8"), outcome, lambda chosen=chosen: next(chosen))
        assert channel.commands == whole.commands[:n]
        asked = sum(command.startswith("play press") for command in channel.commands)
        assert len(outcome.attempts) in (asked - 1, asked)
        before_the_last_word = not any("passed" in c or "rejected" in c for c in channel.commands)
        assert (outcome.result is None) == before_the_last_word
