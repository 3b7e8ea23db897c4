"""Whatever comes over the event socket, in whatever pieces: a session ends, and its call has a record.

CI has no FreeSWITCH: what is cut, joined, garbled and invented here is what a real one said (recordings/).
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from silentspam.call import CallRecord, Decision
from silentspam.errors import ChannelError
from silentspam.freeswitch.channel import FreeSwitchChannel
from silentspam.freeswitch.dialogue import Dialogue
from silentspam.freeswitch.frames import FrameReader, Headers
from silentspam.freeswitch.session import EslSession
from silentspam.screening import screen_call
from tests.agi.dialogue import screener
from tests.fakes import CALL_ID, a_call
from tests.freeswitch.recorded import OUTBOUND, chunks, said

READS_A_BYTE = 4
"""A session that reads more often than this for each byte there was is one that spins."""

TEXTS = st.sampled_from(
    [
        b"Content-Type: command/reply\nReply-Text: +OK\n\n",
        b"Content-Type: api/response\nContent-Length: 4\n\n+OK\n",
        b"Content-Type: api/response\nContent-Length: 17\n\n+OK Deleted: 1\n\n\n",
        b"Content-Length: 23\nContent-Type: text/event-plain\n\nEvent-Name: DTMF\nDTMF-Digit: 7",
        b"Content-Length: 26\nContent-Type: text/event-plain\n\nEvent-Name: CHANNEL_HANGUP",
        b"Content-Type: text/disconnect-notice\nContent-Length: 0\n\n",
        b"Content-Length: 99999999999\n\n",
        b"Content-Length: -1\n\n",
        b"\n\n\n",
        b": \n",
        b"\x00\xff",
    ]
)
RECORDED = st.sampled_from([frame.head + b"\n\n" + frame.body for name in OUTBOUND for frame in said(name)])
GARBLED = st.builds(
    lambda frame, at, put: frame[: at % len(frame)] + put + frame[at % len(frame) + len(put) :],
    RECORDED,
    st.integers(0, 12_000),
    st.binary(max_size=4),
)
SPEECH = st.lists(st.one_of(st.binary(max_size=60), TEXTS, RECORDED, GARBLED), max_size=14).map(b"".join)
CUTS = st.lists(st.integers(1, 9000), max_size=12)


def pieces(spoken: bytes, cuts: Iterable[int]) -> list[bytes]:
    found = []
    for cut in cuts:
        if spoken:
            found.append(spoken[:cut])
            spoken = spoken[cut:]
    return [*found, spoken] if spoken else found


class Said:
    """A switch that says these pieces, whatever it is told; then it is silent, or gone.

    own: it takes the id of each application into what it says next, so that ends are believed.
    """

    def __init__(self, spoken: list[bytes], *, leaves: bool, own: bool) -> None:
        self._spoken = spoken
        self._leaves = leaves
        self._own = own
        self._number = b""
        self.reads = 0
        self.told = b""

    def write(self, data: bytes, /) -> None:
        self.told += data
        if b"Event-UUID: " in data:
            self._number = data.partition(b"Event-UUID: ")[2].strip()

    def receive(self, seconds: float, /) -> bytes:
        assert seconds >= 0.0
        self.reads += 1
        if self._spoken:
            piece = self._spoken.pop(0)
            if self._own and self._number:
                end = b"Event-Name: CHANNEL_EXECUTE_COMPLETE\nApplication-UUID: " + self._number + b"\n\n"
                head = b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(end)
                piece = head + end + piece
                self._number = b""
            return piece
        if self._leaves:
            return b""
        raise TimeoutError


@given(SPEECH, CUTS)
def test_any_bytes_in_any_pieces_are_frames_or_a_channel_error(spoken: bytes, cuts: list[int]) -> None:
    session = EslSession()
    try:
        for piece in pieces(spoken, cuts):
            session.feed(piece)
    except ChannelError:
        return
    assert len(session.keys) <= 32


@given(st.sampled_from(OUTBOUND), CUTS, st.integers(1, 97))
def test_a_recorded_session_says_the_same_however_it_is_cut(name: str, cuts: list[int], more: int) -> None:
    whole = b"".join(chunk.content for chunk in chunks(name) if chunk.side == "<")
    cuts = cuts + [more * 50] * (len(whole) // (more * 50))
    reader = FrameReader()
    found = []
    for piece in pieces(whole, cuts):
        reader.feed(piece)
        found.extend(reader.frames())
    assert [frame.body for frame in found] == [frame.body for frame in said(name)]


def screened(stream: Said, announced: Headers, folder: Path) -> CallRecord:
    channel = FreeSwitchChannel(Dialogue(stream, EslSession()), announced, legs=folder, longest=60.0)
    return screen_call(a_call(), channel, screener(folder))


@given(SPEECH, CUTS, st.booleans(), st.booleans(), st.one_of(st.just(said(OUTBOUND[0])[0].head), st.binary()))
def test_whatever_a_switch_says_a_screening_ends_with_a_record(
    spoken: bytes, cuts: list[int], leaves: bool, own: bool, announcement: bytes
) -> None:
    stream = Said(pieces(spoken, cuts), leaves=leaves, own=own)
    with tempfile.TemporaryDirectory() as folder:
        record = screened(stream, Headers(announcement), Path(folder))
    assert record.call.call_id == CALL_ID
    assert record.screened_at is not None
    assert stream.reads <= READS_A_BYTE * (len(spoken) + 40)
    if record.failed_open:
        assert record.decision is Decision.BRIDGE
        assert record.failed_open_cause is not None
        assert record.failed_open_cause.startswith("ChannelError: "), record.failed_open_cause
    if record.decision is Decision.REJECT:
        assert record.challenge_result == "FAILED"


@given(SPEECH, CUTS, st.text(max_size=40))
def test_nothing_that_a_caller_sets_is_sent(spoken: bytes, cuts: list[int], name: str) -> None:
    mark = "MARK\n\nsendmsg " + name
    announced = said(OUTBOUND[0])[0].head.decode().replace("Caller-Caller-ID-Name: cid", f"X: {mark}")
    stream = Said(pieces(spoken, cuts), leaves=True, own=True)
    with tempfile.TemporaryDirectory() as folder:
        screened(stream, Headers(announced.encode("utf-8", "replace")), Path(folder))
    assert b"MARK" not in stream.told
