"""The lab's side of FreeSWITCH: configuration, command line, start and stop, without any FreeSWITCH.

There is none in CI. The program that is started is tests/lab/fake_freeswitch.py, which takes no calls:
whether a real one takes this configuration and these calls is what `python -m lab --switch freeswitch` tells.
"""

import os
import socket
import stat
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.__main__ import main
from lab.asterisk import Asterisk, AsteriskError
from lab.freeswitch import dialplan, table
from lab.freeswitch.event_socket import EventSocket, EventSocketError
from lab.freeswitch.exchange import FreeSwitchExchange, Installed
from lab.freeswitch.program import FreeSwitch, find_program
from lab.freeswitch.running import RunningFreeSwitch
from lab.freeswitch.state import MODULES, FreeSwitchError
from lab.keeper import Keeper
from lab.ports import FIRST_AGI_PORT, SCENARIOS, Ports
from lab.product import REPOSITORY
from lab.scenarios import TABLES, Scenario, load_scenarios
from lab.server import Server
from lab.troubles import OF_SERVERS, TROUBLES, prepare, repair
from silentspam.config import load_config

FAKE = Path(__file__).with_name("fake_freeswitch.py")
MEASURED = {"PCMU,PCMA", "soft", "loopback.auto"}
EVERY = table.load()


