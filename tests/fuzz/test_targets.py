"""Hostile bytes for every reader, the same ones each time: a refusal is well, anything else is not.

Inputs are good ones with a few edits (what a bad disk, a wrong program or a stranger would make of them), and
bytes at random. `make fuzz` goes on from here for a million inputs, guided by coverage.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

INPUTS = 120
"""For each target; one that is given fewer in the long run gets fewer here."""

TOKENS = st.sampled_from(
    [
        b"",
        b"\0",
        b"\n",
        b"\r",
        b"\n\n",
        b'"',
        b"'",
        b",",
        b":",
        b"{",
        b"[",
        b"[" * 2000,
        b"-1",
        b"0",
        b"9" * 400,
        b"1e999",
        b"NaN",
        b"null",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xff\xff\xff\x7f",
        b"../",
        b"x" * 300,
    ]
)


@st.composite
def edited(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """One of the seeds with up to four edits: something cut out, something put in its place."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.sampled_from([0, 0, 1, 4, 40, len(content)]))
        content = content[:start] + draw(TOKENS | st.binary(max_size=8)) + content[start + length :]
    return content


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_whatever_bytes_come_a_reader_reads_or_refuses(target: Target) -> None:
    inputs = edited(tuple(target.seeds())) | st.binary(max_size=200)

    @settings(max_examples=round(INPUTS * min(target.share * 2, 1)), suppress_health_check=list(HealthCheck))
    @given(inputs)
    def read(content: bytes) -> None:
        target.try_on(content)

    read()


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_the_inputs_to_start_from_have_a_good_one(target: Target) -> None:
    """Else a reader that refuses everything would pass for one that stands everything."""
    target.read(target.seeds()[0])


FOUND = (
    ("gate-hashed", b'{"dnis":"5550200"', b'{"\xff":"5550200"'),
    ("lines-snapshot-hashed", b'{"line_id":"line 0"', b'{"line_id":"\xe0"'),
    ("list-parquet", b"recording", b"\xf2ecording"),
    ("public-key", b"1 ", b"1 \xff"),
    ("unlogged-rows", b"1700000000.5", b"nan"),
)
"""What fuzzing found and was mended: target, what of a seed was replaced, and by what."""


@pytest.mark.parametrize(("name", "old", "new"), FOUND)
def test_what_fuzzing_found_is_refused(name: str, old: bytes, new: bytes) -> None:
    seed = next(seed for seed in TARGETS[name].seeds() if old in seed)
    TARGETS[name].try_on(seed.replace(old, new))
