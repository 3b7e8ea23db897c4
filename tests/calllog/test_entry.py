"""An entry on its way through a spool file: it comes back as it was, and garbage is told from it."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.call import CallRecord
from silentspam.calllog.entry import Entry, Part, screened
from silentspam.errors import CallLogError
from tests.fakes import CALL_ID, a_call


def test_what_is_unknown_is_left_out_and_what_is_false_or_zero_is_not() -> None:
    columns = screened(CallRecord(call=a_call(), digital_silence_share=0.0)).columns
    assert columns["failed_open"] == 0
    assert columns["digital_silence_share"] == 0.0
    assert not {"verdict", "uniqueid", "reasons", "challenge_attempts"} & columns.keys()


def test_a_number_of_numpys_is_a_number() -> None:
    entry = screened(CallRecord(call=a_call(), digital_silence_share=np.float64(0.5)))
    assert Entry.from_json(entry.to_json()).columns["digital_silence_share"] == 0.5


def test_an_entry_is_one_line_of_json_whatever_it_holds() -> None:
    entry = screened(CallRecord(call=a_call(), failed_open_cause="a\nb\u2028c\x85d\x1ee"))
    text = entry.to_json()
    assert text.isascii()
    assert text.splitlines() == [text]
    assert Entry.from_json(text) == entry


GARBAGE = [
    "",
    "null",
    "[]",
    "7",
    "{",
    "{}",
    '{"part": "screened"}',
    '{"part": "screened", "columns": null}',
    '{"part": "screened", "columns": []}',
    '{"part": "screened", "columns": {}}',
    '{"part": "neither", "columns": {"call_id": "x"}}',
    '{"part": "screened", "columns": {"call_id": ""}}',
    '{"part": "screened", "columns": {"call_id": null}}',
    '{"part": "screened", "columns": {"call_id": ["x"]}}',
    '{"part": "screened", "columns": {"call_id": "x", "no_column": 1}}',
    '{"part": "screened", "columns": {"call_id": "x", "ani": {}}}',
    '{"part": "screened", "columns": {"call_id": "x", "hangup_cause": 1' + "0" * 30 + "}}",
    '{"part": "screened", "columns": {"call_id": "x", "hangup_cause": 1' + "0" * 5000 + "}}",
    '{"part": "screened", "columns": {"call_id": "x", "ani": "\\ud800"}}',
    "[" * 100_000,
    '{"part": "screened", "columns": {"call_id": "' + CALL_ID,
]


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_a_call_log_error_that_shows_its_beginning(text: str) -> None:
    with pytest.raises(CallLogError, match="not an entry"):
        Entry.from_json(text)


def test_a_message_about_garbage_is_short() -> None:
    with pytest.raises(CallLogError) as caught:
        Entry.from_json("x" * 1_000_000)
    assert len(str(caught.value)) < 500


def test_a_good_entry_is_accepted() -> None:
    text = json.dumps({"part": "ended", "columns": {"call_id": "x", "hangup_cause": 16, "ani": None}})
    assert Entry.from_json(text) == Entry(Part.ENDED, {"call_id": "x", "hangup_cause": 16, "ani": None})


@given(
    st.dictionaries(
        st.sampled_from(["ani", "started_at", "hangup_cause", "embedding", "no_column"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.lists(st.integers(), max_size=1),
    )
)
def test_an_entry_is_the_same_whichever_way_it_is_read(columns: dict[str, object]) -> None:
    text = json.dumps({"part": "screened", "columns": {"call_id": "x", **columns}})
    known = [repr(read_or_none(read, text)) for read in (Entry.from_json, Entry._with_care)]
    assert known[0] == known[1]


def read_or_none(read: Callable[[str], Entry], text: str) -> Entry | None:
    try:
        return read(text)
    except CallLogError:
        return None
