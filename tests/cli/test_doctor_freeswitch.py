"""`silentspam check` and FreeSWITCH: a good installation, and each fault with its remedy.

No FreeSWITCH is asked: the event socket here is a few lines that answer as mod_event_socket does.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import yaml

from silentspam.cli import doctor_freeswitch
from silentspam.cli.doctor import FAULT, GOOD, WARNING, Finding, Identity, examine
from silentspam.cli.doctor_freeswitch import MODULES, freeswitch
from silentspam.cli.freeswitch_files import dialplan_path, dialplan_text
from silentspam.config import Config
from silentspam.sections import (
    CallLogSection,
    ChallengeSection,
    FreeSwitchSection,
    RecordingSection,
    ServerSection,
)

VERSION = "FreeSWITCH Version 1.10.12-release~64bit (-release 64bit)"
RECEPTION = """<include><extension name="reception"><condition field="destination_number" expression="^1$">
  <action application="multiset"
    data="^^;SILENTSPAM_STARTED_AT=${{strepoch()}};SILENTSPAM_GUARD=agent XML public"/>
  <action application="execute_extension" data="silentspam_note XML public"/>
  <action application="sched_transfer" data="+15 agent XML public"/>
  <action application="socket" data="127.0.0.1:{port} async full"/>
  <action application="sched_cancel"/>
  <action application="bridge" data="user/1000"/>
</condition></extension>
<extension name="agent"><condition field="${{SILENTSPAM_GUARD}}" expression="."/>
  <condition field="destination_number" expression="^agent$"><action application="bridge" data="user/1000"/>
</condition></extension></include>
"""

Speak = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers here does so when it has its turn."""
    monkeypatch.setattr(doctor_freeswitch, "SECONDS", 60.0)


