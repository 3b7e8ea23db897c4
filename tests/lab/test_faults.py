"""How a run under a fault is judged; and a few faults under real calls, as `make faults` makes them all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from docs import faults as page
from lab.fault_results import Result, judge
from lab.faults import FAULTS, SHORT
from lab.haproxy import Backend, configuration
from lab.product import REPOSITORY
from lab.sounds import DEAD_AIR, SPEECH
from lab.stream import Fate

PERSON = Fate(number="1", sound=SPEECH, switch=0, placed=10.0, answered=10.1, reached=12.1, ended=14.0)
SPAM = Fate(number="2", sound=DEAD_AIR, switch=0, placed=10.0, answered=10.1, ended=30.0)


def row(number: str, disposition: str | None = "BRIDGED", **known: object) -> dict[str, object]:
    columns = {"verdict": "HAM", "failed_open": 0, "failed_open_cause": None, "ended_at": 14.0}
    return {"ani": number, "disposition": disposition, **columns, **known}


REJECTED = row("2", "REJECTED_CALLER_SILENCE", verdict="CALLER_SILENCE")


def judged(fates: list[Fate], rows: list[dict[str, object]], *, kills: bool = False) -> Result:
    return judge("x", "a fault", fates, rows, [], fault=(11.0, 13.0), kills_calls=kills)


def test_all_is_well_when_people_reach_agents_dead_air_does_not_and_every_row_is_there() -> None:
    result = judged([PERSON, SPAM], [row("1"), REJECTED])
    assert result.passed
    assert (result.right, result.unscreened, result.rows_found) == (2, 0, 2)


@pytest.mark.parametrize(
    ("fate", "rows", "what"),
    [
        (Fate(number="1", sound=SPEECH, switch=0, placed=1.0, answered=1.1, ended=9.0), [row("1")], "lost"),
        (Fate(number="2", sound=DEAD_AIR, switch=0, placed=1.0, answered=1.1), [REJECTED], "lost"),
        (PERSON, [], "rows_missing"),
        (PERSON, [row("1", ended_at=None)], "rows_missing"),
        (PERSON, [row("1"), row("1")], "rows_wrong"),
        (PERSON, [row("1", "SCREEN_ABANDON")], "rows_wrong"),
        (SPAM, [row("2")], "rows_wrong"),
    ],
)
def test_what_is_lost_or_wrong_fails_the_run(fate: Fate, rows: list[dict[str, object]], what: str) -> None:
    result = judged([fate], rows)
    assert not result.passed
    assert getattr(result, what)


def test_a_call_that_fails_open_is_no_loss_and_not_as_it_would_have_been() -> None:
    result = judged([PERSON], [row("1", verdict=None, failed_open=1, failed_open_cause="X: 12345 /a/b/c")])
    assert result.passed
    assert (result.right, result.unscreened) == (0, 1)
    assert result.causes == {"X: … …c": 1}


def test_a_call_that_ends_with_asterisk_is_told_apart_and_still_needs_its_row() -> None:
    cut = Fate(number="1", sound=SPEECH, switch=0, placed=10.0, answered=10.1, left=55.0)
    assert judged([cut], [row("1", None)], kills=True).passed
    assert judged([cut], [], kills=True).rows_missing
    assert judged([cut], [row("1", None)]).lost
    never_answered = Fate(number="1", sound=SPEECH, switch=0, placed=12.0)
    assert judged([never_answered], [], kills=True).passed


def test_names_of_faults_are_distinct_and_the_short_ones_are_among_them() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert set(SHORT) <= set(names)


def test_the_page_says_what_was_measured_and_nothing_else(tmp_path: Path) -> None:
    results = [
        judged([PERSON, SPAM], [row("1"), REJECTED]),
        judged([PERSON], []),
        Result(name="y", about="another", not_made="no mount"),
    ]
    file, out = tmp_path / "results.json", tmp_path / "faults.md"
    file.write_text(json.dumps([vars(result) for result in results]))
    assert page.main([str(file), "--out", str(out)]) == 0
    text = out.read_text()
    assert "2 of 3 faults were made, under 3 calls: 0 calls lost, 1 rows lost, 0 rows wrong" in text
    assert "nothing: an agent after 2.1 s at most" in text
    assert "not made here | no mount" in text


def test_the_page_needs_a_whole_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results.json").write_text('[{"about": "x"}]')
    assert page.main([str(tmp_path / "results.json"), "--out", str(tmp_path / "x.md")]) == 1
    assert "KeyError" in capsys.readouterr().err


def test_haproxy_has_the_shipped_configuration_with_the_labs_addresses(tmp_path: Path) -> None:
    backends = [Backend(name="one", port=1111, metrics_port=2222)]
    text = configuration(3333, backends, tmp_path / "stats")
    assert "    bind 127.0.0.1:3333\n" in text
    assert [line for line in text.splitlines() if line.startswith("    server ")] == [
        "    server one 127.0.0.1:1111 port 2222 check"
    ]
    assert "http-check disable-on-404" in text
    assert "shutdown-sessions" in text


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_call_and_no_row_is_lost_under_real_calls(tmp_path: Path) -> None:
    report = tmp_path / "faults.json"
    done = subprocess.run(
        [sys.executable, "-m", "lab.faults", "--short", "--json", str(report)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [one["name"] for one in json.loads(report.read_text())] == list(SHORT)
