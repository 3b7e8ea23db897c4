"""The dialplan: its head, `variables.py` and its lines name the same variables; and it fails open."""

import ast
import json
import re
from pathlib import Path

import pytest

from silentspam import resources, variables
from silentspam.agi.ended import FACTS
from silentspam.config import CallLogSection

FILE = resources.shipped("dialplan") / "extensions_silentspam.conf"
TEXT = FILE.read_text()
HEAD, BODY = TEXT.split("\n[silentspam]\n", 1)
BODY = "[silentspam]\n" + BODY
LINES = [line.strip() for line in BODY.splitlines() if line.strip() and not line.lstrip().startswith(";")]
NAME = re.compile(r"\bSILENTSPAM_[A-Z_]+\b")

MAY_SET, IT_SETS = HEAD.split("; Variables it sets on the channel:")
ADMINS = set(re.findall(r"^;   (SILENTSPAM_[A-Z_]+) ", MAY_SET, re.MULTILINE))
OURS = set(re.findall(r"^;   (SILENTSPAM_[A-Z_]+) ", IT_SETS, re.MULTILINE))
SHARED = {value for name, value in vars(variables).items() if name.isupper()} - {variables.GUARD}
"""But for the guard, which Asterisk's dialplan has in TIMEOUT(absolute)."""


def context(name: str) -> list[str]:
    """The applications of a context, in order, without `exten` and `same`."""
    section = BODY.split(f"[{name}]\n")[1].split("\n[")[0]
    section = section.split("\nexten => T,")[0]
    lines = [line.strip() for line in section.splitlines() if line.strip() and not line.startswith(";")]
    return [re.sub(r"^(exten => s,1,|same => n(\(\w+\))?,)", "", line) for line in lines]


def at(lines: list[str], start: str) -> int:
    """The place of the line that starts so."""
    (place,) = (number for number, line in enumerate(lines) if line.startswith(start))
    return place


HANGUP = 'Hangup(${IF($["${SILENTSPAM_HANGUP}" = ""]?21:${SILENTSPAM_HANGUP})})'


# --- names -------------------------------------------------------------------------------------------------


def test_the_head_documents_exactly_the_variables_that_the_code_shares_with_the_dialplan() -> None:
    assert OURS == SHARED


def test_every_variable_below_is_documented_in_the_head_and_every_documented_one_is_used() -> None:
    used = set(NAME.findall(BODY))
    assert used <= ADMINS | OURS
    by_python_alone = {
        variables.FAILED_OPEN,
        variables.DISPOSITION,
        variables.LINE,
        variables.RISK,
        variables.PROVENANCE_ALERT,
    }
    assert (ADMINS | OURS) - used <= by_python_alone


def test_every_shared_variable_has_a_docstring() -> None:
    body = ast.parse(Path(variables.__file__).read_text()).body
    names = [place for place, one in enumerate(body) if isinstance(one, ast.Assign)]
    assert len(names) == len(SHARED) + 1
    assert all(isinstance(body[place + 1], ast.Expr) for place in names)


def test_the_cdr_fields_in_the_head_are_the_ones_that_are_set() -> None:
    documented = re.split(r"; CDR fields:|\n;\n", HEAD)
    (fields,) = (part for part in documented if part.lstrip().startswith("silentspam_call_id"))
    assert set(re.findall(r"silentspam_[a-z_]+", fields)) == set(re.findall(r"Set\(CDR\((\w+)\)", BODY))


def test_every_context_that_is_called_exists() -> None:
    exists = set(re.findall(r"^\[([\w-]+)\]", BODY, re.MULTILINE))
    called = set(re.findall(r"(?:Gosub\(|hangup_handler_push\)=|U\(|,,)(silentspam[\w-]*)", BODY))
    assert called
    assert called <= exists


# --- fail open ---------------------------------------------------------------------------------------------


