"""Whose recordings are kept, and when they are due."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.call import Call
from silentspam.retention.names import Form, going_name, is_call_id, is_there, parsed
from silentspam.retention.rules import DAY, Policy, Rules, in_sample


@pytest.mark.parametrize(
    ("policy", "challenged", "kept"),
    [
        (Policy.ALL, False, True),
        (Policy.ALL, True, True),
        (Policy.CHALLENGED, False, False),
        (Policy.CHALLENGED, True, True),
        (Policy.SAMPLE, True, True),
        (Policy.NONE, False, False),
        (Policy.NONE, True, False),
    ],
)
def test_whose_recordings_are_kept(policy: Policy, challenged: bool, kept: bool) -> None:
    assert Rules(policy=policy, sample_share=0.0).keeps(Call.new_id(), challenged=challenged) is kept


def test_a_sample_has_its_share_of_calls_and_the_same_ones_every_time() -> None:
    ids = [Call.new_id() for _ in range(4000)]
    drawn = [call_id for call_id in ids if in_sample(call_id, 0.25)]
    assert 850 < len(drawn) < 1150
    assert drawn == [call_id for call_id in ids if in_sample(call_id, 0.25)]
    assert all(in_sample(call_id, 0.5) for call_id in drawn), "a larger share only adds calls"


@given(st.uuids().map(str))
def test_a_share_of_none_draws_nobody_and_of_all_everybody(call_id: str) -> None:
    assert not in_sample(call_id, 0.0)
    assert in_sample(call_id, 1.0)


def test_a_recording_is_due_when_it_is_older_than_its_days_and_never_without_any() -> None:
    rules = Rules(days=30)
    assert not rules.is_due(0.0, 30 * DAY)
    assert rules.is_due(0.0, 30 * DAY + 1)
    assert not Rules(days=0).is_due(0.0, 1e12)


CALL = "3f0c9c1e-5d7a-4a55-9d1f-0a2b3c4d5e6f"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        (f"{CALL}.ulaw", Form.PLAIN),
        (f"{CALL}.ulaw.sealed", Form.SEALED),
        (f"{CALL}.ulaw.unreadable", Form.UNREADABLE),
        (going_name(CALL), Form.GOING),
        (f"{CALL}.ulaw.sealed.0a1b2c3d.partial", Form.PARTIAL),
    ],
)
def test_the_forms_of_a_recording(name: str, form: Form) -> None:
    assert parsed(name) == (CALL, form)


@pytest.mark.parametrize(
    "name",
    [
        f"{CALL.upper()}.ulaw",
        f"{CALL}.wav",
        f"{CALL}.ulaw\n",
        f"{CALL}.ulaw.sealed.partial",
        f"{CALL}.ulaw.old",
        f"x{CALL}.ulaw",
        f"../{CALL}.ulaw",
        f"{CALL[:-1]}٣.ulaw",
        "greeting.ulaw",
        ".ulaw",
        "",
    ],
)
def test_what_no_call_id_names_is_not_ours(name: str) -> None:
    assert parsed(name) is None


def test_no_path_at_all_is_no_recording() -> None:
    assert not is_there(Path())
    assert not is_there(Path("nowhere.ulaw"))


@given(st.text(max_size=60))
def test_no_other_text_is_taken_for_a_call_id(text: str) -> None:
    assert is_call_id(Call.new_id())
    if is_call_id(text):
        assert text.count("-") == 4
