"""FreeSWITCH's dialplan: the guard in its order, the names of `variables.py`, and what comes into a shell.

No FreeSWITCH reads it here. What `set` and the hook make of the note's line is played by `evaluated`, after
switch_event.c and switch_channel.c of FreeSWITCH 1.10, and by a real shell.
"""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from silentspam import resources, variables
from silentspam.call import CallEnd
from silentspam.sections import CallLogSection, FreeSwitchSection
from silentspam.unlogged import take_in

FILE = resources.shipped("dialplan") / "freeswitch" / "silentspam.xml"
TEXT = FILE.read_text()
ROOT = ElementTree.fromstring(TEXT)
HEAD, BODY = TEXT.split("\n<include>\n", 1)
EXAMPLE = ElementTree.fromstring(
    f"<all>{''.join(re.findall('<extension.*?</extension>', HEAD, re.DOTALL))}</all>"
)
NAME = re.compile(r"\bSILENTSPAM_[A-Z_]+\b")
DOCUMENTED = set(re.findall(r"^    (SILENTSPAM_[A-Z_]+) ", HEAD, re.MULTILINE))
SHARED = {value for name, value in vars(variables).items() if name.isupper()}
ABSENT = set(NAME.findall(HEAD.split("Of Asterisk's there are not:")[1]))

RECEPTION, AGENT = EXAMPLE
LINES = [(action.get("application"), action.get("data")) for action in RECEPTION.iter("action")]
APPLICATIONS = [application for application, _ in LINES]
(NOTE,) = (
    action.get("data", "") for action in ROOT.iter("action") if "api_reporting_hook" in action.get("data", "")
)


def extension(name: str) -> ElementTree.Element:
    """An extension of the file itself."""
    (found,) = (one for one in ROOT.iter("extension") if one.get("name") == name)
    return found


def evaluated(text: str, known: dict[str, str]) -> str:
    """What one evaluation of FreeSWITCH makes of a text: variables, and escapes taken off."""
    made, rest = "", text
    while rest:
        if rest.startswith("\\$"):
            made, rest = made + "$", rest[2:]
        elif rest.startswith("\\\\"):
            made, rest = made + "\\", rest[2:]
        elif found := re.match(r"\$\{(\w+)\}", rest):
            made, rest = made + known.get(found[1], ""), rest[found.end() :]
        else:
            made, rest = made + rest[0], rest[1:]
    return made


# --- names -------------------------------------------------------------------------------------------------


def test_the_head_documents_every_variable_that_the_code_shares_or_says_that_it_is_asterisks() -> None:
    assert SHARED - ABSENT <= DOCUMENTED
    assert ABSENT <= SHARED
    assert not ABSENT & DOCUMENTED


def test_every_variable_that_is_used_is_documented_and_no_other_name_is_made_up() -> None:
    assert set(NAME.findall(BODY)) | set(NAME.findall(ElementTree.tostring(EXAMPLE, "unicode"))) <= DOCUMENTED
    assert {name for name in DOCUMENTED - SHARED if not name.startswith("SILENTSPAM_NOTE_")} == set()


def test_the_port_and_the_file_are_the_configurations() -> None:
    assert FreeSwitchSection().port is None
    assert ("socket", "127.0.0.1:8084 async full") in LINES
    assert "freeswitch.port" in HEAD
    assert NOTE.endswith(f" >> {CallLogSection().unlogged}")


# --- fail open ---------------------------------------------------------------------------------------------


def test_the_guard_is_there_before_the_socket_and_off_before_the_bridge() -> None:
    assert APPLICATIONS == ["multiset", "sched_transfer", "socket", "sched_cancel", "bridge"]


def test_the_guard_sends_the_call_where_its_variable_says_and_that_extension_is_there() -> None:
    settings = dict(one.split("=", 1) for one in str(LINES[0][1]).removeprefix("^^;").split(";"))
    assert settings == {
        variables.STARTED_AT: "${strepoch()}",
        variables.GUARD: "agent XML public",
    }
    assert LINES[1][1] == f"+15 {settings[variables.GUARD]}"
    conditions = [(one.get("field"), one.get("expression")) for one in AGENT.iter("condition")]
    assert conditions == [(f"${{{variables.GUARD}}}", "."), ("destination_number", "^agent$")]
    bridges = {
        action.get("data") for action in EXAMPLE.iter("action") if action.get("application") == "bridge"
    }
    assert len(bridges) == 1, "the guard reaches the same agent"


def test_a_session_is_never_resumed_nor_synchronous() -> None:
    """socket_resume cuts a bridge when the program leaves; without `async full` there are no events."""
    for action in [*ROOT.iter("action"), *EXAMPLE.iter("action")]:
        assert "socket_resume" not in str(action.get("data"))
    assert "async full" in str(LINES[2][1])


def test_only_applications_that_set_variables_are_in_the_file_itself() -> None:
    """An application that is not there hangs the call up; `system` and `bgsystem` can be switched off."""
    assert {action.get("application") for action in ROOT.iter("action")} == {"set"}


def test_what_runs_for_every_call_of_the_context_lets_it_go_on() -> None:
    first = extension("silentspam")
    assert first.get("continue") == "true"
    assert {one.get("break") for one in first.iter("condition")} == {"never"}
    assert {one.get("inline") for one in first.iter("action")} == {"true"}
    assert not list(first.iter("anti-action"))


def test_no_text_of_a_callers_is_evaluated() -> None:
    """`${...}` evaluates what the variable holds: `Resource-Priority: ${system(id)}` would run (src)."""
    evaluated = {
        name
        for condition in [*ROOT.iter("condition"), *EXAMPLE.iter("condition")]
        for name in re.findall(r"\$\{(\w+)", str(condition.get("field")))
    }
    assert evaluated == {"uuid", variables.STARTED_AT, variables.GUARD}


