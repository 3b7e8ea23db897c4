"""The gate before real AGI scripts: what it decides, what its breaking costs, and the rate guard on rows."""

import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from silentspam import variables
from silentspam.call import Call, CallRecord, ChallengeCause, ChallengeResult, Mode
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import screened
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.cli import main
from silentspam.gate.file import FILE_NAME, read
from silentspam.gate.terms import SwitchCause, SwitchState
from tests.fakes import ENVIRONMENT, Switch, converse, noise, running, tone
from tests.installed import Site, action, complaint

DEAD_AIR, SPEECH = noise(level=30).codes.tobytes(), tone().codes.tobytes()
ANI, CALLER_ID, DNIS = "15550199", "15550100", "5550200"


@pytest.fixture
def site(tmp_path: Path, model_folder: Path) -> Site:
    return Site(tmp_path, model_folder)


class Presses(Switch):
    """A caller who presses the digit that is asked for."""

    def reply(self, command: str) -> bytes:
        if "press-" in command:
            self.keys = deque([command.split("press-")[1][0]])
        return super().reply(command)


def silentspam(site: Site, *arguments: str) -> int:
    site.command("silentspam.py")  # writes the configuration
    return main([*arguments, "--config", str(site.folder / "silentspam.yaml")])


def screen(site: Site, switch: Switch) -> str:
    """A whole screening; returns what the console said."""
    with running(site.command("silentspam.py")) as process:
        converse(process, switch)
        return complaint(process)


def answered(switch: Switch) -> bool:
    return "ANSWER" in switch.commands


def newest(site: Site) -> dict[str, Any]:
    return site.rows()[0]


def called(**own: str) -> Switch:
    return Switch(opening=DEAD_AIR, environment={**ENVIRONMENT, **own})


@pytest.mark.parametrize(
    ("told", "cause", "decision"),
    [
        (("lists", "permit", ANI), "PERMITTED", "BRIDGE"),
        (("lists", "permit", "+" + CALLER_ID), "PERMITTED", "BRIDGE"),
        (("lists", "safety", CALLER_ID), "PUBLIC_SAFETY", "BRIDGE"),
        (("lists", "block", ANI), "BLOCKED", "REJECT"),
        (("lists", "dnis", "set", DNIS, "--mode", "off", "--agent", "PJSIP/sales"), "DNIS_OFF", "BRIDGE"),
        (("switch", "off"), "SWITCHED_OFF", "BRIDGE"),
    ],
)
def test_what_is_listed_is_decided_unanswered_from_the_next_call_on(
    site: Site, told: tuple[str, ...], cause: str, decision: str
) -> None:
    assert silentspam(site, *told) == 0
    switch = Switch(opening=DEAD_AIR)
    assert screen(site, switch) == ""
    assert not answered(switch)
    row = site.row()
    assert (row["gate_cause"], row["decision"], row["verdict"]) == (cause, decision, None)
    assert action(switch) == decision
    assert switch.variables.get(variables.AGENT) == ("PJSIP/sales" if cause == "DNIS_OFF" else None)