def test_bridge_is_preset_and_the_hangup_handler_pushed_before_anything_can_fail() -> None:
    lines = context("silentspam")
    agi = at(lines, "TryExec(AGI(")
    assert at(lines, "Set(SILENTSPAM_ACTION=BRIDGE)") < agi
    assert at(lines, "Set(CHANNEL(hangup_handler_push)=silentspam-ended,s,1)") < agi
    assert lines.count("Set(SILENTSPAM_ACTION=BRIDGE)") == 1


def test_only_the_word_reject_leads_to_the_only_hangup() -> None:
    lines = context("silentspam")
    reject = [
        'GotoIf($["${SILENTSPAM_HANGUP}" != "603"]?clear)',
        "TryExec(PJSIPHangup(603))",
        "Set(SILENTSPAM_HANGUP=21)",
        HANGUP,
    ]
    assert lines[-5:] == ["Return()", *reject]
    assert not [line for line in lines[:-4] if "Hangup" in line]
    assert re.search(r"n\(screened\),Return\(\)\n same => n\(reject\),", BODY)
    assert 'GotoIf($["${SILENTSPAM_ACTION}" = "REJECT"]?reject)' in lines
    assert len(re.findall(r"\?reject\)", BODY)) == 1
    assert len(re.findall(r"\?clear\)", BODY)) == 1


def test_agi_status_and_failure_decide_nothing() -> None:
    for line in context("silentspam"):
        if line.startswith("GotoIf"):
            assert "AGI" not in line
            assert "FAILED_OPEN" not in line


@pytest.mark.parametrize("name", ["silentspam-dial", "silentspam-queue"])
def test_our_own_bridges_screen_first_and_come_back_when_nobody_answers(name: str) -> None:
    lines = context(name)
    assert lines[0] == "Gosub(silentspam,s,1)"
    bridges = [line for line in lines if line.startswith(("Dial(", "Queue("))]
    assert bridges
    assert all("silentspam-bridged" in line for line in bridges)
    assert lines[-1] == "Return()"


def test_an_agent_of_the_number_called_who_cannot_be_reached_leaves_the_usual_one() -> None:
    lines = context("silentspam-dial")
    own, usual = at(lines, "Dial(${SILENTSPAM_AGENT}"), at(lines, "Dial(${ARG1}")
    assert lines[own].replace("${SILENTSPAM_AGENT}", "${ARG1}") == lines[usual]
    assert lines[own - 1] == 'GotoIf($["${SILENTSPAM_AGENT}" = ""]?usual)'
    assert lines[own + 1 : usual] == ['GotoIf($["${DIALSTATUS}" != "CHANUNAVAIL"]?over)']


@pytest.mark.parametrize("name", ["SILENTSPAM_AGENT", "SILENTSPAM_HANGUP", "SILENTSPAM_EMERGENCY"])
def test_what_only_few_calls_have_is_cleared_before_the_screening(name: str) -> None:
    lines = context("silentspam")
    assert at(lines, f"Set({name}=)") < at(lines, "TryExec(AGI("), "nobody else sets it"


def test_headers_of_a_caller_are_letters_and_digits_before_they_meet_an_expression() -> None:
    lines = context("silentspam-emergency")
    headers = [line for line in lines if "PJSIP_HEADER" in line]
    assert len(headers) == 2
    for line in headers:
        assert re.search(r"\$\{FILTER\([A-Za-z0-9.-]+,\$\{PJSIP_HEADER\(read,[A-Za-z-]+\)\}\)\}", line)
        assert "$[" not in line


def test_every_context_ends_in_a_return_or_a_hangup() -> None:
    for name in re.findall(r"^\[([\w-]+)\]", BODY, re.MULTILINE):
        assert context(name)[-1] in ("Return()", HANGUP)


# --- a resident screener that hangs -------------------------------------------------------------------------


