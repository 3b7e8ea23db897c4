"""One session of FreeSWITCH in a worker: whatever comes over it, it ends, and its row is kept once.

In collection no model is needed, and every caller is bridged.
"""

from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.call import Mode
from silentspam.calllog.entry import Entry
from silentspam.config import Config
from silentspam.metrics import Registry
from silentspam.sections import GateSection, LinesSection, RecordingSection, ServerSection
from silentspam.serve import metering
from silentspam.serve.freeswitch_calls import FreeSwitchCalls
from silentspam.serve.hub import Hub, Link
from silentspam.serve.service import Service
from tests.freeswitch.peer import Peer
from tests.serve.looping import Ends, soon, within
from tests.serve.switchboard import ANNOUNCEMENT, SPEECH

OK = b"Content-Type: command/reply\nReply-Text: +OK\n\n"
HANGUP = b"Content-Length: 28\nContent-Type: text/event-plain\n\nEvent-Name: CHANNEL_HANGUP\n\n"


class Desk:
    """A worker's part of the calls, with the rows in a list."""

    def __init__(self, folder: Path) -> None:
        config = msgspec.structs.replace(
            Config(),
            mode=Mode.COLLECT,
            recording=RecordingSection(folder=str(folder / "recordings")),
            lines=LinesSection(folder=str(folder / "lines")),
            gate=GateSection(folder=str(folder / "gate")),
            server=ServerSection(reply_seconds=0.2),
        )
        self.rows: list[Entry] = []
        self.paused: list[float] = []
        self.registry = Registry()
        log = metering.Log(stages=False, masked=False, write=lambda _: None)
        self.service = Service(config, journal=self, meter=metering.Meter(self.registry, log))  # type: ignore[arg-type]
        self.hub = Hub()
        self.calls = FreeSwitchCalls(pause=self.paused.append)

    def add(self, entry: Entry) -> bool:
        """As the journal does."""
        self.rows.append(entry)
        return True

    def serve(self, said: bytes, *cuts: int, full: bool = False) -> None:
        """A session in which the peer says this in pieces, whatever it hears, and leaves."""
        ends = Ends(self.hub)
        pieces = [said[begin:end] for begin, end in pairwise([0, *cuts, len(said)])]

        def speak() -> None:
            with suppress(OSError):  # who was refused an answer has gone
                for piece in pieces:
                    ends.peer.sendall(piece)
                    self.hub.pause(0.0)
            ends.peer.close()

        within(self.hub, lambda: self.calls.serve(self.service, ends.link, ANNOUNCEMENT, full=full), speak)
        assert ends.ours.fileno() < 0, "the dialplan goes on when the connection ends"

    def row(self) -> dict[str, object]:
        (entry,) = self.rows
        return dict(entry.columns)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@settings(max_examples=60)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from([OK, HANGUP, OK[:-1], b"\n\n", b"Content-Length: 9\n\n", b"Content-Type: x\n\n"]),
        max_size=8,
    ).map(b"".join),
    st.data(),
    st.booleans(),
)
def test_whatever_comes_the_session_ends_and_its_row_is_kept_once(
    tmp_path_factory: pytest.TempPathFactory, said: bytes, data: st.DataObject, full: bool
) -> None:
    desk = Desk(tmp_path_factory.getbasetemp())
    cuts = sorted(data.draw(st.sets(st.integers(0, len(said)), max_size=3)))
    desk.serve(said, *cuts, full=full)
    assert desk.row()["decision"] == "BRIDGE"


@pytest.mark.parametrize("full", [False, True])
def test_no_session_ends_before_it_can_have_parked(desk: Desk, full: bool) -> None:
    desk.serve(b"", full=full)
    (early,) = desk.paused
    assert 0 < early <= 0.1


def test_a_defect_of_ours_closes_the_connection_as_gently(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(desk.service, "screen", broken)
    with pytest.raises(ZeroDivisionError):
        desk.serve(b"")
    assert len(desk.paused) == 1


def test_a_call_that_the_gate_lets_through_is_seen_parked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is executed for an emergency call but what shows that the session can be let go of."""
    peer, ends = Peer(SPEECH), Ends(desk.hub)
    announced = ANNOUNCEMENT.replace(b"Caller-ANI: 5551234", b"Caller-ANI: 112")

    def answer() -> None:
        link = Link(desk.hub, ends.peer)
        while said := link.receive(65_536, soon()):
            peer.write(said)
            link.send(peer.out, soon())
            peer.out = b""
        link.close()

    within(desk.hub, lambda: desk.calls.serve(desk.service, ends.link, announced, full=False), answer)
    assert desk.row()["gate_cause"] == "EMERGENCY"
    assert peer.said[-2].startswith("api sched_del"), "the guard is off: the end must not be missed"
    assert "\nexecute-app-name: set\n" in peer.said[-1]