# --- the line that an unscreened call leaves ---------------------------------------------------------------

CAPTURED = {
    str(action.get("data")).partition("=")[0]: str(condition.get("expression"))
    for condition in ROOT.iter("condition")
    for action in condition.iter("action")
    if str(action.get("data")).endswith("=$1")
}
OWN_WORDS = {"DIALSTATUS", "bridge_epoch", "sip_hangup_disposition", "hangup_cause_q850"}
"""Set by FreeSWITCH itself, from words of its own."""


def test_into_the_shell_come_captures_our_own_values_and_words_of_freeswitchs() -> None:
    named = set(re.findall(r"\$\{(\w+)\}", NOTE))
    assert named == {*CAPTURED, variables.STARTED_AT, variables.CALL_ID, *OWN_WORDS}
    conditions = extension("silentspam_note").findall("condition")
    assert (conditions[0].get("field"), conditions[0].get("expression")) == (
        f"${{{variables.STARTED_AT}}}",
        "^[0-9]+$",
    )


@pytest.mark.parametrize(
    "text",
    [
        "'; touch /tmp/x; '",
        "$(id)",
        "`id`",
        "${system(id)}",
        "5550100\n; id",
        "+1 555",
        "'",
        '"',
        "\\",
        "٣",
        "",
    ],
)
def test_a_capture_lets_nothing_through_but_digits_and_hexadecimal(text: str) -> None:
    for name, expression in CAPTURED.items():
        found = re.search(expression, text, re.ASCII)
        assert found is None or re.fullmatch(r"[0-9A-Fa-f-]+", found[1]), name


def test_the_numbers_of_ordinary_calls_are_captured() -> None:
    assert re.search(CAPTURED["SILENTSPAM_NOTE_ANI"], "+15550199")[1] == "15550199"  # type: ignore[index]
    assert re.search(CAPTURED["SILENTSPAM_NOTE_ID"], "ff16693c-39bf-4d30-8973-e774631624c3")


def noted(at_set: dict[str, str], at_end: dict[str, str], folder: Path) -> dict[str, str]:
    """The line that a shell writes; `set` evaluates twice, the hook once, when the call is over."""
    name, _, hook = evaluated(evaluated(NOTE, at_set), at_set).partition("=")
    assert name == "api_reporting_hook"
    command, _, argument = evaluated(hook, at_set | at_end).partition(" ")
    assert command == "bg_system"
    argument = argument.replace(CallLogSection().unlogged, str(folder / "unlogged.jsonl"))
    subprocess.run([shutil.which("sh") or "/bin/sh", "-c", argument], check=True)
    (line,) = (folder / "unlogged.jsonl").read_text().splitlines()
    found: dict[str, str] = json.loads(line)
    return found


AT_SET = {
    "SILENTSPAM_NOTE_ID": "ff16693c-39bf-4d30-8973-e774631624c3",
    "SILENTSPAM_NOTE_ANI": "15550199",
    "SILENTSPAM_NOTE_DNIS": "5550200",
    variables.STARTED_AT: "1700000000",
}


def test_the_line_holds_what_was_known_when_it_was_set_and_when_the_call_was_over(tmp_path: Path) -> None:
    at_end = {"DIALSTATUS": "SUCCESS", "bridge_epoch": "1700000003", "hangup_cause_q850": "16"}
    line = noted(AT_SET, at_end | {"sip_hangup_disposition": "recv_bye"}, tmp_path)
    assert line.pop("ended_at").isdecimal()
    assert line == {
        "switch": "freeswitch",
        "agi_uniqueid": AT_SET["SILENTSPAM_NOTE_ID"],
        "agi_callerid": "15550199",
        "agi_dnid": "5550200",
        "CALLERID(ANI)": "15550199",
        "SILENTSPAM_STARTED_AT": "1700000000",
        "SILENTSPAM_CALL_ID": "",
        "DIALSTATUS": "SUCCESS",
        "bridge_epoch": "1700000003",
        "sip_hangup_disposition": "recv_bye",
        "HANGUPCAUSE": "16",
    }


@pytest.mark.parametrize(
    ("said", "disposition", "ended_by"),
    [
        ({"DIALSTATUS": "SUCCESS", "sip_hangup_disposition": "send_bye"}, "BRIDGED", "AGENT"),
        ({"DIALSTATUS": "NOANSWER", "sip_hangup_disposition": "send_bye"}, "BRIDGE_TIMEOUT", "APP"),
        ({"sip_hangup_disposition": "recv_cancel"}, "SCREEN_ABANDON", "CALLER"),
    ],
)
def test_the_line_becomes_a_row(
    tmp_path: Path, said: dict[str, str], disposition: str, ended_by: str
) -> None:
    noted(AT_SET, said, tmp_path)
    ends: list[CallEnd] = []
    assert take_in(tmp_path / "unlogged.jsonl", ends.append) == 1
    (end,) = ends
    assert (end.call.ani, end.call.dnis, end.call.started_at) == ("15550199", "5550200", 1_700_000_000.0)
    assert (end.disposition, end.ended_by) == (disposition, ended_by)
    assert end.failed_open is (disposition != "SCREEN_ABANDON")


def test_a_call_of_which_nothing_is_known_leaves_a_line_too(tmp_path: Path) -> None:
    line = noted({}, {}, tmp_path)
    assert set(line.values()) == {line["ended_at"], "freeswitch", ""}


def test_the_hook_names_its_command_before_the_first_space() -> None:
    """api_hook cuts at `::` first, else at the first space."""
    assert "::" not in NOTE
