"""Targets that speak AGI: the environment, a screening, a call's end, and rows that Asterisk wrote itself."""

import json
from collections.abc import Sequence

from silentspam.agi.channel import AgiChannel, call_from_environment
from silentspam.agi.ended import FACTS, call_end
from silentspam.agi.session import AgiSession
from silentspam.call import CALLER_TEXT_LIMIT, Call, CallEnd
from silentspam.calllog.entry import Entry, ended
from silentspam.screening import screen_call
from silentspam.unlogged import UNREADABLE, take_in
from tests.agi.dialogue import Raw, assert_only_our_commands, screener
from tests.fakes import CALL_ID, ENVIRONMENT, a_call
from tests.fuzz.target import Target, emptied, scratch

GREETING = "".join(f"{name}: {value}\n" for name, value in ENVIRONMENT.items()).encode() + b"\n"


def read_environment(content: bytes) -> None:
    """Whatever stands in it: texts fit for the log."""
    env = AgiSession(Raw(content), Raw(b"")).env  # type: ignore[arg-type]
    check_texts(call_from_environment(env, call_id=CALL_ID, ani=env.get("ani", ""), started_at=0.0))


def check_texts(call: Call) -> None:
    for text in (call.uniqueid, call.channel, call.ani, call.caller_id, call.caller_name, call.dnis):
        assert text.isprintable(), text
        assert len(text) <= CALLER_TEXT_LIMIT, len(text)


def screen(content: bytes) -> None:
    """Whatever the switch replies: the call ends decided, and only our own commands were sent."""
    switch = Raw(b"\n" + content)
    channel = AgiChannel(AgiSession(switch, switch))  # type: ignore[arg-type]
    record = screen_call(a_call(CALL_ID), channel, screener(scratch()))
    assert record.disposition or record.decision, record
    assert_only_our_commands([line.decode().removesuffix("\n") for line in switch.sent], scratch())


def end(content: bytes) -> None:
    """Whatever the switch says of the end: a row that can be stored."""
    switch = Raw(content)
    session = AgiSession(switch, switch)  # type: ignore[arg-type]
    check_end(call_end(session.env, session.get_variable, ended_at=1.8e9))


def check_end(call: CallEnd) -> None:
    check_texts(call.call)
    entry = ended(call)
    assert Entry.from_json(entry.to_json()) == entry


def unlogged(content: bytes) -> None:
    """Whatever stands in the file: every line is taken in or set aside."""
    folder = emptied("unlogged")
    path = folder / "unlogged.jsonl"
    path.write_bytes(content)
    taken = take_in(path, check_end)
    aside = path.with_name(path.name + UNREADABLE)
    set_aside = aside.read_bytes().count(b"\n") if aside.exists() else 0
    lines = [line for line in content.split(b"\n") if line.strip()]
    assert taken + set_aside == len(lines), (taken, set_aside, len(lines))


def replies(*values: str) -> bytes:
    return b"".join(f"200 result=1 ({value})\n".encode() if value else b"200 result=0\n" for value in values)


def _dialogues() -> Sequence[bytes]:
    """Replies to a screening: the challenge is passed, nobody answers and the caller leaves, garbage."""
    asked = (
        b"200 result=1\n200 result=0\n200 result=0\n200 result=0 (timeout) endpos=0\n"
        b"200 result=0 endpos=9\n200 result=0 endpos=9\n"
    )
    return (
        asked + b"200 result=55\n" + b"200 result=1\n" * 8,
        asked + b"200 result=0\n200 result=0\n200 result=-1\n200 result=6\n200 result=-1 (hangup)\n",
        b"100 Trying...\nHANGUP\n511 dead\n520-usage\n520 End\n510 Invalid\n",
    )


def _end_seeds() -> Sequence[bytes]:
    numbers = ("1700000000.5",) * len(FACTS)
    words = ("", "1700000000.5", "", "1", "HAM", "0.1", "PASSED", "BRIDGED", "1", "SUCCESS", "dialplan/x")
    return (
        GREETING + replies(*numbers, "15550100"),
        GREETING + replies(*words, "BUSY", "CONTINUE", "3", "16", "15550100"),
        GREETING + b"511 Command Not Permitted on a dead channel\n",
    )


def _unlogged_seeds() -> Sequence[bytes]:
    facts = dict.fromkeys(FACTS, "1") | {"ended_at": "1700000000.5", "agi_uniqueid": "1.1"}
    line = json.dumps(facts).encode()
    return (
        line + b"\n",
        line + b"\n\n{}\n[]\n" + line,
        b'{"ended_at": "nan"}\n{"ended_at": 1e999}\n',
        b'{"ended_at":"1.7e9","switch":"freeswitch","agi_uniqueid":"8","SILENTSPAM_STARTED_AT":"7","x y":""}',
    )


TARGETS = (
    Target(
        name="agi-environment",
        read=read_environment,
        seeds=lambda: (GREETING, b"agi_callerid: a\r\nani: \xff\xfe\n\n", b"\n"),
    ),
    Target(
        name="agi-screening",
        read=screen,
        seeds=_dialogues,
    ),
    Target(name="agi-end", read=end, seeds=_end_seeds),
    Target(name="unlogged-rows", read=unlogged, seeds=_unlogged_seeds),
)
