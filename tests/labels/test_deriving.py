"""Deriving labels can be repeated: it writes what has changed, and takes back what follows no longer."""

from collections.abc import Iterable
from itertools import count

import pytest

from silentspam.calllog.labels import Answer, Label, LabelledCall, LabelSource
from silentspam.labels import deriving
from silentspam.labels.deriving import derive
from tests.labels.calls import a_call, a_label


class Written:
    def __init__(self) -> None:
        self.batches: list[list[tuple[str, Label | None]]] = []

    def __call__(self, changes: Iterable[tuple[str, Label | None]]) -> None:
        self.batches.append(list(changes))

    @property
    def changes(self) -> list[tuple[str, Label | None]]:
        return [change for batch in self.batches for change in batch]


def run(*calls: LabelledCall) -> Written:
    written, ticks = Written(), count(5.0)
    derive(calls, written, clock=lambda: next(ticks))
    return written


SPAM = {"challenge_result": "FAILED", "caller_speech_seconds": 0.0}
HAM = {"challenge_result": "PASSED", "caller_speech_seconds": 2.0}
PASSED = {"challenge_result": "PASSED"}


def test_a_label_says_what_why_and_when() -> None:
    ((call_id, label),) = run(a_call(**SPAM)).changes
    assert label == Label(
        call_id="call-1",
        source=LabelSource.OUTCOME,
        label=Answer.SPAM,
        labelled_at=5.0,
        labelled_by="silentspam",
        kind="CALLER_SILENCE",
        note="failed the challenge and never spoke",
    )
    assert call_id == "call-1"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"verdict": "CALLER_FAX", "level_dbfs": -20.0}, "CALLER_FAX"),
        ({"verdict": "CALLER_SILENCE", "level_dbfs": -70.0}, "CALLER_SILENCE"),
        ({"verdict": "HAM", "level_dbfs": -70.0}, "CALLER_SILENCE"),
        ({"verdict": None, "level_dbfs": -70.0}, "CALLER_SILENCE"),
        ({"verdict": "HAM", "level_dbfs": -20.0}, ""),
        ({"verdict": None, "level_dbfs": -20.0}, ""),
    ],
)
def test_spam_is_of_the_kind_suspected_and_dead_air_by_lot_only_where_it_is_as_quiet(
    row: dict[str, str | float | None], kind: str
) -> None:
    ((_, label),) = run(a_call(**SPAM, **row)).changes
    assert label
    assert (label.label, label.kind) == (Answer.SPAM, kind)


def test_a_label_without_its_kind_is_written_again_with_it() -> None:
    old = a_label(source=LabelSource.OUTCOME, note="failed the challenge and never spoke")
    ((_, label),) = run(a_call(old, verdict="CALLER_FAX", **SPAM)).changes
    assert label
    assert label.kind == "CALLER_FAX"


def test_who_passed_a_challenge_is_a_person_whatever_was_suspected() -> None:
    ((_, label),) = run(a_call(verdict="CALLER_FAX", **HAM)).changes
    assert label
    assert (label.label, label.kind) == (Answer.HAM, "")


def test_a_second_time_nothing_is_written() -> None:
    ((_, label),) = run(a_call(**SPAM)).changes
    assert label
    assert run(a_call(label, **SPAM)).changes == []


def test_a_measure_that_comes_later_makes_a_weaker_label_a_stronger_one() -> None:
    ((_, weak),) = run(a_call(**PASSED)).changes
    assert weak
    assert weak.source is LabelSource.CONDUCT
    ((_, strong),) = run(a_call(weak, **HAM)).changes
    assert strong
    assert strong.source is LabelSource.OUTCOME


def test_what_follows_no_longer_is_taken_back() -> None:
    ((_, label),) = run(a_call(**SPAM)).changes
    assert label
    assert run(a_call(label, verdict="INCONCLUSIVE", **SPAM)).changes == [("call-1", None)]


def test_labels_of_people_and_files_are_left_alone() -> None:
    labels = (a_label(), a_label(source=LabelSource.IMPORT))
    assert run(a_call(*labels)).changes == []


def test_every_finding_is_counted_and_long_logs_are_written_in_parts() -> None:
    calls = [a_call(call_id=f"call-{n}", **SPAM) for n in range(2 * deriving.AT_ONCE + 1)]
    written = Written()
    counts = derive(calls, written)
    assert sum(counts.values()) == len(calls)
    assert [len(batch) for batch in written.batches] == [deriving.AT_ONCE, deriving.AT_ONCE, 1]
