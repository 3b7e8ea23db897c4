"""Which ways to write a number are one number, and which are not."""

import pytest

from silentspam.provenance.numbers import canonical


@pytest.mark.parametrize(
    "written", ["442079460000", "+442079460000", "00442079460000", "+44 (20) 7946-0000", "0044 20.7946/0000"]
)
def test_an_international_prefix_and_what_stands_between_digits_are_left_out(written: str) -> None:
    assert canonical(written) == "442079460000"


@pytest.mark.parametrize("written", ["02079460000", "000", "00", "0", "reception", "front-desk", "", "+"])
def test_nothing_else_is(written: str) -> None:
    assert canonical(written) == written
