"""The real AGI scripts as real processes, with an Asterisk that is scripted, slow, gone or hostile.

No test sleeps, and none looks at a clock: signals and ends of streams say when it is time.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from silentspam import variables
from tests.fakes import Switch, converse, noise, running, silence, tone
from tests.installed import Site, action, complaint, ended_status

DEAD_AIR, SPEECH = noise(level=30).codes.tobytes(), tone().codes.tobytes()


@pytest.fixture
def site(tmp_path: Path, model_folder: Path) -> Site:
    return Site(tmp_path, model_folder)


# --- whole dialogues ---------------------------------------------------------------------------------------


def test_a_person_is_bridged_unchallenged(site: Site) -> None:
    switch = Switch(opening=SPEECH)
    assert site.screen(switch) == 0
    assert action(switch) == "BRIDGE"
    assert switch.variables[variables.VERDICT] == "HAM"
    assert not any(command.startswith("STREAM FILE") for command in switch.commands)
    row = site.row()
    assert (row["verdict"], row["spam_probability"], row["decision"]) == ("HAM", 0.1, "BRIDGE")
    assert (row["ani"], row["caller_id"], row["dnis"]) == ("15550199", "15550100", "5550200")
    assert Path(row["recording"]).read_bytes() == SPEECH
    assert row["failed_open"] == 0


def test_dead_air_is_challenged_and_rejected(site: Site) -> None:
    switch = Switch(opening=DEAD_AIR)
    assert site.screen(switch) == 0
    assert action(switch) == "REJECT"
    row = site.row()
    assert (row["disposition"], row["ended_by"]) == ("REJECTED_CALLER_SILENCE", "APP")
    assert len(json.loads(row["challenge_attempts"])) == 2
    switch.variables |= {variables.AGI_STATUS: "SUCCESS", "CHANNEL(hangupsource)": "dialplan/builtin"}
    assert site.end(switch) == 0
    assert switch.variables[variables.LOGGED] == "1"
    row = site.row()
    assert (row["disposition"], row["ended_by"]) == ("REJECTED_CALLER_SILENCE", "APP")
    assert row["ended_at"] >= row["screened_at"]


def test_a_quiet_person_who_presses_the_key_is_bridged(site: Site) -> None:
    switch = Switch(opening=DEAD_AIR)
    asked: deque[str | None] = deque()

    class Listener(Switch):
        def reply(self, command: str) -> bytes:
            if "press-" in command:
                asked.append(command.split("press-")[1][0])
                self.keys = deque([asked[-1]])
            return super().reply(command)

    switch = Listener(opening=DEAD_AIR)
    assert site.screen(switch) == 0
    assert action(switch) == "BRIDGE"
    assert len(asked) == 1
    assert site.row()["challenge_result"] == "PASSED"


@pytest.mark.parametrize("opening", [b"", silence(2.0).codes.tobytes(), noise(0.3).codes.tobytes()])
def test_what_cannot_be_judged_is_bridged(site: Site, opening: bytes) -> None:
    switch = Switch(opening=opening)
    assert site.screen(switch) == 0
    assert (action(switch), site.row()["verdict"]) == ("BRIDGE", "INCONCLUSIVE")
    assert site.row()["failed_open"] == 0


def test_an_edited_threshold_counts_for_the_next_call(site: Site) -> None:
    site.settings["model"]["threshold"] = 0.95
    switch = Switch(opening=DEAD_AIR)
    site.screen(switch)
    assert (switch.variables[variables.VERDICT], site.row()["threshold"]) == ("HAM", 0.95)


def test_a_bridged_call_is_one_row_of_both_halves(site: Site) -> None:
    switch = Switch(opening=SPEECH)
    site.screen(switch)
    switch.variables |= {
        variables.AGI_STATUS: "SUCCESS",
        variables.BRIDGED_AT: "1700000010.5",
        "DIALSTATUS": "ANSWER",
        "CHANNEL(hangupsource)": "PJSIP/agent-00000002",
        "HANGUPCAUSE": "16",
    }
    assert site.end(switch) == 0
    row = site.row()
    assert (row["verdict"], row["disposition"], row["ended_by"]) == ("HAM", "BRIDGED", "AGENT")
    assert (row["bridged_at"], row["hangup_cause"], row["failed_open"]) == (1_700_000_010.5, 16, 0)


# --- the caller leaves -------------------------------------------------------------------------------------


def test_a_hangup_and_its_signal_while_recording_are_a_screen_abandon(site: Site) -> None:
    switch = Switch(opening=b"\xff" * 8000, replies={"RECORD": b"200 result=-1 (hangup) endpos=8000\n"})
    with running(site.command("silentspam.py")) as process:
        converse(process, switch, until="RECORD FILE")
        process.send_signal(signal.SIGHUP)
        switch.dead = True
        assert process.stdin
        process.stdin.write(b"200 result=-1 (hangup) endpos=8000\n")
        switch.environment = {}
        continue_dialogue(process, switch)
        assert ended_status(process) == 0
    row = site.row()
    assert (row["disposition"], row["ended_by"], row["failed_open"]) == ("SCREEN_ABANDON", "CALLER", 0)
    assert switch.variables[variables.DISPOSITION] == "SCREEN_ABANDON"


def continue_dialogue(process: subprocess.Popen[bytes], switch: Switch) -> None:
    """Serve what comes after a `converse(until=…)`."""
    assert process.stdin
    assert process.stdout
    for line in process.stdout:
        process.stdin.write(switch.reply(line.decode().removesuffix("\n")))


def test_the_end_of_the_dialogue_at_any_point_costs_no_row_and_rejects_nobody(site: Site) -> None:
    site.settings["challenge"]["attempts"] = 1
    whole = Switch(opening=DEAD_AIR)
    site.screen(whole)
    assert len(whole.commands) > 8
    for n, until in enumerate(whole.commands):
        if until in whole.commands[:n]:
            continue
        switch = Switch(opening=DEAD_AIR)
        before = len(site.rows())
        with running(site.command("silentspam.py")) as process:
            prefix = until[:18] if "CALL_ID" in until or "RECORD" in until or "press-" in until else until
            converse(process, switch, until=prefix)
            assert process.stdin
            assert process.stdout
            process.stdin.close()
            process.stdin = None
            process.stdout.read()
            status = ended_status(process)
        if until.startswith("GET VARIABLE"):
            assert (status, len(site.rows())) == (1, before), "the hangup handler writes this row"
        else:
            assert (status, len(site.rows())) == (0, before + 1)
        if "ACTION" not in until:
            assert action(switch) == "BRIDGE"


# --- the first law -----------------------------------------------------------------------------------------


def test_killed_while_recording_nothing_was_said_that_rejects_and_the_handler_writes_the_row(
    site: Site,
) -> None:
    switch = Switch(opening=SPEECH)
    with running(site.command("silentspam.py")) as process:
        converse(process, switch, until="RECORD FILE")
        process.kill()
        assert ended_status(process) == -signal.SIGKILL
    assert action(switch) == "BRIDGE"
    assert site.rows() == []
    switch.variables |= {
        variables.AGI_STATUS: "FAILURE",
        variables.STARTED_AT: "1700000000.250",
        "DIALSTATUS": "ANSWER",
        "CHANNEL(hangupsource)": "PJSIP/trunk-00000001",
    }
    assert site.end(switch) == 0
    row = site.row()
    assert row["call_id"] == switch.variables[variables.CALL_ID]
    assert (row["disposition"], row["ended_by"], row["failed_open"]) == ("BRIDGED", "CALLER", 1)
    assert "FAILURE" in row["failed_open_cause"]


def break_yaml(site: Site) -> None:
    (site.folder / "silentspam.yaml").write_text("mode: [")


def break_key(site: Site) -> None:
    site.settings["model"]["treshold"] = 0.5


def lose_config(site: Site) -> None:
    (site.folder / "silentspam.yaml").symlink_to(site.folder / "nowhere.yaml")


def lose_model(site: Site) -> None:
    site.settings["model"]["folder"] = str(site.folder / "nowhere")


def damage_model(site: Site) -> None:
    (site.folder / "SHA256SUMS").write_text("")
    site.settings["model"]["folder"] = str(site.folder)


def block_recordings(site: Site) -> None:
    (site.folder / "file").touch()
    site.settings["recording"]["folder"] = str(site.folder / "file" / "below")


@pytest.mark.parametrize("broken", [break_yaml, break_key, lose_config])
def test_with_a_broken_configuration_it_exits_at_once_says_why_and_says_nothing_that_rejects(
    site: Site, broken: Callable[[Site], None]
) -> None:
    broken(site)
    switch = Switch(opening=DEAD_AIR)
    with running(site.command("silentspam.py")) as process:
        converse(process, switch)
        said = complaint(process)
        assert process.wait() == 1
    assert "ConfigError" in said
    assert "silentspam.yaml" in said
    assert switch.commands == []


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (lose_model, "ModelError"),
        (damage_model, "ModelError"),
        (block_recordings, "NotADirectoryError"),
    ],
)
def test_whatever_is_missing_the_caller_is_bridged_and_the_row_says_why(
    site: Site, broken: Callable[[Site], None], cause: str
) -> None:
    broken(site)
    switch = Switch(opening=DEAD_AIR)
    assert site.screen(switch) == 0
    assert action(switch) == "BRIDGE"
    assert switch.variables[variables.FAILED_OPEN] == "1"
    assert (site.row()["failed_open"], site.row()["disposition"]) == (1, None)
    assert cause in site.row()["failed_open_cause"]


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("ANSWER", b"200 result=-1\n"),
        ("ANSWER", b"510 Invalid or unknown command\n"),
        ("RECORD", b"200 result=-1 (writefile) endpos=0\n"),
        ("RECORD", b"200 result=0 (timeout) endpos=16000\n"),
        ("RECORD", b"520-Invalid command syntax.\nUsage\n520 End of proper usage.\n"),
        ("STREAM", b"200 result=-1 endpos=0\n"),
        ("STREAM", b"\xff\xfe\x00\n"),
        ("WAIT", b"garbage\n"),
        ("WAIT", b"x" * 70_000 + b"\n"),
    ],
)
def test_whatever_the_switch_refuses_or_garbles_the_caller_is_bridged(
    site: Site, command: str, reply: bytes
) -> None:
    switch = Switch(opening=DEAD_AIR, replies={command: reply})
    assert site.screen(switch) == 0
    assert action(switch) == "BRIDGE"
    assert site.row()["failed_open"] == 1


def test_the_deadline_passes_while_asterisk_is_silent_and_the_caller_is_bridged(site: Site) -> None:
    """The alarm comes from here, at the worst moment, so that no test waits for a clock."""
    switch = Switch(opening=DEAD_AIR)
    with running(patched(site, "embedded.GRACE_SECONDS = 600.0")) as process:
        converse(process, switch, until="WAIT FOR DIGIT")
        process.send_signal(signal.SIGALRM)
        continue_dialogue(process, switch)
        assert ended_status(process) == 0
    assert action(switch) == "BRIDGE"
    row = site.row()
    assert row["failed_open"] == 1
    assert "DeadlineExceeded" in row["failed_open_cause"]
    assert row["disposition"] is None


def test_a_switch_that_stays_silent_after_the_deadline_ends_the_process(site: Site) -> None:
    switch = Switch(opening=DEAD_AIR)
    with running(site.command("silentspam.py")) as process:
        converse(process, switch, until="WAIT FOR DIGIT")
        process.send_signal(signal.SIGALRM)
        assert process.stdout
        assert process.stdout.readline().startswith(b"EXEC MSet")
        process.send_signal(signal.SIGALRM)
        assert ended_status(process) == -signal.SIGALRM
    assert action(switch) == "BRIDGE"


def test_a_library_that_never_returns_to_the_interpreter_cannot_hold_a_caller() -> None:
    """The alarm is blocked from the first: a slow machine would take it before the library is called."""
    code = (
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); "
        "from silentspam import embedded; embedded.GRACE_SECONDS = 0.1; "
        "embedded._start_deadline(0.1); sum(range(10**13))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"Timeout" in done.stderr


def test_a_configuration_that_cannot_be_read_in_time_fails_open(site: Site) -> None:
    """A named pipe that nothing comes through stands for a disk that hangs."""
    pipe = site.folder / "silentspam.yaml"
    os.mkfifo(pipe)
    with running(site.command("silentspam.py")) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(Switch().greeting())
        with pipe.open("w"):
            process.send_signal(signal.SIGALRM)
            assert process.stdout.read() == b""
            assert "DeadlineExceeded" in complaint(process)
        assert process.wait() == 1


PATCHED = """
import sys
from silentspam import embedded
{change}
sys.exit(embedded.main("screen"))
"""


def patched(site: Site, change: str) -> list[str]:
    """The screening script with something changed beforehand."""
    return [sys.executable, "-I", "-c", PATCHED.format(change=change), site.command("")[-1]]


def test_without_numpy_the_caller_is_bridged(site: Site) -> None:
    switch = Switch(opening=DEAD_AIR)
    with running(patched(site, "sys.modules['numpy'] = None")) as process:
        converse(process, switch)
        assert ended_status(process) == 0
    assert action(switch) == "BRIDGE"
    assert "numpy" in site.row()["failed_open_cause"]


# --- the second law ----------------------------------------------------------------------------------------


def test_the_caller_does_not_wait_for_a_locked_database(site: Site) -> None:
    """Asterisk goes on when the process it started is gone: it goes while the database is still locked."""
    site.settings["call_log"]["busy_seconds"] = 60.0
    site.screen(Switch(opening=SPEECH))
    lock = sqlite3.connect(site.folder / "calls.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    switch = Switch(opening=SPEECH)
    with running(site.command("silentspam.py")) as process:
        converse(process, switch)
        assert process.wait(60) == 0
        lock.execute("ROLLBACK")
        lock.close()
        assert complaint(process) == ""
    assert len(site.rows()) == 2
    assert site.spooled() == []


def test_a_row_that_a_locked_database_refuses_waits_in_the_spool_and_is_taken_in_later(site: Site) -> None:
    site.settings["call_log"]["busy_seconds"] = 0.0
    switch = Switch(opening=SPEECH)
    site.screen(Switch(opening=SPEECH))
    lock = sqlite3.connect(site.folder / "calls.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    assert site.screen(switch) == 0
    assert site.end(switch) == 0
    assert switch.variables[variables.LOGGED] == "1"
    lock.close()
    assert len(site.spooled()) == 2
    site.screen(Switch(opening=SPEECH))
    assert len(site.rows()) == 3
    assert site.spooled() == []


def test_a_row_that_an_unwritable_database_refuses_waits_in_the_spool(site: Site) -> None:
    (site.folder / "file").touch()
    site.settings["call_log"]["database"] = str(site.folder / "file" / "calls.db")
    switch = Switch(opening=DEAD_AIR)
    assert site.screen(switch) == 0
    assert action(switch) == "REJECT"
    (spooled,) = site.spooled()
    assert json.loads(spooled.read_text())["columns"]["disposition"] == "REJECTED_CALLER_SILENCE"


def test_with_nothing_writable_the_row_is_said_aloud_and_asterisk_is_asked_to_write_it(site: Site) -> None:
    (site.folder / "file").touch()
    site.settings["call_log"] |= {
        "database": str(site.folder / "file" / "calls.db"),
        "spool": str(site.folder / "file" / "spool"),
    }
    switch = Switch(opening=DEAD_AIR)
    with running(site.command("silentspam.py")) as process:
        converse(process, switch)
        said = complaint(process)
        assert process.wait() == 0
    assert action(switch) == "REJECT"
    assert "row not written" in said
    assert "REJECTED_CALLER_SILENCE" in said
    assert site.end(switch) == 1
    assert variables.LOGGED not in switch.variables, "so the dialplan writes the line itself"


def test_what_asterisk_wrote_itself_is_taken_in_by_the_next_handler(site: Site) -> None:
    line = {
        "ended_at": "1700000060.5",
        "agi_uniqueid": "1700000000.9",
        "SILENTSPAM_STARTED_AT": "1700000000.2",
        "SILENTSPAM_AGI_STATUS": "NOTFOUND",
        "DIALSTATUS": "ANSWER",
    }
    (site.folder / "unlogged.jsonl").write_text(json.dumps(line) + "\n")
    assert site.end(Switch(variables={variables.AGI_STATUS: "FAILURE"})) == 0
    assert len(site.rows()) == 2
    assert {row["failed_open"] for row in site.rows()} == {1}
    assert not (site.folder / "unlogged.jsonl").exists()


def test_two_handlers_of_one_call_give_one_row(site: Site) -> None:
    switch = Switch(variables={variables.STARTED_AT: "1700000000.250"})
    assert site.end(switch) == 0
    assert site.end(switch) == 0
    assert len(site.rows()) == 1


# --- arguments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("argument", ["--conf=/x", "x", "--verbose"])
def test_an_unknown_argument_is_refused_by_name_and_nothing_is_said(site: Site, argument: str) -> None:
    switch = Switch()
    with running([*site.command("silentspam.py")[:-1], argument]) as process:
        converse(process, switch)
        said = complaint(process)
        assert process.wait() == 1
    assert argument.split("=")[0] in said
    assert switch.commands == []


def test_an_empty_argument_of_an_unset_dialplan_variable_counts_for_none(site: Site) -> None:
    switch = Switch(opening=SPEECH)
    with running([*site.command("silentspam.py"), ""]) as process:
        converse(process, switch)
        assert ended_status(process) == 0
    assert site.row()["verdict"] == "HAM"


@pytest.mark.parametrize("script", ["silentspam.py", "silentspam_ended.py"])
@pytest.mark.parametrize("greeting", [b"", b"agi_request: x\n", b"\xff\xfe\n", b"x" * 70_000])
def test_without_a_whole_environment_it_ends_and_says_nothing(
    site: Site, script: str, greeting: bytes
) -> None:
    with running(site.command(script)) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(greeting)
        process.stdin.close()
        process.stdin = None
        assert process.stdout.read() == b""
        assert ended_status(process) == 1
    assert site.rows() == []
