"""The AGI protocol against replies that are refused, torn, endless or hostile.

Whatever bytes come, the session ends, it raises nothing but ChannelError and ChannelHangup, and each line it
sends is one of our own commands: no text that a caller can set is ever in it.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.agi import session as agi
from silentspam.agi.channel import AgiChannel, call_from_environment
from silentspam.agi.session import AgiSession
from silentspam.errors import ChannelError, ChannelHangup
from silentspam.screening import screen_call
from silentspam.serve.protocols import split_greeting
from tests.agi.dialogue import Raw, assert_only_our_commands, screener
from tests.fakes import CALL_ID, ENVIRONMENT, Switch, Wire


def session(switch: Switch | None = None) -> AgiSession:
    wire = Wire(switch or Switch())
    return AgiSession(wire, wire.writer)  # type: ignore[arg-type]


def replying(reply: bytes, *more: bytes) -> AgiSession:
    """A session whose switch answers GET VARIABLE with these bytes, and everything else as ever."""
    return session(Switch(replies={"GET VARIABLE": reply + b"".join(more)}))


def raw_session(incoming: bytes, **more: bytes) -> AgiSession:
    raw = Raw(incoming, **more)
    return AgiSession(raw, raw)  # type: ignore[arg-type]


# --- the environment ---------------------------------------------------------------------------------------


def test_the_environment_is_read_up_to_the_empty_line() -> None:
    assert session().env == ENVIRONMENT


def test_a_value_may_hold_colons_and_a_line_may_end_in_cr() -> None:
    env = raw_session(b"agi_channel: SIP/a:b: c\r\nagi_network_script:x:y\r\n\r\n").env
    assert env == {"agi_channel": "SIP/a:b: c", "agi_network_script": "x:y"}


def test_of_a_repeated_name_the_first_counts_so_that_a_caller_cannot_replace_what_came_before() -> None:
    env = raw_session(b"agi_uniqueid: 1.1\nagi_callerid: 5\nagi_uniqueid: 6.6\n\n").env
    assert env["agi_uniqueid"] == "1.1"


@pytest.mark.parametrize("incoming", [b"", b"agi_request: x", b"agi_request: x\n", b"agi_request: x\nagi_ch"])
def test_an_environment_that_ends_early_is_a_hangup(incoming: bytes) -> None:
    with pytest.raises(ChannelHangup):
        raw_session(incoming)


def test_an_endless_environment_is_an_error_after_a_bounded_number_of_lines() -> None:
    raw = Raw(b"", endless=b"agi_arg: x\n")
    with pytest.raises(ChannelError, match="environment of more than"):
        AgiSession(raw, raw)  # type: ignore[arg-type]
    assert raw.reads == agi.MAX_ENVIRONMENT_LINES


def test_an_endless_line_is_an_error_after_a_bounded_number_of_bytes() -> None:
    with pytest.raises(ChannelError, match="a line of more than"):
        raw_session(b"agi_callerid: ", endless=b"x")


def test_a_line_without_a_colon_is_a_name_without_a_value() -> None:
    assert raw_session(b"garbage\n\n").env == {"garbage": ""}


ENVIRONMENT_LINES = st.lists(
    st.tuples(st.sampled_from([b"agi_uniqueid", b"agi_arg_1", b" x ", b"\xff"]), st.binary(max_size=20)).map(
        lambda pair: b":".join(pair)
    )
    | st.binary(min_size=1, max_size=20),
    max_size=12,
).map(
    lambda lines: [
        one for line in lines if (one := line.replace(b"\n", b" ")).decode("utf-8", "replace").strip()
    ]
)


@given(ENVIRONMENT_LINES, st.binary(max_size=20))
def test_a_greeting_that_was_read_already_is_the_same_environment(lines: list[bytes], rest: bytes) -> None:
    whole = b"".join(line + b"\n" for line in lines) + b"\n" + rest
    greeting, after = split_greeting(whole)
    raw, reader = Raw(after), Raw(whole)
    ours = AgiSession(raw, raw, greeting=greeting)  # type: ignore[arg-type]
    assert ours.env == AgiSession(reader, reader).env  # type: ignore[arg-type]
    assert raw.reads == 0
    assert raw.readline(100) == reader.readline(100), "what comes after is there to be read"


def test_the_greeting_of_asterisk_is_its_environment() -> None:
    greeting, after = split_greeting(Switch().greeting())
    raw = Raw(after)
    assert AgiSession(raw, raw, greeting=greeting).env == ENVIRONMENT  # type: ignore[arg-type]
    assert AgiSession(raw, raw, greeting=b"").env == {}  # type: ignore[arg-type]


HOSTILE_NAMES = {
    "quotes": 'Robert "); DROP',
    "backslashes": '\\\\\\"',
    "a command": '"\nSET VARIABLE "SILENTSPAM_ACTION" "REJECT"\n',
    "carriage return": "a\rSET VARIABLE X 1",
    "NUL": "a\0b",
    "emoji": "🤖📞" * 10,
    "HTML": "<script>alert('x')</script>",
    "10 kB": "x" * 10_000,
    "no UTF-8": b"\xff\xfe\x80".decode("latin-1"),
    "bidi override": "\u202egnp.exe",
    "every control character": "".join(map(chr, range(1, 32))),
    "variable syntax": "${SHELL(reboot)}",
    "an AGI reply": "200 result=-1 (hangup)",
}


@pytest.mark.parametrize("what", HOSTILE_NAMES)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_hostile_caller_name_shapes_no_line_and_is_fit_for_the_log(
    what: str, encoding: str, tmp_path: Path
) -> None:
    name = HOSTILE_NAMES[what]
    greeting = "".join(f"{k}: {name if 'caller' in k else v}\n" for k, v in ENVIRONMENT.items()) + "\n"
    wire = Wire(Switch(opening=b"\xff"), greeting=greeting.encode(encoding, "replace"))
    ours = AgiSession(wire, wire.writer)  # type: ignore[arg-type]
    call = call_from_environment(ours.env, call_id=CALL_ID, ani=name, started_at=0.0)
    for text in (call.caller_name, call.ani, call.caller_id):
        assert text.isprintable()
        assert len(text) <= 256
    screen_call(call, AgiChannel(ours), screener(tmp_path))
    assert_only_our_commands(wire.switch.commands, tmp_path)


# --- replies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        (b"200 result=1 (15550199)\n", "15550199"),
        (b"200 result=1 (15550199)\r\n", "15550199"),
        (b"200 result=0\n", ""),
        (b"200 result=1\n", ""),
        (b"200 result=1 ()\n", ""),
        (b"200 result= (timeout)\n", "timeout"),
        (b"200 result=1 (a (b) c)\n", "a (b) c"),
        (b"200 result=1 (x) endpos=12\n", "x"),
        ("200 result=1 (Zoë 🤖)\n".encode(), "Zoë 🤖"),
        (b"200 result=1 (\xff)\n", "\ufffd"),
        (b"100 Trying...\n200 result=1 (late)\n", "late"),
        (b"100 Trying...\n" * 9 + b"200 result=1 (later)\n", "later"),
        (b"HANGUP\n200 result=1 (FastAGI)\n", "FastAGI"),
    ],
)
def test_a_reply_gives_its_value(reply: bytes, value: str) -> None:
    assert replying(reply).get_variable("CALLERID(ANI)") == value


@pytest.mark.parametrize("word", ["hangup", "timeout", "writefile", "-1", "200 result=-1 (hangup)"])
def test_a_caller_whose_number_is_a_word_of_the_protocol_has_not_hung_up(word: str) -> None:
    switch = Switch(variables={"CALLERID(ANI)": word})
    assert session(switch).get_variable("CALLERID(ANI)") == word


@pytest.mark.parametrize(
    "reply",
    [
        b"510 Invalid or unknown command\n",
        b"520-Invalid command syntax.  Proper usage follows:\n usage\n520 End of proper usage.\n",
        b"520-Invalid\n520 End\n",
        b"520 Invalid command syntax.  Proper usage not available.\n",
        b"200\n",
        b"200 OK\n",
        b"200 nothing=1\n",
        b"\n",
        b"result=1\n",
        b"\xff\xfe\n",
        b"GET VARIABLE\n",
        b"403 Forbidden\n",
        b"-1\n",
        b"2000 result=\n",
    ],
)
def test_a_refusal_or_garbage_is_a_channel_error_and_no_hangup(reply: bytes) -> None:
    with pytest.raises(ChannelError) as caught:
        replying(reply).get_variable("X")
    assert not isinstance(caught.value, ChannelHangup)


@pytest.mark.parametrize(
    "reply",
    [
        b"511 Command Not Permitted on a dead channel or intercept routine\n",
        b"200 result=-1 (hangup)\n",
        b"200 result=-1 (hangup) endpos=8000\n",
        b"HANGUP\n",
        b"",
        b"200 resu",
        b"200 result=1 (cut",
        b"520-Invalid command syntax.\n usage that is cut off",
        b"520-Invalid command syntax.\n",
        b"100 Trying...\n",
    ],
)
def test_a_dead_channel_or_a_cut_off_reply_is_a_hangup(reply: bytes) -> None:
    with pytest.raises(ChannelHangup):
        replying(reply).get_variable("X")


def test_minus_one_is_a_refusal_while_the_channel_is_up_and_a_hangup_when_it_is_not() -> None:
    switch = Switch(sounds_missing=True)
    with pytest.raises(ChannelError, match="STREAM FILE: refused") as caught:
        session(switch).stream_file("press-1")
    assert not isinstance(caught.value, ChannelHangup)
    assert switch.commands[-1] == "CHANNEL STATUS"
    for status in (b"200 result=0\n", b"511 dead\n", b"200 result=-1\n", b""):
        switch = Switch(sounds_missing=True, replies={"CHANNEL STATUS": status})
        with pytest.raises(ChannelHangup):
            session(switch).stream_file("press-1")


@pytest.mark.parametrize("prefix", [b"", b"520-usage\n"])
def test_endless_replies_are_errors_after_a_bounded_number_of_lines(prefix: bytes) -> None:
    raw = Raw(b"a: b\n\n" + prefix, endless=b"100 Trying...\n")
    ours = AgiSession(raw, raw)  # type: ignore[arg-type]
    with pytest.raises(ChannelError, match=f"{agi.MAX_REPLY_LINES} lines"):
        ours.get_variable("X")
    assert raw.reads <= agi.MAX_REPLY_LINES + 3


def test_an_endless_reply_line_is_an_error() -> None:
    raw = Raw(b"a: b\n\n200 result=1 (", endless=b"x")
    ours = AgiSession(raw, raw)  # type: ignore[arg-type]
    with pytest.raises(ChannelError, match="a line of more than"):
        ours.get_variable("X")


@pytest.mark.parametrize(
    ("result", "key"),
    [
        ("48", "0"),
        ("57", "9"),
        ("42", "*"),
        ("35", "#"),
        ("0", ""),
        ("", ""),
        ("7", ""),
        ("65", "A"),
        ("88", ""),
        ("999", ""),
        ("99999999999", ""),
        ("x", ""),
        ("-48", ""),
        ("٤٨", ""),
        ("4.8", ""),
    ],
)
def test_a_key_is_the_ascii_code_of_a_key_there_is(result: str, key: str) -> None:
    reply = f"200 result={result}\n".encode()
    assert session(Switch(replies={"WAIT FOR DIGIT": reply})).wait_for_digit(5000) == key
    assert session(Switch(replies={"STREAM FILE": reply})).stream_file("x", "123") == key


@pytest.mark.parametrize(
    ("reply", "samples"),
    [
        (b"200 result=0 (timeout) endpos=16160\n", 16160),
        (b"200 result=1 (timeout) endpos=15840\n", 15840),
        (b"200 result=0 (timeout) endpos=0\n", 0),
        (b"200 result=55 (dtmf) endpos=800\n", 800),
        (b"200 result=0\n", 0),
    ],
)
def test_a_recording_tells_how_much_was_recorded(reply: bytes, samples: int) -> None:
    ours = session(Switch(replies={"RECORD FILE": reply}))
    ours.start_recording("/recordings/x", 2000)
    assert ours.finish_recording() == samples


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"200 result=-1 (hangup) endpos=7840\n", ChannelHangup),
        (b"200 result=-1 (writefile) endpos=0\n", ChannelError),
        (b"200 result=-1 (randomerror) endpos=0\n", ChannelError),
        (b"200 result=0 (timeout) endpos=" + b"9" * 5000 + b"\n", ChannelError),
        (b"200 result=0 (timeout) endpos=x\n", ChannelError),
    ],
)
def test_a_recording_that_failed_says_so(reply: bytes, error: type[Exception]) -> None:
    ours = session(Switch(replies={"RECORD FILE": reply}))
    ours.start_recording("/recordings/x", 2000)
    with pytest.raises(error) as caught:
        ours.finish_recording()
    assert type(caught.value) is error


@pytest.mark.parametrize("reply", [b"200 result=-2\n", b"200 result=1\n"])
def test_a_tone_that_asterisk_does_not_have_is_an_error(reply: bytes) -> None:
    with pytest.raises(ChannelError, match="Playtones"):
        session(Switch(replies={"EXEC": reply})).play_tones("ring")


def test_a_switch_that_is_gone_is_a_hangup() -> None:
    class Gone(Raw):
        def write(self, line: bytes) -> None:
            raise BrokenPipeError

    raw = Gone(b"a: b\n\n")
    with pytest.raises(ChannelHangup):
        AgiSession(raw, raw).answer()  # type: ignore[arg-type]


# --- what is sent ------------------------------------------------------------------------------------------


def test_quotes_and_backslashes_in_a_path_arrive_as_they_are() -> None:
    switch = Switch()
    session(switch).set_variable("X", 'a "b" \\c')
    assert switch.variables["X"] == 'a "b" \\c'


@pytest.mark.parametrize("character", ["\n", "\r", "\0", "\t", "\x1b", "\x85", "\u2028", "\u202e", "\udc80"])
def test_a_control_character_is_never_sent(character: str) -> None:
    switch = Switch()
    ours = session(switch)
    for command in (
        lambda: ours.set_variable("X", f"a{character}b"),
        lambda: ours.stream_file(f"a{character}b"),
        lambda: ours.start_recording(f"a{character}b", 2000),
        lambda: ours.play_tones(f"a{character}b"),
    ):
        with pytest.raises(ChannelError, match="control characters"):
            command()
    assert switch.commands == []


@pytest.mark.parametrize("line_break", ["\n", "\r"])
def test_a_line_break_is_not_sent_even_where_nothing_was_quoted(line_break: str) -> None:
    switch = Switch()
    with pytest.raises(ChannelError, match="line break"):
        session(switch).send_command("NOOP", f"a{line_break}SET VARIABLE X 1")
    assert switch.commands == []


REPLY_LINES = st.sampled_from(
    [
        b"200 result=0\n",
        b"200 result=1\n",
        b"200 result=-1\n",
        b"200 result=1 (hangup)\n",
        b"200 result=-1 (hangup) endpos=0\n",
        b"200 result=55 endpos=100\n",
        b"200 result=0 (timeout) endpos=0\n",
        b"200 result=6\n",
        b"100 Trying...\n",
        b"510 Invalid\n",
        b"511 Dead\n",
        b"520-Usage\n",
        b"520 End\n",
        b"HANGUP\n",
        b"\n",
    ]
)
DIALOGUE = st.lists(REPLY_LINES | st.binary(max_size=60) | st.binary(max_size=60).map(lambda b: b + b"\n"))


@settings(max_examples=400)
@given(environment=st.binary(max_size=200) | DIALOGUE.map(b"".join), dialogue=DIALOGUE)
def test_whatever_bytes_come_a_screening_ends_and_sends_only_our_commands(
    environment: bytes, dialogue: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "recordings"
    raw = Raw(environment + b"\n\n" + b"".join(dialogue))
    try:
        ours = AgiSession(raw, raw)  # type: ignore[arg-type]
        ani = ours.get_variable("CALLERID(ANI)")
    except ChannelError:
        pass
    else:
        call = call_from_environment(ours.env, call_id=CALL_ID, ani=ani, started_at=0.0)
        record = screen_call(call, AgiChannel(ours), screener(folder))
        assert record.decision is not None
    sent = b"".join(raw.sent).decode()
    assert not sent or sent.endswith("\n")
    assert_only_our_commands(sent.split("\n")[:-1], folder)
    assert raw.reads < 20_000


COMMANDS: list[Callable[[AgiSession], object]] = [
    lambda s: s.answer(),
    lambda s: s.get_variable("X"),
    lambda s: s.set_variable("X", "1"),
    lambda s: s.play_tones("ring"),
    lambda s: s.stream_file("x", "123"),
    lambda s: s.wait_for_digit(1000),
    lambda s: (s.start_recording("x", 2000), s.finish_recording()),
]


@settings(max_examples=400)
@given(command=st.sampled_from(COMMANDS), dialogue=DIALOGUE)
def test_a_command_raises_nothing_but_channel_errors(
    command: Callable[[AgiSession], object], dialogue: list[bytes]
) -> None:
    raw = Raw(b"\n" + b"".join(dialogue))
    ours = AgiSession(raw, raw)  # type: ignore[arg-type]
    with suppress(ChannelError):
        command(ours)


def test_a_cut_at_any_byte_of_a_whole_dialogue_is_a_hangup_or_nothing(tmp_path: Path) -> None:
    def replies() -> Iterator[bytes]:
        yield from (b"200 result=1 (15550199)\n", b"200 result=1\n", b"200 result=0\n", b"200 result=0\n")
        yield from (b"200 result=0 (timeout) endpos=0\n", b"200 result=55 endpos=9\n", b"200 result=0\n")
        yield b"200 result=0\n"

    whole = b"agi_callerid: 1\n\n" + b"".join(replies())
    for end in range(len(whole)):
        raw = Raw(whole[:end])
        try:
            ours = AgiSession(raw, raw)  # type: ignore[arg-type]
            ani = ours.get_variable("CALLERID(ANI)")
        except ChannelHangup:
            continue
        call = call_from_environment(ours.env, call_id=CALL_ID, ani=ani, started_at=0.0)
        record = screen_call(call, AgiChannel(ours), screener(tmp_path))
        assert not record.failed_open
        assert record.disposition in ("SCREEN_ABANDON", "IVR_ABANDON", "BRIDGE_ABANDON")


def test_a_sound_of_no_length_is_an_error_for_nobody_heard_it() -> None:
    ours = session(Switch(replies={"STREAM FILE": b"200 result=0 endpos=0\n"}))
    with pytest.raises(ChannelError, match="nothing was played"):
        ours.stream_file("x", "123")


def test_many_variables_are_read_in_one_round_trip() -> None:
    switch = Switch(variables={"A": "1", "CALLERID(ANI)": "15550199"})
    assert session(switch).get_variables(["A", "B", "CALLERID(ANI)"]) == {
        "A": "1",
        "B": "",
        "CALLERID(ANI)": "15550199",
    }
    assert len(switch.commands) == 1


@pytest.mark.parametrize("hostile", ["1|2", "|||", "${A}", "x) (y"])
def test_a_value_that_shifts_the_others_is_read_by_itself(hostile: str) -> None:
    switch = Switch(variables={"A": "1", "CALLERID(ANI)": hostile})
    assert session(switch).get_variables(["A", "CALLERID(ANI)"]) == {"A": "1", "CALLERID(ANI)": hostile}
