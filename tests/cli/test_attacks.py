"""`silentspam attacks`: lines learnt from real verdicts, shown, decided on by hand, followed elsewhere."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from silentspam import assembly
from silentspam.budget import DEPTH, RESERVES, START
from silentspam.call import ChallengeCause
from silentspam.cli.attack_follower import Follower
from silentspam.errors import LineError
from silentspam.lines.snapshot import FILE_NAME, read_snapshot
from silentspam.serve import following as following_module
from silentspam.verdict import LineState
from tests.cli.line_server import Server
from tests.lines.openings import missed_by_the_model

Silentspam = Callable[..., tuple[int, str, str]]

PATIENCE_SECONDS = 60.0
"""A condition that does not come true within this time never will."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model takes its time to be read on a busy machine."""
    monkeypatch.setattr(following_module, "PATIENCE_SECONDS", PATIENCE_SECONDS)


@pytest.fixture
def server(tmp_path: Path, silentspam: Silentspam, monkeypatch: pytest.MonkeyPatch) -> Server:
    """One server, whose configuration the command line finds."""
    server = Server(tmp_path / "one", tmp_path / "calls.db")
    monkeypatch.setenv("SILENTSPAM_CONFIG", str(server.file))
    return server


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


# --- the list ----------------------------------------------------------------------------------------------


def test_the_list_shows_volume_numbers_and_evidence(silentspam: Silentspam, server: Server) -> None:
    line_id = server.attack()
    code, out, err = silentspam("attacks")
    assert (code, err) == (0, "")
    (row,) = [line.split() for line in out.splitlines() if line.startswith(line_id[:8])]
    assert row[1:3] == ["ACTIVE", "BURST"]
    # 5 min, hour, day, the bars of 24 hours, numbers, failed, passed, spoke, share passed, merged into
    assert row[-10:-7] == ["5", "5", "5"]
    assert len(row[-7]) == 24
    assert row[-6:] == ["5", "2", "0", "0", "0.00%", "-"]


def test_the_list_as_json_holds_no_place_and_no_number(silentspam: Silentspam, server: Server) -> None:
    line_id = server.attack()
    _, out, _ = silentspam("attacks", "--format", "json")
    (line,) = json.loads(out)
    assert line["line_id"] == line_id
    assert (line["calls"], line["numbers"], line["challenges_failed"]) == (5, 5, 2)
    assert sum(line["calls_by_hour"]) == 5
    assert line["share_passed"] == {"hits": 0, "n": 2, "rate": 0.0, "wilson95": [0.0, 0.65762]}
    assert line["known_to_active_model"]
    assert "mean" not in line
    assert "2025550001" not in out


def test_lines_are_chosen_by_state_and_by_when_they_were_heard(
    silentspam: Silentspam, server: Server
) -> None:
    line_id = server.attack()
    assert line_id[:8] in silentspam("attacks", "--state", "ACTIVE")[1]
    assert silentspam("attacks", "--state", "SUSPENDED")[1] == "no such lines\n"
    assert silentspam("attacks", "--since", "2999-01-01")[1] == "no such lines\n"
    assert line_id[:8] in silentspam("attacks", "--since", "2999-01-01", "--all")[1]
    assert silentspam("attacks", "--state", "GONE")[0] == 2


def test_without_a_call_log_it_says_so(silentspam: Silentspam, server: Server, tmp_path: Path) -> None:
    code, out, err = silentspam("attacks")
    assert (code, out) == (1, "")
    assert f"{tmp_path / 'calls.db'}: there is no call log yet" in err


def test_a_machine_whose_calls_know_no_lines_is_told_so(silentspam: Silentspam, server: Server) -> None:
    server.attack()
    snapshot = server.lines_folder / FILE_NAME
    snapshot.write_bytes(snapshot.read_bytes()[:-7])
    assert "calls on this machine know no lines" in silentspam("attacks")[2]
    snapshot.unlink()
    assert "has no snapshot" in silentspam("attacks")[2]


# --- one line ----------------------------------------------------------------------------------------------


def test_show_tells_calls_numbers_and_evidence_over_time(silentspam: Silentspam, server: Server) -> None:
    line_id = server.attack()
    newest = server.dead_air()
    code, out, _ = silentspam("attacks", "show", line_id[:6], "--calls", 2)
    assert code == 0
    assert f"Line {line_id}: ACTIVE. Made known by calls of different numbers that lay together." in out
    assert "6 calls in the call log from 6 numbers" in out
    assert "3 challenges failed, 0 passed" in out
    assert "The newest 2 of 6 calls" in out
    assert newest.call.call_id in out
    assert out.count("SILENT") == 2
    shown = json.loads(silentspam("attacks", "show", line_id, "--json")[1])
    assert shown["numbers_used"]["2025550006"] == 1
    assert [call["outcome"] for call in shown["newest"]].count("UNKNOWN") == 3


