"""`silentspam report`: terminal, JSON and page, over a call log whose counts are known."""

import json
import re
import shutil
from functools import partial
from pathlib import Path

import pytest

from silentspam.audio import write_ulaw
from silentspam.call import Call, CallRecord
from silentspam.calllog.entry import screened
from silentspam.cli import main
from silentspam.reports import selftest
from tests.conftest import MakeOnce
from tests.fakes import noise
from tests.reports.calls import DAY_ONE, Group, write_log

PERIOD = ("--since", "2026-11-19", "--until", "2026-11-21")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the call log of the plan: copy it."""
    folder = tmp_path_factory.mktemp("written")
    write_log(folder)
    return folder


@pytest.fixture
def log(written: Path, tmp_path: Path) -> None:
    shutil.copytree(written, tmp_path / "log")


def cells(out: str, start: str) -> list[str]:
    """The cells of the first line that begins with `start`."""
    line = next(line for line in out.splitlines() if line.startswith(start))
    return re.split(r" {2,}", line)


@pytest.mark.usefixtures("log")
def test_calls_as_tables(silentspam) -> None:
    code, out, err = silentspam("report", "calls", *PERIOD)
    assert (code, err) == (0, "")
    assert out.startswith("Calls, 2026-11-19 00:00:00 UTC to 2026-11-21 00:00:00 UTC")
    assert cells(out, "CALLER_FAX")[:5] == ["CALLER_FAX", "6", "6", "0", "6"], "suspects by kind"
    table2 = out.partition("Table 2.")[2]
    assert cells(table2, "CALLER_SILENCE")[:3] == ["CALLER_SILENCE", "30", "83.33%"]
    assert cells(table2, "CALLER_FAX")[-1] == "611"
    assert cells(table2, "Total") == ["Total", "36", "968"]
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
def test_errors_say_what_labels_say_where_there_are_any(silentspam, tmp_path: Path) -> None:
    assert "What labels say" not in silentspam("report", "errors", *PERIOD)[1]
    assert json.loads(silentspam("report", "errors", *PERIOD, "--json")[1])["against_labels"] == {}
    assert silentspam("labels", "derive")[0] == 0
    out = silentspam("report", "errors", *PERIOD)[1]
    against = json.loads(silentspam("report", "errors", *PERIOD, "--json")[1])["against_labels"]
    people = against["CONDUCT"]["people_suspected"]
    found = cells(out, "labelled people who were suspected")
    assert found[1:4] == ["CONDUCT", str(people["hits"]), str(people["n"])]
    assert people["hits"] > 0


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


# --- drift -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """480 people and 180 calls of dead air, all of them noise: enough for windows of 100 calls."""
    folder = tmp_path_factory.mktemp("corpus")
    lines = ["recording,label,kind,campaign,source"]
    for k in range(480):
        write_ulaw(folder / f"ham{k}.ulaw", noise(1.2, level=3000.0 + 10 * k, seed=k))
        lines.append(f"ham{k}.ulaw,ham,{'quiet_line' if k % 5 == 0 else 'speech'},,source{k // 3}")
    for k in range(180):
        write_ulaw(folder / f"spam{k}.ulaw", noise(1.2, level=30.0 + k / 2, seed=1000 + k))
        lines.append(f"spam{k}.ulaw,spam,noise,campaign{k // 4},")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def reference(corpus: Path, model_folder: Path, make_once: MakeOnce) -> Path:
    """The reference that the self-test makes of the corpus, in 40 windows instead of 200."""
    wanted = ("--recordings", corpus, "--labels", corpus / "labels.csv", "--model", model_folder)

    def write(folder: Path) -> None:
        folder.mkdir()
        command = ("report", "drift", "--self-test", *wanted, "--write-reference", folder / "reference.json")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(selftest, "self_test", partial(selftest.self_test, windows=40))
            assert main(list(map(str, command))) == 0

    return make_once("drift-reference", write) / "reference.json"


def log_calls(folder: Path, recordings: list[Path]) -> None:
    groups = tuple(Group(first=1) for _ in recordings)
    log = write_log(folder, groups)
    for number, path in enumerate(recordings):
        call = Call(call_id=f"{number}-0-0", started_at=DAY_ONE)
        log.write(screened(CallRecord(call=call, recording=str(path))))


def test_drift_of_recent_calls(silentspam, corpus: Path, reference: Path, tmp_path: Path) -> None:
    recordings = sorted(corpus.glob("ham*.ulaw"))[:150]
    log_calls(tmp_path / "log", [*recordings, tmp_path / "gone.ulaw"])
    page = tmp_path / "drift.html"
    code, out, _ = silentspam("report", "drift", *PERIOD, "--reference", reference, "--html", page)
    assert code == 0
    assert "151 calls of the period have a recording" in out
    assert "150 unsuspected, 0 suspects, 0 that cannot be judged, 1 whose file is gone" in out
    assert "one that always fires has F1 0.667" in out
    assert page.read_text().count("data:image/png;base64,") == 2


def test_drift_as_json_names_what_fires(silentspam, corpus: Path, reference: Path, tmp_path: Path) -> None:
    loud = []
    for k in range(120):
        loud.append(tmp_path / f"{k}.ulaw")
        write_ulaw(loud[-1], noise(1.2, level=14_000.0, seed=k))
    log_calls(tmp_path / "log", loud)
    _, out, _ = silentspam("report", "drift", *PERIOD, "--reference", reference, "--json")
    figures = json.loads(out)
    assert {"levels", "any of these"} <= set(figures["fires"])
    assert figures["false_alarm_rate"] == 0.05
    assert figures["self_test"]["alarms"]["always fires"]["f1"] == pytest.approx(0.6667)


@pytest.mark.usefixtures("log")
def test_a_model_without_a_reference_is_said_to_have_none(silentspam) -> None:
    code, out, err = silentspam("report", "drift", *PERIOD)
    assert (code, out) == (1, "")
    assert "has no reference of its training data" in err


@pytest.mark.usefixtures("log")
def test_calls_without_recordings_are_too_few(silentspam, reference: Path) -> None:
    code, _, err = silentspam("report", "drift", *PERIOD, "--reference", reference)
    assert code == 1
    assert "0 unsuspected calls: at least 50 are needed" in err


def test_the_self_test_wants_a_corpus(silentspam) -> None:
    code, _, err = silentspam("report", "drift", "--self-test")
    assert code == 2
    assert "--recordings DIR and --labels CSV" in err


def test_a_reference_of_other_features_is_refused(silentspam, reference: Path, tmp_path: Path) -> None:
    document = json.loads(reference.read_text())
    document["names"][1] = "another"
    (tmp_path / "other.json").write_text(json.dumps(document))
    log_calls(tmp_path / "log", [])
    code, _, err = silentspam("report", "drift", *PERIOD, "--reference", tmp_path / "other.json")
    assert code == 1
    assert "other features" in err