def test_a_rejection_leaves_a_record_for_redress_and_the_cause_for_the_dialplan(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.settings["rejection"] = {"hangup_cause": 17, "redress_contact": "redress@example.com"}
    switch = Switch(opening=DEAD_AIR)
    screen(site, switch)
    assert switch.variables[variables.HANGUP] == "17"
    row = site.row()
    assert (row["hangup_with"], row["redress_contact"]) == ("Q.850 17", "redress@example.com")
    assert row["redress_at"] == row["screened_at"]
    assert silentspam(site, "calls", "why", row["call_id"]) == 0
    told = capsys.readouterr().out
    assert "whom to ask: redress@example.com" in told
    assert f"silentspam lists permit {ANI} {CALLER_ID}" in told
    assert silentspam(site, "lists", "permit", ANI, CALLER_ID) == 0
    again = Switch(opening=DEAD_AIR)
    screen(site, again)
    assert (action(again), newest(site)["gate_cause"]) == ("BRIDGE", "PERMITTED")


def test_whoever_passed_is_let_through_unheard_the_next_time(site: Site) -> None:
    first, second = Presses(opening=DEAD_AIR), Presses(opening=DEAD_AIR)
    screen(site, first)
    assert site.row()["challenge_result"] == "PASSED"
    screen(site, second)
    assert not answered(second)
    assert newest(site)["gate_cause"] == "PASSED"
    stranger = Switch(opening=DEAD_AIR, variables={"CALLERID(ANI)": "15550177"})
    screen(site, stranger)
    assert newest(site)["challenge_result"] == "FAILED"


def test_an_emergency_that_the_dialplan_announces_passes_a_blocked_number(site: Site) -> None:
    silentspam(site, "lists", "block", ANI)
    switch = called(agi_arg_1="--config=x", agi_arg_2="--emergency")
    with running([*site.command("silentspam.py"), "--emergency"]) as process:
        converse(process, switch)
        assert complaint(process) == ""
    assert (action(switch), site.row()["gate_cause"]) == ("BRIDGE", "EMERGENCY")


def test_the_number_called_has_its_threshold(site: Site) -> None:
    silentspam(site, "lists", "dnis", "set", DNIS, "--threshold", "0.95")
    switch = Switch(opening=DEAD_AIR)
    screen(site, switch)
    assert (action(switch), site.row()["threshold"], site.row()["verdict"]) == ("BRIDGE", 0.95, "HAM")


# --- the gate breaks ----------------------------------------------------------------------------------------


def test_a_torn_gate_file_screens_the_call_as_configured_and_is_mended_after_it(site: Site) -> None:
    silentspam(site, "lists", "permit", ANI)
    path = site.folder / "gate" / FILE_NAME
    path.write_bytes(path.read_bytes()[:-3])
    switch = Switch(opening=SPEECH)
    screen(site, switch)
    assert (action(switch), answered(switch), site.row()["verdict"]) == ("BRIDGE", True, "HAM")
    assert "torn" in site.row()["mode_reason"]
    assert site.row()["failed_open"] == 0
    screen(site, Switch(opening=SPEECH))
    assert newest(site)["gate_cause"] == "PERMITTED"


def test_a_gate_folder_that_cannot_be_made_costs_neither_call_nor_row(site: Site) -> None:
    (site.folder / "gate").write_text("a file in its place")
    switch = Switch(opening=SPEECH)
    said = screen(site, switch)
    assert (action(switch), site.row()["verdict"]) == ("BRIDGE", "HAM")
    assert "silentspam: gate: GateError: gate.folder" in said
    emergency = called(agi_callerid="911")
    screen(site, emergency)
    assert newest(site)["gate_cause"] == "EMERGENCY"


def test_the_kill_switch_works_while_the_database_is_down_and_is_taken_in_later(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    database = site.folder / "calls.db"
    database.mkdir()
    assert silentspam(site, "switch", "off", "--note", "panic") == 0
    said = capsys.readouterr()
    assert said.out.startswith("OFF: every call is bridged unheard")
    assert "nowhere else yet" in said.err
    switch = Switch(opening=DEAD_AIR)
    screen(site, switch)
    assert (action(switch), answered(switch)) == ("BRIDGE", False)
    assert silentspam(site, "switch", "status") == 0
    assert "1 changes wait" in capsys.readouterr().out
    database.rmdir()
    screen(site, Switch(opening=DEAD_AIR))
    assert {row["gate_cause"] for row in site.rows()} == {"SWITCHED_OFF"}
    gate = read(site.folder / "gate")
    assert gate is not None
    assert gate.header.waiting == ()


def test_two_servers_of_a_database_follow_the_newest_throw(site: Site, tmp_path: Path) -> None:
    other = Site(tmp_path / "other", Path(site.settings["model"]["folder"]))
    other.folder.mkdir()
    other.settings["call_log"]["database"] = site.settings["call_log"]["database"]
    silentspam(site, "switch", "off")
    silentspam(other, "lists", "publish")
    assert _switch(other) is SwitchState.OFF
    silentspam(other, "switch", "on")
    assert _switch(site) is SwitchState.OFF
    silentspam(site, "lists", "publish")
    assert _switch(site) is SwitchState.ON


def _switch(site: Site) -> SwitchState | None:
    gate = read(site.folder / "gate")
    assert gate is not None
    return gate.header.switch.state if gate.header.switch else None


# --- the rate guard -----------------------------------------------------------------------------------------


def add_rows(site: Site, *, failed: int, unchallenged: int, passed: int = 0) -> None:
    """Calls that came before, in turn."""
    results = [ChallengeResult.FAILED] * failed + [ChallengeResult.PASSED] * passed + [None] * unchallenged
    log = CallTable(SqliteDatabase(site.folder / "calls.db"))
    for number, result in enumerate(sorted(results, key=str)):
        record = CallRecord(
            call=Call(
                call_id=f"before-{number}", started_at=1_600_000_000.0 + number, ani=f"2125550{number}"
            ),
            mode=Mode.ENFORCE,
            challenge_cause=ChallengeCause.SUSPICION if result else None,
            challenge_result=result,
        )
        log.write(screened(record))


def test_a_truly_bad_model_challenges_a_few_people_and_then_nobody(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """It takes everybody for dead air; they press the key, and after some more nobody is asked."""
    site.settings["model"]["threshold"] = 0.0
    site.settings["lines"]["enabled"] = False  # its budget would stop such a model too
    add_rows(site, failed=0, unchallenged=14)
    said = ""
    for number in range(12):
        people = Presses(opening=SPEECH, variables={"CALLERID(ANI)": f"1555020{number}"})
        said += screen(site, people)
        if said:
            break
    assert "silentspam: rate guard: nobody is challenged until `silentspam switch on`" in said
    asked = [row for row in site.rows() if row["challenge_result"] == "PASSED"]
    assert len(asked) == 6
    person = Presses(opening=SPEECH, variables={"CALLERID(ANI)": "15550333"})
    screen(site, person)
    row = newest(site)
    assert (row["challenge_result"], row["mode"], row["decision"]) == (None, "shadow", "BRIDGE")
    assert "by the rate guard" in row["mode_reason"]
    assert silentspam(site, "switch", "status") == 0
    assert "SHADOW by rate guard" in capsys.readouterr().out
    silentspam(site, "calls", "why", row["call_id"])
    assert "mode was shadow: switched to shadow by the rate guard" in capsys.readouterr().out
    assert silentspam(site, "switch", "on") == 0
    screen(site, Presses(opening=SPEECH, variables={"CALLERID(ANI)": "15550334"}))
    assert newest(site)["challenge_result"] == "PASSED", "the calls from before the operator's word are over"
    assert _switch(site) is SwitchState.ON


def test_an_attack_of_dead_air_on_nearly_half_of_the_calls_stays_challenged(site: Site) -> None:
    site.settings["lines"]["enabled"] = False
    add_rows(site, failed=90, unchallenged=110)
    for number in range(2):
        assert screen(site, Switch(opening=DEAD_AIR, variables={"CALLERID(ANI)": f"155504{number}"})) == ""
        assert newest(site)["challenge_result"] == "FAILED"
    assert _switch(site) is None


def test_what_the_guard_did_is_in_the_history_of_every_server(site: Site) -> None:
    site.settings["model"]["threshold"] = 0.0
    site.settings["lines"]["enabled"] = False
    add_rows(site, failed=0, unchallenged=10, passed=12)
    screen(site, Presses(opening=SPEECH))
    rows = SqliteDatabase(site.folder / "calls.db")
    with rows.transaction(write=False) as connection:
        (event,) = [dict(row) for row in connection.execute("SELECT * FROM switch_events")]
    assert (event["state"], event["cause"]) == (SwitchState.SHADOW, SwitchCause.GUARD)
    assert "model.max_false_challenge_rate" in event["note"]
    assert json.dumps(event)