def test_show_draws_the_recordings_that_are_still_there(
    silentspam: Silentspam, server: Server, tmp_path: Path
) -> None:
    line_id = server.attack()
    recordings = sorted((server.folder / "recordings").glob("*.ulaw"))
    for path in recordings[:-1]:
        path.unlink()
    picture, page = tmp_path / "line.png", tmp_path / "line.html"
    code, _, err = silentspam("attacks", "show", line_id, "--picture", picture, "--html", page)
    assert code == 0, err
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert page.read_text().count("data:image/png;base64,") == 1
    recordings[-1].unlink()
    code, _, err = silentspam("attacks", "show", line_id, "--picture", picture)
    assert code == 1
    assert "no recording to draw: 5 calls, 5 with a recording" in err


def test_a_beginning_that_is_no_lines_or_several_lines_is_refused(
    silentspam: Silentspam, server: Server
) -> None:
    server.attack(line=12, calls=3)
    server.attack(line=15, calls=3)
    with assembly.database(server.config).transaction(write=True) as connection:
        connection.execute("UPDATE lines SET line_id = 'aaaa-' || rowid")
    code, _, err = silentspam("attacks", "show", "aaaa")
    assert code == 1
    assert "2 lines begin with 'aaaa': aaaa-" in err
    assert silentspam("attacks", "show", "aaaa-1")[0] == 0
    assert "no line 'b'" in silentspam("attacks", "show", "b")[2]
    assert silentspam("attacks", "suspend", "")[0] == 1


# --- by hand -----------------------------------------------------------------------------------------------


def test_a_suspended_line_challenges_nobody_until_it_is_released(
    silentspam: Silentspam, server: Server
) -> None:
    line_id = server.attack()
    code, out, _ = silentspam("attacks", "suspend", line_id[:8], "--note", "the clinic's trunk")
    assert (code, out) == (0, f"line {line_id} is suspended: nobody is challenged for it\n")
    spared = server.dead_air()
    assert (spared.line_id, spared.line_state, spared.challenge_cause) == (line_id, "SUSPENDED", None)
    assert "SUSPENDED, by hand" in silentspam("attacks")[1]
    shown = silentspam("attacks", "show", line_id)[1]
    assert "suspend  the clinic's trunk" in shown
    assert silentspam("attacks", "release", line_id)[1] == f"line {line_id} is active by its evidence\n"
    assert server.dead_air().challenge_cause == "LINE"


def test_a_confirmed_line_stays_active_whoever_passes(silentspam: Silentspam, server: Server) -> None:
    line_id = server.attack(calls=3)
    assert server.lines()[0].state is LineState.CANDIDATE
    assert silentspam("attacks", "confirm", line_id)[0] == 0
    for _ in range(2):
        assert server.dead_air(passes=True).challenge_cause == "LINE"
    (line,) = server.lines()
    assert (line.state, line.passed, line.pinned) == (LineState.ACTIVE, 2, True)
    assert silentspam("attacks", "release", line_id)[1] == f"line {line_id} is suspended by its evidence\n"


def test_a_forgotten_line_is_matched_no_more_and_can_come_again(
    silentspam: Silentspam, server: Server
) -> None:
    line_id = server.attack()
    assert silentspam("attacks", "forget", line_id)[0] == 0
    assert server.dead_air().line_id is None
    assert silentspam("attacks", "--state", "EXPIRED")[1].count(line_id[:8]) == 1
    assert "is expired: `confirm` brings it back" in silentspam("attacks", "release", line_id)[2]
    again = server.attack(calls=4)
    assert again != line_id
    assert server.dead_air().line_id == again


def test_lines_of_another_model_and_merged_ones_are_not_decided_on(
    silentspam: Silentspam, server: Server
) -> None:
    line_id = server.attack()
    database = assembly.database(server.config)
    with database.transaction(write=True) as connection:
        connection.execute("UPDATE lines SET merged_into = 'another', state = 'EXPIRED'")
    assert "was merged into another: do it to that one" in silentspam("attacks", "suspend", line_id)[2]
    assert silentspam("attacks")[1] == "no such lines\n"
    assert "another" in silentspam("attacks", "--all")[1]
    with database.transaction(write=True) as connection:
        connection.execute("UPDATE lines SET merged_into = NULL, state = 'ACTIVE', space_id = 'old'")
    code, _, err = silentspam("attacks", "suspend", line_id)
    assert (code, "the active model knows no such line" in err) == (1, True)
    assert "ACTIVE, another model's" in silentspam("attacks")[1]


