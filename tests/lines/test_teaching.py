"""What a call taught, in words: for every outcome there are some."""

import pytest

from silentspam.lines.fate import Outcome
from silentspam.lines.teaching import told


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_told_and_other_kinds_teach_of_no_line(outcome: Outcome) -> None:
    (of_line,) = told(outcome, None, [])
    (of_kind,) = told(outcome, None, [], of_line=False)
    assert of_line.startswith("it taught: ")
    assert "line" not in of_kind
    assert "burst" not in of_kind
