"""`silentspam report`: terminal, JSON and page, over a call log whose counts are known."""

import json
import re
from pathlib import Path

import pytest

from tests.reports.calls import Group, write_log

PERIOD = ("--since", "2026-11-19", "--until", "2026-11-21")


@pytest.fixture
def log(tmp_path: Path) -> None:
    write_log(tmp_path / "log")


def cells(out: str, start: str) -> list[str]:
    """The cells of the first line that begins with `start`."""
    line = next(line for line in out.splitlines() if line.startswith(start))
    return re.split(r" {2,}", line)


@pytest.mark.usefixtures("log")
def test_calls_as_tables(silentspam) -> None:
    code, out, err = silentspam("report", "calls", *PERIOD)
    assert (code, err) == (0, "")
    assert out.startswith("Calls, 2026-11-19 00:00:00 UTC to 2026-11-21 00:00:00 UTC")
    assert cells(out, "CALLER_SILENCE")[:3] == ["CALLER_SILENCE", "30", "83.33%"]
    assert cells(out, "Total") == ["Total", "36"]
    assert cells(out, "BRIDGED")[:4] == ["BRIDGED", "AGENT", "15", "60.00%"]
    assert cells(out, "suspicion") == ["suspicion", "44", "4", "36", "4", "0"]
    assert cells(out, "digital silence") == ["digital silence", "11"]
    assert cells(out, "2026-11-20")[:3] == ["2026-11-20", "118", "12"]
    assert "0 of 55 (0.00%; 95 % interval 0.00% to 6.53%), as it must be" in out


@pytest.mark.usefixtures("log")
def test_every_figure_as_json(silentspam) -> None:
    _, out, _ = silentspam("report", "calls", *PERIOD, "--json")
    figures = json.loads(out)
    assert figures["time_zone"] == "UTC"
    assert figures["table2"]["CALLER_FAX"]["hits"] == 6
    assert figures["table3"][0] == {
        "disposition": "BRIDGED",
        "ended_by": "AGENT",
        "calls": 15,
        "rejected": False,
    }
    assert figures["digital_silence_among_judged_silent"]["hits"] == 0
    assert figures["days"]["2026-11-19"]["volumes"]["calls"] == 176
    assert figures["max_false_challenge_rate"] == 0.005


@pytest.mark.usefixtures("log")
def test_errors_with_the_calls_to_look_at(silentspam) -> None:
    code, out, _ = silentspam("report", "errors", *PERIOD)
    assert code == 0
    assert cells(out, "false-challenge rate, evidence seen")[1:4] == ["12", "225", "5.33%"]
    assert "is above model.max_false_challenge_rate (0.50%)" in out
    assert "7-0-4" in out
    _, out, _ = silentspam("report", "errors", *PERIOD, "--json")
    found = json.loads(out)["findings"]
    assert found["passed_challenge"]["calls"] == len(found["passed_challenge"]["newest"]) == 4


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("report", ["calls", "errors"])
def test_a_page_stands_alone_and_runs_nothing_of_a_callers(silentspam, report: str, tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.html"
    code, _, err = silentspam("report", report, *PERIOD, "--html", page)
    assert code == 0
    assert str(page) in err
    html = page.read_text()
    assert "<script" not in html
    assert html.count("data:image/png;base64,") == (2 if report == "calls" else 0)
    assert ("&lt;script&gt;" in html) == (report == "errors")


def test_no_name_of_a_callers_moves_the_cursor(silentspam, tmp_path: Path) -> None:
    name = "\x1b[2Jx\u202e\ny"
    write_log(tmp_path / "log", (Group(first=1, verdict="CALLER_SILENCE", result="PASSED", name=name),))
    _, out, _ = silentspam("report", "errors", *PERIOD)
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[2Jx\\u202e y" in out


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("report", ["calls", "errors"])
def test_an_empty_period_is_said_to_be_empty(silentspam, report: str, tmp_path: Path) -> None:
    empty = ("--since", "2001-01-01", "--until", "2001-01-02")
    code, out, _ = silentspam("report", report, *empty, "--html", tmp_path / "page.html")
    assert code == 0
    assert "No calls in this period." in out
    assert json.loads(silentspam("report", report, *empty, "--json")[1])["report"] == report


@pytest.mark.parametrize("report", ["calls", "errors"])
def test_without_a_call_log_it_says_so(silentspam, report: str, tmp_path: Path) -> None:
    code, out, err = silentspam("report", report)
    assert (code, out) == (1, "")
    assert f"{tmp_path / 'log' / 'calls.db'}: there is no call log yet" in err


def test_a_period_that_ends_before_it_begins_is_a_wrong_command(silentspam) -> None:
    code, _, err = silentspam("report", "calls", "--since", "2026-11-02", "--until", "2026-11-01")
    assert code == 2
    assert "not before --until" in err


@pytest.mark.usefixtures("log")
def test_a_page_that_cannot_be_written_is_an_error_that_names_it(silentspam, below_a_file: Path) -> None:
    code, _, err = silentspam("report", "calls", *PERIOD, "--html", below_a_file)
    assert code == 1
    assert str(below_a_file) in err