@pytest.fixture
def ports() -> Iterator[Ports]:
    leased = Ports()
    yield leased
    leased.release()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The fake, as an executable."""
    path = tmp_path / "freeswitch"
    path.write_text(f"#!{sys.executable}\n{FAKE.read_text()}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def configs(scenarios: tuple[Scenario, ...]) -> dict[str, Path]:
    return {one.folder: Path("/work") / one.folder / "silentspam.yaml" for one in scenarios}


def make(work: Path, ports: Ports, program: Path) -> FreeSwitch:
    """A FreeSWITCH for every scenario, twice."""
    placed = table.runnable(EVERY, attached=False)
    attempts = (*placed, *(one.again() for one in placed))
    switch = FreeSwitchExchange(ports, Installed(program=program)).set_up(work, attempts, configs(attempts))
    assert isinstance(switch, FreeSwitch)
    return switch


def document(work: Path, ports: Ports, program: Path) -> ElementTree.Element:
    switch = make(work, ports, program)
    switch.configure()
    return ElementTree.parse(switch.work / "conf" / "freeswitch.xml").getroot()


def actions(extension: ElementTree.Element) -> list[tuple[str, str]]:
    return [(one.get("application", ""), one.get("data", "")) for one in extension.iter("action")]


def test_the_configuration_is_whole_and_says_nothing_but_loopback(
    tmp_path: Path, ports: Ports, program: Path
) -> None:
    root = document(tmp_path / "lab", ports, program)
    text = (tmp_path / "lab" / "freeswitch" / "conf" / "freeswitch.xml").read_text()
    assert "@WORK@" not in text
    assert not [word for word in text.split('"') if word.startswith("@")]
    assert [section.get("name") for section in root] == ["configuration", "directory", "dialplan"]
    parameters = {one.get("name"): one.get("value") for one in root.iter("param")}
    assert parameters["sip-port"] == str(ports.sip)
    assert parameters["listen-port"] == str(ports.event_socket)
    assert (parameters["rtp-start-port"], parameters["rtp-end-port"]) == tuple(map(str, ports.rtp))
    assert {parameters[name] for name in ("sip-ip", "rtp-ip", "listen-ip")} == {"127.0.0.1"}
    assert set(parameters.values()) >= MEASURED
    assert {one.get("module") for one in root.iter("load")} >= set(MODULES)


def test_each_scenario_has_its_extension_its_server_and_its_agent(
    tmp_path: Path, ports: Ports, program: Path
) -> None:
    root = document(tmp_path / "lab", ports, program)
    found = {one.get("name"): one for one in root.iter("extension")}
    numbers = [one.get("expression") for one in root.iter("condition")]
    users = {one.get("id") for one in root.iter("user")}
    for scenario in table.runnable(EVERY, attached=False):
        assert numbers.count(f"^{scenario.extension}$") == 1
        assert numbers.count(f"^{scenario.agent_name}$") == 1
        assert scenario.agent_name in users
        told = actions(found[scenario.name])
        assert ("socket", f"127.0.0.1:{ports.freeswitch(scenario.number)} async full") in told
        assert actions(found[scenario.agent_name])[-1] == told[-1]
        assert told[-1][0] == "bridge"
    away = next(scenario for scenario in EVERY if scenario.agent.does == "away")
    assert actions(found[away.name])[-1][1].endswith(f"agent@127.0.0.1:{ports.dead}")


def test_the_lines_are_those_that_the_shipped_file_tells_admins_to_add(ports: Ports) -> None:
    said = dialplan.SHIPPED.read_text().partition("<extension")[2].partition("</extension>")[0]
    told = actions(ElementTree.fromstring(f"<extension{said}</extension>"))
    ours = dialplan.screening(8084, "agent XML public")
    assert told[: len(ours)] == ours
    assert [application for application, _ in told[len(ours) :]] == ["bridge"]


def test_the_shipped_extensions_are_in_the_context_and_note_into_the_scenarios_own_file(ports: Ports) -> None:
    placed = table.runnable(EVERY, attached=False)
    text = dialplan.extensions(placed, ports, configs(placed), profile="internal", context="public")
    root = ElementTree.fromstring(f"<include>{text}</include>")
    shipped = ElementTree.parse(dialplan.SHIPPED).getroot()
    names = [one.get("name") for one in root.iter("extension")]
    assert names[: len(shipped)] == [one.get("name") for one in shipped] != []
    assert dialplan.UNLOGGED not in text
    assert f"${{{dialplan.UNLOGGED_VARIABLE}}}" in text
    for scenario in placed:
        assert f"{dialplan.UNLOGGED_VARIABLE}=/work/{scenario.folder}/unlogged.jsonl" in text


def test_every_scenario_is_placed_or_has_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    for attached in (False, True):
        reasons = table.left_out(EVERY, attached=attached)
        placed = {scenario.name for scenario in table.runnable(EVERY, attached=attached)}
        assert placed.isdisjoint(reasons)
        assert placed | set(reasons) == {scenario.name for scenario in EVERY}
        assert all(reasons.values())
        assert len(placed) > len(reasons)
    assert main(["--list", "--switch", "freeswitch"]) == 0
    printed = capsys.readouterr().out
    before, _, after = printed.partition("not placed:")
    assert all(name in before for name in placed)
    assert all(f"\n{name} " in after for name in table.left_out(EVERY, attached=False))


def test_what_is_left_out_is_asterisks_own() -> None:
    of_scripts = {scenario.name for scenario in EVERY if not scenario.can_be_resident}
    by_trunk = {scenario.name for scenario in EVERY if scenario.trunk}
    others = {
        "own-dial-agent-ends",
        "own-dial-rejected",
        "queue-answers",
        "empty-queue",
        "fallback-prompts",
        "empty-prompts",
    }
    assert set(table.left_out(EVERY, attached=False)) == of_scripts | by_trunk | others


def test_the_faults_of_the_event_socket_are_among_the_scenarios_and_numbers_stay() -> None:
    own = {scenario.trouble for scenario in load_scenarios(*TABLES, table.OWN)} - {
        scenario.trouble for scenario in load_scenarios()
    }
    assert own == {*OF_SERVERS, "no_recordings"} <= set(TROUBLES)
    for ours, theirs in zip(EVERY, load_scenarios(), strict=False):
        assert (ours.label, ours.number) == (theirs.label, theirs.number)
    assert max(scenario.number for scenario in EVERY) < SCENARIOS


def test_a_refusal_is_expected_as_freeswitch_words_it() -> None:
    refused = {scenario.name: scenario.hears.refused for scenario in EVERY if scenario.hears.refused}
    assert refused == table.REFUSED


def test_an_installation_names_its_port_and_the_event_socket(tmp_path: Path, ports: Ports) -> None:
    from lab import product

    (scenario,) = (one for one in EVERY if one.name == "server-away")
    exchange = FreeSwitchExchange(ports, Installed(password="lab only"))
    config = load_config(product.write_config(tmp_path, exchange.sections(scenario), {}))
    assert config.freeswitch.port == ports.freeswitch(scenario.number) < FIRST_AGI_PORT
    assert config.freeswitch.event_sockets == (f"127.0.0.1:{ports.event_socket}",)
    assert config.freeswitch.password == "lab only"
    assert config.server.port == ports.agi(scenario.number)


def test_freeswitch_is_started_asked_and_stopped(tmp_path: Path, ports: Ports, program: Path) -> None:
    switch = make(tmp_path / "lab", ports, program)
    with switch:
        assert switch.active_channels() == 2
        assert switch.event_socket.api("status").startswith("UP ")
        assert switch.sip == ports.sip
        pid = switch.pid
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(FreeSwitchError, match="not running"):
        switch.pid  # noqa: B018


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"FAKE_FREESWITCH": "dies"}, "Cannot Initialize"),
        ({"FAKE_FREESWITCH": "hangs"}, "does not take calls: event socket .*timed out"),
        ({"FAKE_WITHOUT": "mod_tone_stream"}, "has not loaded mod_tone_stream"),
    ],
)
def test_one_that_does_not_come_up_is_named_and_stopped(
    tmp_path: Path,
    ports: Ports,
    program: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    message: str,
) -> None:
    monkeypatch.setattr("lab.freeswitch.program.BOOT_SECONDS", 2.0)
    monkeypatch.setattr("lab.freeswitch.program.MODULES_SECONDS", 0.5)
    monkeypatch.setattr("lab.freeswitch.event_socket.ANSWER_SECONDS", 0.5)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    switch = make(tmp_path / "lab", ports, program)
    with pytest.raises(FreeSwitchError, match=message):
        switch.start()
    with pytest.raises(FreeSwitchError, match="not running"):
        switch.pid  # noqa: B018


@pytest.mark.parametrize(("which", "option"), [("sip", "--sip-port"), ("event_socket", "--event-socket")])
def test_a_port_in_use_is_named_with_its_option(
    tmp_path: Path, ports: Ports, program: Path, which: str, option: str
) -> None:
    port = getattr(ports, which)
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(FreeSwitchError, match=f"port {port}.*{option}"),
    ):
        make(tmp_path / "lab", ports, program).start()


def test_a_running_one_gets_the_extensions_and_loses_them_again(
    tmp_path: Path, ports: Ports, program: Path
) -> None:
    file = tmp_path / "00_silentspam_lab.xml"
    placed = table.runnable(EVERY, attached=True)
    with make(tmp_path / "lab", ports, program) as running:
        there = Installed(dialplan=file, event_port=ports.event_socket, sip_port=ports.sip)
        switch = FreeSwitchExchange(ports, there).set_up(tmp_path, placed, configs(placed))
        assert isinstance(switch, RunningFreeSwitch)
        switch.start()
        names = [one.get("name") for one in ElementTree.parse(file).getroot()]
        assert {scenario.name for scenario in placed} <= set(names)
        assert (switch.sip, switch.active_channels()) == (ports.sip, 2)
        with pytest.raises(FreeSwitchError, match=r"--dialplan .*File exists"):
            FreeSwitchExchange(ports, there).set_up(tmp_path, placed, configs(placed)).start()
        assert file.exists()
        switch.stop()
        assert not file.exists()
        os.kill(running.pid, 0)  # it is not the lab's to stop


def test_the_extensions_are_taken_out_of_one_that_is_gone_too(
    tmp_path: Path, ports: Ports, program: Path
) -> None:
    there = Installed(dialplan=tmp_path / "x.xml", event_port=ports.event_socket, sip_port=ports.sip)
    switch = FreeSwitchExchange(ports, there).set_up(tmp_path, (), {})
    with make(tmp_path / "lab", ports, program):
        switch.start()
    switch.stop()
    assert not (tmp_path / "x.xml").exists()


def test_a_running_one_without_the_profile_is_refused(tmp_path: Path, ports: Ports, program: Path) -> None:
    with make(tmp_path / "lab", ports, program):
        there = Installed(dialplan=tmp_path / "x.xml", event_port=ports.event_socket, profile="external")
        with pytest.raises(FreeSwitchError, match="--profile external"):
            FreeSwitchExchange(ports, there).set_up(tmp_path, (), {}).start()
    assert not (tmp_path / "x.xml").exists()


def test_a_wrong_password_is_told(tmp_path: Path, ports: Ports, program: Path) -> None:
    with make(tmp_path / "lab", ports, program):
        wrong = EventSocket(host="127.0.0.1", port=ports.event_socket, password="wrong")
        with pytest.raises(EventSocketError, match="password is refused: -ERR invalid"):
            wrong.api("status")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"", "closed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\n\n", "nothing instead of auth/request"),
        (b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n", "go away"),
        (b"Content-Type: auth/request\nContent-Length: ten\n\n", "'ten' is no number"),
        (b"x" * 70_000, "instead of auth/request"),
    ],
)
def test_what_is_no_event_socket_is_an_error_and_no_wait(said: bytes, message: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as client:
                client.sendall(said)

        peer = threading.Thread(target=answer)
        peer.start()
        asked = EventSocket(host="127.0.0.1", port=listener.getsockname()[1], password="")
        with pytest.raises(EventSocketError, match=message):
            asked.api("status", seconds=5.0)
        peer.join()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--switch", "freeswitch", "--freeswitch", "/no/such/program"], "--freeswitch /no/such/program"),
        (["--switch", "freeswitch", "--freeswitch", "/etc"], "--freeswitch /etc"),
        (["--switch", "freeswitch", "--sip-port", "70000"], "--sip-port 70000: no port from 1 to 65535"),
        (["--switch", "freeswitch", "--event-socket", "8021"], "--event-socket 8021: not HOST:PORT"),
        (["--switch", "freeswitch", "--event-socket", "192.0.2.1:8021"], "on loopback"),
        (["--switch", "freeswitch", "--password", ""], "--password: empty"),
        (["--switch", "freeswitch", "--attach"], "--attach needs --event-socket"),
        (["--switch", "freeswitch", "--dialplan", "x.xml"], "--dialplan x.xml: only with --attach"),
        (["--switch", "freeswitch", "--profile", "external"], "--profile external: only with --attach"),
        (["--switch", "freeswitch", "--event-socket", "127.0.0.2:8021"], "the lab's own is at 127.0.0.1"),
        (["--switch", "freeswitch", "--modules", "/no/such"], "--modules /no/such: no folder"),
        (["--attach"], "--attach: only with --switch freeswitch"),
        (["--switch", "freeswitch", "no-such"], "no scenario 'no-such'"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(
    words: list[str],
    message: str,
    program: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("lab.freeswitch.program.PLACES", (program,))
    assert main(words) == 2
    assert message in capsys.readouterr().err


def test_a_scenario_that_cannot_be_placed_is_refused_with_the_reason(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--switch", "freeswitch", "--freeswitch", str(program), "agi-missing"]) == 2
    assert "agi-missing cannot be placed: it is about Asterisk's AGI scripts" in capsys.readouterr().err


def test_without_a_program_the_places_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("lab.freeswitch.program.PLACES", (tmp_path / "freeswitch",))
    with pytest.raises(FreeSwitchError, match=rf"no FreeSWITCH on PATH or at {tmp_path}/freeswitch"):
        find_program(None)
    (tmp_path / "freeswitch").write_text("#!/bin/sh\n")
    (tmp_path / "freeswitch").chmod(0o755)
    assert find_program(None) == tmp_path / "freeswitch"


def test_recordings_that_are_in_the_way_come_back(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "one.ulaw").touch()
    prepare("no_recordings", tmp_path)
    assert (tmp_path / "recordings").is_file()
    repair("no_recordings", tmp_path)
    assert (tmp_path / "recordings" / "one.ulaw").exists()


class ShortLived(Server):
    """A server that is a process which sleeps, until it is killed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "silentspam.yaml")
        self.starts = 0
        self.again = threading.Event()

    def start(self) -> None:
        self.starts += 1
        self._process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        if self.starts > 1:
            self.again.set()


