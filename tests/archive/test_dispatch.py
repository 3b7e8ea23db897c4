"""Chunks and dying workers: every recording gets one row, and only a killer gets the blame."""

import random
from collections import Counter, deque
from contextlib import AbstractContextManager, nullcontext

from hypothesis import given
from hypothesis import strategies as st

from silentspam.archive.dispatch import TRIES, Outcome, dispatch
from silentspam.archive.listing import Listed, Stamp
from silentspam.archive.plan import Chunk, in_chunks
from silentspam.archive.worker import Row


class MortalCrew:
    """Answers in any order. A killer takes all that is under way with it, as in a pool; so does bad luck."""

    def __init__(self, killers: set[str], bad_luck: int, chance: random.Random) -> None:
        self._killers, self._bad_luck, self._chance = killers, bad_luck, chance
        self._under_way: deque[Chunk] = deque()
        self.deaths = 0

    def capacity(self) -> int:
        return self._chance.randint(1, 5)

    def submit(self, chunk: Chunk) -> None:
        self._under_way.append(chunk)

    def alone(self) -> AbstractContextManager["MortalCrew"]:
        return nullcontext(self)

    def collect(self) -> list[Outcome]:
        self._under_way.rotate(self._chance.randint(0, 5))
        chunk = self._under_way.popleft()
        unlucky = len(self._under_way) > 0 and self._bad_luck > 0 and self._chance.random() < 0.3
        if not unlucky and not self._killers & {one.stamp.recording for one in chunk.recordings}:
            return [Outcome(chunk, [Row(one.stamp, kind="HAM") for one in chunk.recordings])]
        self._bad_luck -= unlucky
        self.deaths += 1
        lost = [chunk, *self._under_way]
        self._under_way.clear()
        return [Outcome(one, None) for one in lost]


@given(
    count=st.integers(0, 80),
    size=st.integers(1, 30),
    killers=st.sets(st.integers(0, 79), max_size=3),
    bad_luck=st.integers(0, 4),
    seed=st.integers(0, 1000),
)
def test_every_recording_has_one_row_and_only_killers_an_error(
    count: int, size: int, killers: set[int], bad_luck: int, seed: int
) -> None:
    recordings = [Listed(Stamp("a", str(index)), "") for index in range(count)]
    crew = MortalCrew({str(killer) for killer in killers}, bad_luck, random.Random(seed))
    rows = [row for _, rows in dispatch(crew, in_chunks(recordings, size)) for row in rows]
    assert Counter(row.stamp for row in rows) == Counter(one.stamp for one in recordings)
    failed = {row.stamp.recording for row in rows if row.error}
    assert failed == {str(killer) for killer in killers if killer < count}


def test_a_killer_is_given_up_after_its_tries() -> None:
    crew = MortalCrew({"0"}, 0, random.Random(0))
    ((chunk, rows),) = dispatch(crew, [Chunk((Listed(Stamp("a", "0"), ""),))])
    assert len(chunk.recordings) == 1
    assert rows[0].error == f"{TRIES} workers died of it"
    assert crew.deaths == 1 + TRIES