@contextmanager
def listening(speak: Speak) -> Iterator[int]:
    """A port of loopback at which everybody is spoken to so."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        speak(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def answers(password: str = "ClueCon", **known: str) -> Speak:
    """An event socket; known: what each api command says, all modules being there."""
    said = {"version": VERSION, **{f"module_exists {one}": "true" for one in MODULES}, **known}

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"Content-Type: auth/request\n\n")
        commands = connection.makefile("rb")
        while line := commands.readline().decode().strip():
            commands.readline()
            if line.startswith("auth "):
                good = line == f"auth {password}"
                reply = "+OK accepted" if good else "-ERR invalid"
                connection.sendall(f"Content-Type: command/reply\nReply-Text: {reply}\n\n".encode())
            else:
                body = said[line.removeprefix("api ")].encode()
                head = f"Content-Type: api/response\nContent-Length: {len(body)}\n\n"
                connection.sendall(head.encode() + body)

    return speak


def screener(connection: socket.socket) -> None:
    connection.sendall(b"connect\n\n")
    connection.recv(1)


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "freeswitch"
    (folder / "dialplan" / "public").mkdir(parents=True)
    return folder


def configured(tmp_path: Path, port: int | None, event_port: int | None, **values: object) -> Config:
    sockets = () if event_port is None else (f"127.0.0.1:{event_port}",)
    return Config(
        freeswitch=FreeSwitchSection(port=port, event_sockets=sockets, **values),  # type: ignore[arg-type]
        call_log=CallLogSection(unlogged=str(tmp_path / "unlogged.jsonl")),
        recording=RecordingSection(folder=str(tmp_path)),
        server=ServerSection(metrics_port=0),
    )


def installed(config: Config, etc: Path) -> None:
    dialplan_path(etc).write_text(dialplan_text(config))
    (etc / "dialplan" / "public" / "reception.xml").write_text(RECEPTION.format(port=config.freeswitch.port))


def found(config: Config, etc: Path) -> list[Finding]:
    return list(freeswitch(config, etc, Identity("")))


def bad(findings: list[Finding]) -> list[str]:
    """Texts of what is not good; each has a remedy."""
    wrong = [finding for finding in findings if finding.mark != GOOD]
    assert all(finding.remedy for finding in wrong)
    return [f"{finding.mark} {finding.text}" for finding in wrong]


def test_a_good_installation_has_no_finding_but_good_ones(tmp_path: Path, etc: Path) -> None:
    with listening(screener) as port, listening(answers()) as event_port:
        config = configured(tmp_path, port, event_port)
        installed(config, etc)
        findings = found(config, etc)
    assert bad(findings) == []
    texts = "\n".join(finding.text for finding in findings)
    for words in (
        "this version's",
        "goes to an extension that is there",
        "says `connect`",
        VERSION,
        "complete as .wav",
    ):
        assert words in texts


def test_everything_that_is_missing_is_told_at_once(tmp_path: Path, etc: Path) -> None:
    (finding_of_port,) = (
        text for text in bad(found(configured(tmp_path, None, None), etc)) if "is null" in text
    )
    assert finding_of_port.startswith(FAULT)
    texts = "\n".join(bad(found(configured(tmp_path, None, None), etc)))
    assert "000_silentspam.xml: No such file" in texts
    assert "no line hands a call to port 8084" in texts
    assert "event_sockets is empty" in texts


RESUME = '<action application="set" data="socket_resume=true"/>'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sched_transfer", "log", "without a guard"),
        (" async full", "", "not `async full`"),
        ("<action", f"{RESUME}<action", "socket_resume"),
        ("^agent$", "^5550201$", "no extension of context public takes agent"),
        ("+15 agent XML public", "+15 agent", "not read here"),
        (";SILENTSPAM_GUARD=agent XML public", "", "no guard while a caller is asked"),
        ("sched_cancel", "log", "no sched_cancel before the agent"),
        ("SILENTSPAM_STARTED_AT", "OTHER", "SILENTSPAM_STARTED_AT is not set"),
        ("<include>", "<include><!-- ", "no line hands a call"),
    ],
)
def test_lines_that_would_lose_a_caller_are_found(
    tmp_path: Path, etc: Path, old: str, new: str, words: str
) -> None:
    config = configured(tmp_path, 8084, None)
    installed(config, etc)
    path = etc / "dialplan" / "public" / "reception.xml"
    path.write_text(path.read_text().replace(old, new) + "-->" * new.endswith("<!-- "))
    assert any(words in text for text in bad(found(config, etc)))


def test_the_lines_of_the_readme_are_good(tmp_path: Path, etc: Path) -> None:
    config = configured(tmp_path, 8084, None)
    installed(config, etc)
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    lines = readme.split("```xml")[1].split("```")[0]
    (etc / "dialplan" / "public" / "reception.xml").write_text(lines)
    texts = bad(found(config, etc))
    assert not any("reception.xml" in text or "no line hands" in text for text in texts), texts


@pytest.mark.parametrize(
    "written",
    [
        """<action application='socket' data='127.0.0.1:8084 async full'/>""",
        """<action data="127.0.0.1:8084 async full" application = "socket" />""",
        """<action loop="1"\n application="socket" inline="false" data="127.0.0.1:8084 async full"/>""",
    ],
)
def test_a_line_is_read_however_xml_lets_it_be_written(tmp_path: Path, etc: Path, written: str) -> None:
    config = configured(tmp_path, 8084, None)
    installed(config, etc)
    path = etc / "dialplan" / "public" / "reception.xml"
    as_documented = '<action application="socket" data="127.0.0.1:8084 async full"/>'
    path.write_text(path.read_text().replace(as_documented, written))
    assert any("goes to an extension that is there" in finding.text for finding in found(config, etc))


def test_a_guard_that_may_be_taken_off_elsewhere_is_no_fault(tmp_path: Path, etc: Path) -> None:
    config = configured(tmp_path, 8084, None)
    installed(config, etc)
    path = etc / "dialplan" / "public" / "reception.xml"
    for other in ('"transfer" data="1000 XML default"', '"set" data="gone=${sched_del(${uuid})}"'):
        path.write_text(RECEPTION.format(port=8084).replace('"sched_cancel"', other))
        assert not any("sched_cancel" in text for text in bad(found(config, etc)))


def test_a_guard_may_be_named_by_its_variable(tmp_path: Path, etc: Path) -> None:
    config = configured(tmp_path, 8084, None)
    installed(config, etc)
    path = etc / "dialplan" / "public" / "reception.xml"
    path.write_text(path.read_text().replace("+15 agent XML public", "+15 ${SILENTSPAM_GUARD}"))
    assert any("goes to an extension that is there" in finding.text for finding in found(config, etc))


PUBLIC = """<include><context name="public">{before}
<X-PRE-PROCESS cmd="include" data="public/*.xml"/>{after}</context></include>"""
EVERY = '<extension name="all"><condition field="destination_number" expression="^(.+)$"/></extension>'


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        (EVERY, "", True),
        ("", EVERY, False),
        (EVERY.replace('name="all"', 'name="all" continue="true"'), "", False),
        (EVERY.replace("^(.+)$", "^(10[01][0-9])$"), "", False),
        (EVERY.replace("^(.+)$", "^(+)$"), "", False),
    ],
)
def test_an_extension_that_takes_every_number_first_is_a_fault(
    tmp_path: Path, etc: Path, before: str, after: str, wrong: bool
) -> None:
    config = configured(tmp_path, 8084, None)
    installed(config, etc)
    (etc / "dialplan" / "public.xml").write_text(PUBLIC.format(before=before, after=after))
    assert any("silentspam_note is taken by" in text for text in bad(found(config, etc))) is wrong


def test_a_changed_dialplan_is_a_warning_and_one_whose_note_a_shell_would_misread_a_fault(
    tmp_path: Path, etc: Path
) -> None:
    config = configured(tmp_path, 8084, None)
    installed(config, etc)
    dialplan_path(etc).write_text("<include/>")
    assert any(text.startswith(WARNING) and "differs" in text for text in bad(found(config, etc)))
    other = Config(call_log=CallLogSection(unlogged="/srv/two words"))
    assert any("call_log.unlogged" in text for text in bad(found(other, etc)))


def another_program(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-x\r\n")


def turns_away(connection: socket.socket) -> None:
    connection.sendall(b"connect\n\n")


def says_nothing(connection: socket.socket) -> None:
    """It closes."""


@pytest.mark.parametrize(
    ("speak", "words"),
    [
        (another_program, "and not `connect`"),
        (says_nothing, "and not `connect`"),
        (turns_away, "turns 127.0.0.1 away"),
    ],
)
def test_a_server_that_does_not_screen_is_a_fault(
    tmp_path: Path, etc: Path, speak: Speak, words: str
) -> None:
    with listening(speak) as port:
        texts = bad(found(configured(tmp_path, port, None), etc))
    assert any(text.startswith(FAULT) and words in text for text in texts), texts


def test_a_server_that_is_not_there_is_a_fault(tmp_path: Path, etc: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert any("no call is screened" in text for text in bad(found(configured(tmp_path, port, None), etc)))


def rude(connection: socket.socket) -> None:
    connection.sendall(b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n")


@pytest.mark.parametrize(
    ("speak", "words"),
    [
        (answers("another"), "refuses freeswitch.password"),
        (rude, "rude-rejection"),
        (another_program, "event socket"),
        (says_nothing, "closed the event socket"),
        (answers(**{"module_exists mod_tone_stream": "false"}), "mod_tone_stream is not loaded"),
    ],
)
def test_an_event_socket_that_is_no_use_is_a_fault(
    tmp_path: Path, etc: Path, speak: Speak, words: str
) -> None:
    with listening(speak) as event_port:
        texts = bad(found(configured(tmp_path, None, event_port), etc))
    assert any(text.startswith(FAULT) and words in text for text in texts), texts


def test_another_version_is_a_warning(tmp_path: Path, etc: Path) -> None:
    with listening(answers(version="FreeSWITCH Version 1.8.7")) as event_port:
        texts = bad(found(configured(tmp_path, None, event_port), etc))
    assert any(text.startswith(WARNING) and "1.8.7" in text for text in texts)


def test_an_event_socket_that_says_nothing_is_not_waited_for(
    tmp_path: Path, etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_freeswitch, "SECONDS", 0.05)
    with listening(lambda connection: connection.recv(1)) as event_port:
        texts = bad(found(configured(tmp_path, None, event_port), etc))
    assert any("timed out: no row gets its end" in text for text in texts), texts


@pytest.mark.parametrize(
    ("listen", "password", "warned"),
    [
        ("::", "ClueCon", True),
        ("0.0.0.0", "ClueCon", True),
        ("127.0.0.1", "ClueCon", False),
        ("::", "x", False),
    ],
)
def test_the_password_that_everybody_knows_is_a_warning_where_others_reach_it(
    tmp_path: Path, etc: Path, listen: str, password: str, warned: bool
) -> None:
    (etc / "autoload_configs").mkdir()
    (etc / "autoload_configs" / "event_socket.conf.xml").write_text(
        f'<param name="listen-ip" value="{listen}"/><param name="password" value="{password}"/>'
    )
    texts = bad(found(configured(tmp_path, None, None), etc))
    assert any("the password it ships with" in text for text in texts) is warned


def test_prompts_that_freeswitch_cannot_play_are_a_warning(tmp_path: Path, etc: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "press-0.ulaw").write_bytes(b"\xff" * 800)
    config = Config(challenge=ChallengeSection(prompts=str(tmp_path / "prompts")))
    assert any("press-0" in text and "as .wav" in text for text in bad(found(config, etc)))


def test_without_asterisk_nothing_is_said_of_asterisks_own_sounds(tmp_path: Path, etc: Path) -> None:
    config = Config(challenge=ChallengeSection(prompts=str(tmp_path / "none")))
    texts = [finding.text for finding in examine(config, None, user="", freeswitch=etc)]
    assert [text for text in texts if "prompts in" in text] == [
        text for text in texts if text.endswith("missing as .wav")
    ]
    assert any("challenge.contact_number is empty" in text for text in texts)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look through another user's eyes")
def test_beside_asterisk_freeswitchs_own_user_has_to_write_the_openings(
    tmp_path: Path, etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_freeswitch, "freeswitch_user", lambda: "nobody")
    tmp_path.chmod(0o700)
    texts = bad(list(freeswitch(configured(tmp_path, None, None), etc, Identity(""), beside=True)))
    assert any("nobody may not write it" in text for text in texts)


# --- the verb ----------------------------------------------------------------------------------------------


def test_the_verb_examines_freeswitch_where_it_is_served_and_asterisk_where_it_is_there(
    silentspam, tmp_path: Path, etc: Path, config_file: Path
) -> None:
    nowhere = ["--asterisk-etc", tmp_path / "none", "--freeswitch-etc", etc]
    _, out, _ = silentspam("check", *nowhere)
    assert "freeswitch" not in out
    document = yaml.safe_load(config_file.read_text())
    document["freeswitch"] = {"port": 1, "event_sockets": []}
    config_file.write_text(yaml.safe_dump(document))
    code, out, _ = silentspam("check", *nowhere)
    assert code == 1
    assert "000_silentspam.xml" in out
    assert "silentspam.py" not in out, "there is no Asterisk"
    _, out, _ = silentspam("check", *nowhere, "--switch", "asterisk", "--agi-dir", tmp_path / "agi")
    assert "silentspam.py: missing" in out
    assert "000_silentspam.xml" not in out
    _, out, _ = silentspam("check", *nowhere, "--switch", "both", "--agi-dir", tmp_path / "agi")
    assert "silentspam.py: missing" in out
    assert "000_silentspam.xml" in out