# --- metrics -----------------------------------------------------------------------------------------------


def samples(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Metric → label values in order of their names → value; every metric has its help and type."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type == "gauge"
        values = {tuple(v for _, v in sorted(one.labels.items())): one.value for one in family.samples}
        found[family.name.removeprefix("silentspam_")] = values
    return found


def test_the_metrics_say_what_the_list_says(silentspam: Silentspam, server: Server) -> None:
    line_id = server.attack()
    server.dead_air(passes=True)
    code, out, _ = silentspam("attacks", "--format", "prometheus")
    assert code == 0
    assert out.endswith("\n")
    found = samples(out)
    assert found["lines"] == {("candidate",): 0, ("active",): 0, ("suspended",): 1}
    assert found["line_info"] == {("evidence", line_id, "burst", "suspended"): 1}
    assert found["line_calls_last_hour"] == {(line_id,): 6}
    assert found["line_numbers"] == {(line_id,): 6}
    assert (found["line_challenges_failed"], found["line_challenges_passed"]) == (
        {(line_id,): 2},
        {(line_id,): 1},
    )
    challenges = found["challenges_last_hour"]
    assert len(challenges) == 16
    assert {key: value for key, value in challenges.items() if value} == {
        ("burst", "failed"): 1,
        ("line", "failed"): 1,
        ("line", "passed"): 1,
    }
    assert found["false_challenge_share"] == {("configured",): 0.0115, ("realised",): 0.25}
    assert found["false_challenge_credit"][()] == pytest.approx(START - 1, abs=0.02)
    assert found["kind_false_challenge_credit"][("CALLER_FAX",)] >= START
    assert found["calls_waiting_to_teach"] == {(): 0}
    assert found["snapshot_usable"] == {(): 1}
    assert found["snapshot_version"] == found["lines_version"]
    assert found["snapshot_age_seconds"][()] >= 0


def test_metrics_without_a_usable_snapshot_say_so(silentspam: Silentspam, server: Server) -> None:
    server.attack()
    (server.lines_folder / FILE_NAME).write_bytes(b"torn")
    found = samples(silentspam("attacks", "--format", "prometheus")[1])
    assert found["snapshot_usable"] == {(): 0}
    assert found["snapshot_age_seconds"] == found["line_threshold"] == {}


# --- a further server --------------------------------------------------------------------------------------


@contextmanager
def following(server: Server) -> Iterator["subprocess.Popen[str]"]:
    patient = f"from silentspam.serve import following; following.PATIENCE_SECONDS = {PATIENCE_SECONDS}; "
    command = [sys.executable, "-c", patient + "from silentspam.cli import main; raise SystemExit(main())"]
    arguments = ["attacks", "--config", str(server.file), "follow", "--seconds", "0.1"]
    with subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_what_one_server_learns_the_other_knows(server: Server, tmp_path: Path) -> None:
    other = Server(tmp_path / "two", tmp_path / "calls.db")
    with following(other) as process:
        line_id = server.attack()
        wanted = read_snapshot(server.lines_folder)
        assert wanted is not None
        wait_until(
            lambda: (
                (found := read_snapshot(other.lines_folder)) is not None and found.version >= wanted.version
            )
        )
        caught = other.call(missed_by_the_model(1000), ani="2025559999", learn=False)
        assert (caught.line_id, caught.challenge_cause) == (line_id, "LINE")
        # That call waits: neither server learnt from it. The follower does, for both.
        wait_until(lambda: server.lines()[0].failed == 3)
        (other.lines_folder / FILE_NAME).write_bytes(b"torn")
        wait_until(lambda: is_sound(other))
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def is_sound(server: Server) -> bool:
    try:
        return read_snapshot(server.lines_folder) is not None
    except LineError:
        return False


def test_a_follower_outlives_a_database_that_is_away(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line_id = server.attack()
    other = Server(tmp_path / "two", tmp_path / "calls.db")
    follower = Follower(other.config)
    (tmp_path / "calls.db").rename(tmp_path / "away.db")
    for _ in range(3):
        follower.look()
    assert capsys.readouterr().err.count("there is no call log yet") == 1
    (tmp_path / "away.db").rename(tmp_path / "calls.db")
    for _ in range(2):
        follower.look()
    assert capsys.readouterr().err.count("all is well again") == 1
    snapshot = read_snapshot(other.lines_folder)
    assert snapshot is not None
    assert [line.line_id for line in snapshot.lines] == [line_id]


def test_a_follower_says_once_that_it_cannot_write(
    server: Server, tmp_path: Path, below_a_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.attack()
    other = Server(tmp_path / "two", tmp_path / "calls.db", lines={"folder": str(below_a_file)})
    follower = Follower(other.config)
    server.dead_air(learn=False)
    for _ in range(2):
        follower.look()
    assert capsys.readouterr().err.count(str(below_a_file)) == 1
    assert assembly.lines(server.config).waiting() == 0


def test_there_is_nothing_to_follow_where_lines_are_off(
    silentspam: Silentspam, server: Server, tmp_path: Path
) -> None:
    off = Server(tmp_path / "off", tmp_path / "calls.db", lines={"enabled": False})
    code, _, err = silentspam("attacks", "--config", off.file, "follow")
    assert (code, "lines.enabled is false" in err) == (2, True)
    assert silentspam("attacks", "follow", "--seconds", "0")[0] == 2


# --- a call and its line -----------------------------------------------------------------------------------


def test_why_names_the_line_what_stands_against_it_and_what_the_call_taught(
    silentspam: Silentspam, server: Server
) -> None:
    line_id = server.attack()
    caught = server.dead_air(passes=True)
    out = silentspam("calls", "why", caught.call.call_id)[1]
    assert f"it came on line {line_id}, ACTIVE then (likeness" in out
    assert "why: callers on its line failed the challenge, or an operator confirmed the line" in out
    assert "it taught: a person passed its challenge: that speaks against every line it came near" in out
    assert f"line {line_id} is SUSPENDED now: 2 challenges failed, 1 passed" in out


def test_why_tells_of_a_burst_and_of_a_caller_who_passed_before(
    silentspam: Silentspam, server: Server
) -> None:
    line_id = server.attack(calls=3)
    asked = server.dead_air(passes=True, ani="2025551234")
    out = silentspam("calls", "why", asked.call.call_id)[1]
    assert "why: calls of several numbers lie together with it, and nobody was asked on them yet" in out
    assert silentspam("attacks", "confirm", line_id)[0] == 0
    known = server.dead_air(ani="2025551234")
    assert (known.challenge_cause, known.challenge_probability) == (None, 0.0)
    out = silentspam("calls", "why", known.call.call_id)[1]
    assert "although suspected: the number passed a challenge not long before" in out


def test_why_tells_that_the_budget_was_spent(silentspam: Silentspam, server: Server) -> None:
    server.attack()
    with assembly.database(server.config).transaction(write=True) as connection:
        connection.execute("UPDATE line_state SET credit = 0.5")
    server.attack(line=15, calls=1)  # its lesson publishes the credit
    held = server.dead_air()
    assert (held.challenge_cause, held.held_back) == (None, "LINE")
    out = silentspam("calls", "why", held.call.call_id)[1]
    assert "was to be challenged, and was not: the budget of false challenges was spent" in out
    assert (
        f"LINE waits while less than {RESERVES[ChallengeCause.LINE]:g} of at most {DEPTH:g} are left" in out
    )
    assert silentspam("report", "calls")[1].count("line   1") == 1


def test_calls_of_a_line_are_found_those_before_it_was_known_too(
    silentspam: Silentspam, server: Server
) -> None:
    line_id = server.attack()
    server.attack(line=15, calls=2)
    rows = json.loads(silentspam("calls", "--line", line_id[:8], "--format", "json")[1])
    assert len(rows) == 5
    assert "embedding" not in rows[0]
    assert rows[0]["line_id"] == line_id
    (row,) = json.loads(silentspam("calls", "--limit", 1, "--format", "json", "--with-embedding")[1])
    assert row["embedding"]
    heads = silentspam("calls", "--format", "csv")[1].splitlines()[0].split(",")
    assert "line_id" in heads
    assert "embedding" not in heads
    assert "embedding" in silentspam("calls", "--format", "csv", "--with-embedding")[1].splitlines()[0]
    assert silentspam("calls", "--line", "nothing")[0] == 1


def test_the_report_on_calls_names_lines_causes_and_the_budget(
    silentspam: Silentspam, server: Server
) -> None:
    line_id = server.attack()
    code, out, _ = silentspam("report", "calls")
    assert code == 0
    assert "False challenges: 0 of 3" in out
    assert "The budgets of all kinds together allow 1.15%" in out
    assert "Lines heard in the period: 1 active." in out
    assert line_id[:8] in out
    figures = json.loads(silentspam("report", "calls", "--json")[1])
    assert figures["volumes"]["burst"]["failed"] == figures["volumes"]["line"]["failed"] == 1
    assert figures["lines"][0]["line_id"] == line_id
    assert figures["exploration"]["configured"]["quiet_share"] == 0.0