def test_what_asterisk_does_when_the_time_is_up_leads_back_behind_the_screening() -> None:
    """Measured: without it a caller whose FastAGI server hangs waits for ever, and so does the channel."""
    assert "exten => T,1,Set(AGISTATUS=TIMEOUT)\n same => n,Goto(s,answered)\n" in BODY
    lines = context("silentspam")
    agi = at(lines, "TryExec(AGI(")
    assert lines[agi - 1] == "Gosub(silentspam-patience,s,1)"
    assert "same => n(answered),Set(SILENTSPAM_AGI_STATUS=${AGISTATUS})" in BODY
    assert lines[agi + 2].endswith("?Set(TIMEOUT(absolute)=${SILENTSPAM_TIMEOUT}))")


def test_only_a_resident_screener_is_given_a_time_as_scripts_have_their_own() -> None:
    lines = context("silentspam-patience")
    bound = at(lines, "Set(TIMEOUT(absolute)=")
    guard = at(lines, "GotoIf(")
    assert guard < bound
    assert lines[guard].endswith("?script)")
    assert "agi://" in lines[guard]
    assert "hagi://" in lines[guard]
    assert lines[0] == "Set(SILENTSPAM_TIMEOUT=)"
    assert lines[-1] == "Return()"


# --- the caller's side of a bridged call --------------------------------------------------------------------


def test_the_callers_side_is_recorded_only_where_the_screener_names_a_file_and_costs_nobody_the_call() -> (
    None
):
    lines = context("silentspam")
    monitor = at(lines, "TryExec(MixMonitor(")
    assert lines[monitor] == "TryExec(MixMonitor(,br(${SILENTSPAM_LEG})))"
    assert lines[monitor - 1] == 'GotoIf($["${SILENTSPAM_LEG}" = ""]?screened)'
    assert lines[monitor + 1] == "Return()"
    assert at(lines, "Set(SILENTSPAM_LEG=)") < at(lines, "TryExec(AGI("), "nobody else names the file"


# --- the row that Asterisk writes itself --------------------------------------------------------------------

(UNLOGGED,) = (line for line in context("silentspam-ended") if line.startswith("Set(FILE("))


def facts_written() -> dict[str, str]:
    """The JSON object that the dialplan appends, with expressions unexpanded."""
    text = UNLOGGED[UNLOGGED.index("={") + 1 : -1]
    written: dict[str, str] = json.loads(text)
    return written


def test_asterisk_writes_every_fact_that_the_end_of_a_call_is_told_by() -> None:
    environment = {"agi_uniqueid", "agi_channel", "agi_callerid", "agi_dnid"}
    assert set(facts_written()) == {*FACTS, *environment, "CALLERID(ANI)", "ended_at"}


def test_a_fact_is_the_variable_of_its_name() -> None:
    for fact, expression in facts_written().items():
        if fact in FACTS:
            assert expression == f"${{{fact}}}"


def test_what_a_caller_can_set_is_filtered_before_it_stands_in_json() -> None:
    for fact in ("agi_callerid", "agi_dnid", "CALLERID(ANI)"):
        allowed = re.match(r"\$\{FILTER\((.+),\$\{CALLERID\(\w+\)\}\)\}$", facts_written()[fact])
        assert allowed, fact
        assert not set('"\\{}$') & set(allowed[1])
    assert "CALLERID(name)" not in UNLOGGED


def test_it_writes_only_what_the_script_could_not_log() -> None:
    lines = context("silentspam-ended")
    assert at(lines, "TryExec(AGI(") < at(lines, "GotoIf(") < lines.index(UNLOGGED)
    assert 'GotoIf($["${SILENTSPAM_LOGGED}" = "1"]?logged)' in lines


def test_its_default_file_is_the_configurations() -> None:
    assert f"?{CallLogSection().unlogged}:" in "\n".join(context("silentspam-ended"))
    assert CallLogSection().unlogged in HEAD


def test_parentheses_and_braces_are_balanced_in_every_line() -> None:
    for line in LINES:
        for left, right in ("()", "{}", "[]"):
            assert line.count(left) == line.count(right), line
