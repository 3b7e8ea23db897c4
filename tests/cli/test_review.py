"""`silentspam review`: one key a call, written at once; what is shown, and nothing shown is dangerous."""

import io
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from silentspam.call import ChallengeResult
from silentspam.calllog.calls import CallTable
from silentspam.calllog.labels import Answer, Label, Labels
from silentspam.calllog.query import Filter
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.cli.review import keys
from silentspam.cli.review_desk import Desk, Tools
from tests.cli.test_labels import EVIL, SUSPECT, add
from tests.labels.calls import a_call

FAILED = ChallengeResult.FAILED


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(tmp_path / "log" / "calls.db")


@pytest.fixture
def waiting(database: SqliteDatabase, tmp_path: Path) -> None:
    """Three calls that failed the challenge, speech not measured; and one that needs no look."""
    log = CallTable(database)
    for name in ("a", "b", "c"):
        add(log, tmp_path, name, challenge=FAILED, cause=SUSPECT, probability=1.0)
    add(log, tmp_path, "talked", speech=3.0)


@pytest.fixture
def review(silentspam, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    def run(typed: str, *options: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return silentspam("review", "--by", "ada", *options)

    return run


def answers(database: SqliteDatabase) -> dict[object, str]:
    calls = Labels(database).calls(Filter(), ("call_id",), labelled=True)
    return {call.row["call_id"]: call.labels[0].label for call in calls}


def test_each_key_is_an_answer(review, waiting: None, database: SqliteDatabase) -> None:
    code, out, _ = review("s\nh\nu\n")
    assert code == 0
    assert answers(database) == {"a": "spam", "b": "ham", "c": "unsure"}
    assert out.endswith("3 answered, 0 still wait\n")
    assert review("")[1] == "0 answered, 0 still wait\n", "and nobody is asked again"


def test_skipping_undoing_and_leaving(review, waiting: None, database: SqliteDatabase) -> None:
    _, out, _ = review("kszhq")
    assert answers(database) == {"b": "ham"}
    assert "b: answer taken back" in out
    assert out.endswith("1 answered, 2 still wait\n")


def test_a_wrong_key_shows_the_keys_and_asks_again(review, waiting: None, database: SqliteDatabase) -> None:
    _, out, _ = review("z?s")
    assert "nothing to undo" in out
    assert out.count("s spam  h ham") == 3
    assert answers(database) == {"a": "spam"}


def test_what_is_shown_is_the_picture_the_figures_and_the_reasons(review, waiting: None) -> None:
    _, out, _ = review("q")
    assert "--- 1 of 3 ---" in out
    assert "kHz |" in out
    assert "digital silence 0%\nspam probability 0.700 (threshold 0.600)\n" in out
    assert "here because it failed the challenge; speech was not measured" in out
    assert "verdict CALLER_SILENCE" in out


def test_the_first_screen_fits_a_terminal(review, waiting: None) -> None:
    _, out, _ = review("q")
    screen = out.splitlines()[:-1]
    assert len(screen) <= 24
    assert max(map(len, screen[1:13])) <= 80


def test_no_text_of_a_callers_steers_the_terminal(review, waiting: None) -> None:
    _, out, _ = review("q")
    assert EVIL not in out
    assert "\x1b" not in out


def test_a_picture_file_is_drawn_where_it_is_wanted(review, waiting: None, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    review("q", "--png", tmp_path / "pictures")
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["a.png"]


def test_the_player_gets_the_recording_as_an_argument_of_its_own(
    review, waiting: None, tmp_path: Path
) -> None:
    player = tmp_path / "player"
    player.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/played"\n')
    player.chmod(0o755)
    review("pq", "--play", f"{player} -t ul")
    assert (tmp_path / "played").read_text() == f"-t ul {tmp_path / 'recordings' / 'a.ulaw'}\n"


def test_a_player_that_is_missing_costs_the_sound_not_the_review(
    review, waiting: None, database: SqliteDatabase
) -> None:
    code, _, err = review("ps", "--play", "/no/such/player")
    assert code == 0
    assert "/no/such/player" in err
    assert answers(database) == {"a": "spam"}
    assert "--play COMMAND" in review("p")[1]


def test_a_limit_and_an_order(review, waiting: None) -> None:
    assert review("q", "--limit", 1, "--order", "newest")[1].endswith("0 answered, 1 still wait\n")
    assert review("q", "--order", "best")[0] == 2


def test_keys_of_a_pipe_are_its_characters_without_spaces() -> None:
    assert list(keys(io.StringIO("S h\n\nq"))) == ["s", "h", "q"]


def test_at_a_terminal_a_key_needs_no_enter(
    waiting: None, config_file: Path, database: SqliteDatabase
) -> None:
    """A real terminal: a pseudo one, whose answer is written before it is closed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "import sys; from silentspam.cli import main; sys.exit(main())"]
    process = subprocess.Popen(
        [*command, "review", "--config", str(config_file)], stdin=theirs, stdout=subprocess.PIPE
    )
    os.write(ours, b"s")
    assert process.stdout
    for line in process.stdout:
        if line == b"a: spam (CALLER_SILENCE)\n":
            break
    assert answers(database) == {"a": "spam"}
    os.write(ours, b"q")
    assert process.stdout.read().endswith(b"1 answered, 2 still wait\n")
    assert process.wait() == 0
    os.close(ours)
    os.close(theirs)


def test_an_answer_that_cannot_be_written_is_not_counted() -> None:
    def refuse(_: object) -> None:
        raise OSError("disk full")

    tools = Tools(
        show=lambda call, number: None,
        play=lambda call: None,
        say=lambda line: None,
        write=refuse,
        remove=lambda call_id: None,
        by="ada",
    )
    desk = Desk([a_call()], tools)
    with pytest.raises(OSError, match="full"):
        desk.run(iter("s"))
    assert (desk.position, desk.answered) == (0, [])


def test_a_number_says_the_kind_of_spam_and_s_is_the_kind_suspected() -> None:
    written: list[Label] = []
    said: list[str] = []
    tools = Tools(
        show=lambda _call, _number: None,
        play=lambda _call: None,
        say=said.append,
        write=written.append,
        remove=lambda _call_id: None,
        by="ada",
    )
    loud = {"level_dbfs": -20.0}
    queue = [
        a_call(verdict="CALLER_FAX", **loud),
        a_call(**loud),
        a_call(**loud),
        a_call(verdict="CALLER_FAX"),
    ]
    Desk(queue, tools).run(iter("ss5h"))
    assert [label.kind for label in written] == ["CALLER_FAX", "", "CALLER_NOISE", ""]
    assert said == ["call-1: spam (CALLER_FAX)", "call-1: spam", "call-1: spam (CALLER_NOISE)", "call-1: ham"]


def test_every_answer_has_a_key() -> None:
    from silentspam.cli.review_desk import ANSWERS

    assert set(ANSWERS.values()) == set(Answer)
