"""Counts of one process and of many, and Prometheus's text format, read back by its own Python library."""

import json
import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from silentspam.metrics import (
    SECONDS,
    Gauge,
    Metric,
    Registry,
    State,
    added,
    exposition,
    gauge,
    of_kind,
    told,
)

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
)
"""The format knows no line but the one a line feed ends; Python's `splitlines` in the reader knows more."""


@given(TEXT, TEXT, st.floats(allow_nan=False))
def test_every_text_and_number_comes_back(label: str, about: str, value: float) -> None:
    text = exposition([Gauge(name="silentspam_x", help=about, samples=(({"line": label, "b": "c"}, value),))])
    (family,) = text_string_to_metric_families(text)
    (sample,) = family.samples
    assert (sample.labels, sample.value) == ({"line": label, "b": "c"}, value)
    assert family.type == "gauge"
    assert text.count("\n") == 3


def test_what_has_no_value_has_its_help_and_type_alone() -> None:
    assert exposition([gauge("a", "why", None)]) == "# HELP a why\n# TYPE a gauge\n"
    assert exposition([gauge("a", "why", 2)]) == "# HELP a why\n# TYPE a gauge\na 2.0\n"


def test_a_number_that_is_none_is_written_as_prometheus_wants_it() -> None:
    assert exposition([gauge("a", "", math.nan)]).endswith("a NaN\n")
    assert exposition([gauge("a", "", math.inf)]).endswith("a +Inf\n")
    assert exposition([gauge("a", "", -math.inf)]).endswith("a -Inf\n")


def test_quotes_backslashes_and_line_feeds_are_escaped_as_the_format_says() -> None:
    text = exposition([gauge("a", 'say "x\\y"\nz', 1, {"l": 'say "x\\y"\nz'})])
    assert text.splitlines()[0] == '# HELP a say "x\\\\y"\\nz'
    assert text.splitlines()[2] == 'a{l="say \\"x\\\\y\\"\\nz"} 1.0'


# --- counting, in one process and many ----------------------------------------------------------------------

CALLS = Metric("silentspam_t_calls_total", "counter", "Calls.", ("decision", "why"))
NOW = Metric("silentspam_t_now", "gauge", "Now.")
TOOK = Metric("silentspam_t_seconds", "histogram", "Took.", ("stage",))
NEVER = Metric("silentspam_t_never_total", "counter", "Never counted.")
COUNTED = (CALLS, NOW, TOOK, NEVER)

DURATIONS = st.lists(st.floats(0, 120), max_size=40)


def read(state: State) -> dict[str, dict[tuple[str, ...], float]]:
    """Every sample as Prometheus's own library reads it: name → values of the labels → value."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(told(state, COUNTED)):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_what_was_never_counted_is_there_with_its_help_and_no_sample() -> None:
    families = {f.name: f for f in text_string_to_metric_families(told(Registry().copy(), COUNTED))}
    assert families["silentspam_t_never"].documentation == "Never counted."
    assert all(not family.samples for family in families.values())


LABEL = TEXT.filter(lambda text: "\x1f" not in text)
"""A registry sets a metric's labels apart by the unit separator; they are enums and names of classes."""


@given(LABEL, LABEL)
def test_any_label_comes_back_with_its_count(first: str, second: str) -> None:
    registry = Registry()
    registry.add(CALLS, first, second)
    registry.add(CALLS, first, second, by=2)
    assert read(registry.copy())["silentspam_t_calls_total"] == {(first, second): 3.0}


@given(DURATIONS)
def test_buckets_are_cumulative_and_hold_what_is_not_longer_than_their_bound(durations: list[float]) -> None:
    registry = Registry()
    for seconds in durations:
        registry.observe(TOOK, "judge", seconds=seconds)
    found = read(registry.copy())
    if not durations:
        assert found == {}
        return
    buckets = found["silentspam_t_seconds_bucket"]
    assert [float(bound) for _, bound in buckets] == [*SECONDS, math.inf]
    for (_, bound), count in buckets.items():
        assert count == sum(seconds <= float(bound) for seconds in durations)
    assert found["silentspam_t_seconds_count"] == {("judge",): len(durations)}
    assert found["silentspam_t_seconds_sum"][("judge",)] == pytest.approx(sum(durations))


def test_a_duration_that_is_a_bound_counts_in_its_bucket() -> None:
    registry = Registry()
    registry.observe(TOOK, "judge", seconds=0.1)
    assert read(registry.copy())["silentspam_t_seconds_bucket"][("judge", "0.1")] == 1.0


@given(st.lists(DURATIONS, min_size=1, max_size=5))
def test_the_sum_of_processes_is_what_one_would_have_counted(processes: list[list[float]]) -> None:
    one, states = Registry(), []
    for durations in processes:
        registry = Registry()
        for counted in (registry, one):
            counted.add(NOW, by=len(durations))
            for seconds in durations:
                counted.add(CALLS, "BRIDGE", "" if seconds < 1 else "late")
                counted.observe(TOOK, "whole", seconds=seconds)
        states.append(json.loads(json.dumps(registry.copy())))
    total, alone = read(added(states)), read(one.copy())
    assert total.keys() == alone.keys()
    for name, samples in alone.items():
        assert total[name] == pytest.approx(samples)


def test_a_sum_shares_nothing_with_what_was_added() -> None:
    registry = Registry()
    registry.add(CALLS, "BRIDGE", "")
    total = added([registry.copy(), registry.copy()])
    added([total, registry.copy()])
    registry.add(CALLS, "BRIDGE", "")
    assert read(total)["silentspam_t_calls_total"] == {("BRIDGE", ""): 2.0}


def test_of_a_process_that_is_gone_its_counters_stay_and_its_gauges_do_not() -> None:
    registry = Registry()
    registry.add(CALLS, "BRIDGE", "")
    registry.put(NOW, at=7)
    registry.observe(TOOK, "judge", seconds=1)
    left = of_kind(registry.copy(), COUNTED, "counter", "histogram")
    assert left.keys() == {CALLS.name, TOOK.name}


def test_counts_of_many_threads_are_all_there() -> None:
    registry = Registry()

    def count() -> None:
        for _ in range(500):
            registry.add(CALLS, "BRIDGE", "")
            registry.observe(TOOK, "judge", seconds=0.01)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read(registry.copy())
    assert found["silentspam_t_calls_total"] == {("BRIDGE", ""): 4000}
    assert found["silentspam_t_seconds_count"] == {("judge",): 4000}
