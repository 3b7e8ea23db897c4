"""The Prometheus text format, read back by Prometheus's own Python library."""

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from silentspam.metrics import Gauge, exposition, gauge

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