def test_a_server_that_has_died_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.keeper.RESTART_SECONDS", 0.1)
    server = ShortLived(tmp_path)
    with Keeper(server):
        assert server.running
        os.kill(server.pid, 9)
        assert server.again.wait(10.0)
        assert server.running
    assert not server.running


def test_a_server_that_is_away_comes_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.keeper.AWAY_SECONDS", 0.2)
    server = ShortLived(tmp_path)
    with Keeper(server, away=True):
        assert not server.running
        while not server.starts:
            server.again.wait(0.05)
    assert not server.running


def test_the_readme_names_every_option() -> None:
    readme = (REPOSITORY / "lab" / "freeswitch" / "README.md").read_text()
    options = (
        "--freeswitch",
        "--modules",
        "--sip-port",
        "--event-socket",
        "--password",
        "--attach",
        "--dialplan",
    )
    for option in (*options, "--profile", "--context", "--switch freeswitch"):
        assert option in readme


def test_a_lab_of_freeswitch_has_no_asterisk(tmp_path: Path, ports: Ports, program: Path) -> None:
    from lab.runner import Lab

    lab = Lab(
        tmp_path / "other", (), exchange=lambda own: FreeSwitchExchange(own, Installed(program=program))
    )
    try:
        lab.switch = make(tmp_path / "lab", ports, program)
        assert not isinstance(lab.switch, Asterisk)
        with pytest.raises(AsteriskError, match="not Asterisk"):
            lab.asterisk  # noqa: B018
    finally:
        lab._ports.release()
