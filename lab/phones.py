"""SIP phones of the lab by pjsua2: a caller and its agents in one process, without a sound device.

`Phones.step` runs the stack for a moment; everything happens inside it, in one thread. A phone plays a WAV
in a loop and records what it hears, mono 16-bit at 8 kHz, in real time. Times are seconds of the epoch, to
compare them with the call log. pjsua2 as packaged allows four calls a process, and one stack.
"""

import gc
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import pjsua2 as pj

from lab.audio import Samples, read_growing_wav
from lab.priority import media_first

POLL_MS = 10
LEAVE_SECONDS = 2.0


class Phone:
    """One leg of a call: what it plays, what it hears, and when things happened to it."""

    def __init__(self, *, play: Path | None, heard_file: Path) -> None:
        self.play = play
        self.heard_file = heard_file
        self.made_at = time.time()
        self.ringing_at: float | None = None
        self.up_at: float | None = None
        self.media_at: float | None = None
        self.over_at: float | None = None
        self.hung_up = False
        self.status = 0
        self.refused = ""
        self.pressed: list[tuple[float, str]] = []
        self._leg: _Leg | None = None

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self.over_at is not None

    def seconds_up(self) -> float:
        """Seconds since the leg was answered; 0 before."""
        return 0.0 if self.up_at is None else time.time() - self.up_at

    def heard(self, start: int = 0) -> Samples:
        """What it has heard since its media began, from sample `start` on; written about every 0.25 s."""
        return read_growing_wav(self.heard_file, start)

    def press(self, key: str) -> None:
        """Send a key as an RFC 4733 telephone event."""
        if self._leg is not None and not self.over:
            self.pressed.append((time.time(), key))
            self._leg.dialDtmf(key)

    def accept(self, status: int) -> None:
        """Answer an incoming call with a SIP status: 180 rings, 200 answers, 486 is busy."""
        if self._leg is not None and not self.over:
            prm = pj.CallOpParam()
            prm.statusCode = status
            self._leg.answer(prm)

    def leave(self) -> None:
        """Hang up, or cancel a call that is not answered yet."""
        if self._leg is not None and not self.over and not self.hung_up:
            self.hung_up = True
            self._leg.hangup(pj.CallOpParam())

    def attach(self, leg: "_Leg | None") -> None:
        """Tie the phone to pjsua2's call, which must be let go before the library is destroyed."""
        self._leg = leg


class _Leg(pj.Call):  # type: ignore[misc]
    """pjsua2's call: keeps its phone's times, player and recorder."""

    def __init__(self, account: pj.Account, phone: Phone, call_id: int = -1) -> None:
        super().__init__(account, call_id)
        self._phone = phone
        self._player: pj.AudioMediaPlayer | None = None
        self._recorder: pj.AudioMediaRecorder | None = None

    def onCallState(self, prm: pj.OnCallStateParam) -> None:  # noqa: N802 (pjsua2's name)
        info = self.getInfo()
        self._phone.status = info.lastStatusCode
        now = time.time()
        if info.state == pj.PJSIP_INV_STATE_EARLY:
            self._phone.ringing_at = self._phone.ringing_at or now
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._phone.up_at = now
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._phone.over_at = now
            self._phone.refused = _refusal(prm.e.body.tsxState.src.rdata.wholeMsg)
            # Dropping the recorder closes its file.
            self._player = self._recorder = None

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: N802 (pjsua2's name)
        info = self.getInfo()  # owns the media below: a temporary would be freed while they are read
        for index, media in enumerate(info.media):
            active = media.status == pj.PJSUA_CALL_MEDIA_ACTIVE
            if media.type == pj.PJMEDIA_TYPE_AUDIO and active and self._recorder is None:
                self._connect(self.getAudioMedia(index))

    def _connect(self, audio: pj.AudioMedia) -> None:
        self._recorder = pj.AudioMediaRecorder()
        self._recorder.createRecorder(str(self._phone.heard_file))
        audio.startTransmit(self._recorder)
        self._phone.media_at = time.time()
        if self._phone.play is not None:
            self._player = pj.AudioMediaPlayer()
            self._player.createPlayer(str(self._phone.play), 0)
            self._player.startTransmit(audio)


def _refusal(message: str) -> str:
    """The response that refuses an INVITE as it stood on the wire: first line and Reason; "" for another."""
    if not re.match(r"SIP/2.0 [3-6]", message) or not re.search(r"^CSeq: *\d+ INVITE", message, re.MULTILINE):
        return ""
    reason = re.search(r"^Reason: *(.*?)\r?$", message, re.MULTILINE | re.IGNORECASE)
    line = message.splitlines()[0].removeprefix("SIP/2.0 ")
    return f"{line}; {reason[1]}" if reason else line


def _header(name: str, value: str) -> pj.SipHeader:
    header = pj.SipHeader()
    header.hName, header.hValue = name, value
    return header


class _Account(pj.Account):  # type: ignore[misc]
    def __init__(self, incoming: Callable[[int, str], None]) -> None:
        super().__init__()
        self._incoming = incoming

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802 (pjsua2's name)
        message = prm.rdata.wholeMsg
        caller = re.search(r"^(?:From|f):.*?sips?:([^@>;]*)@", message, re.MULTILINE | re.IGNORECASE)
        self._incoming(prm.callId, caller[1] if caller else "")


class Phones:
    """The process's SIP stack on loopback: makes calls, and hands incoming ones to `on_incoming`.

    `on_incoming(phone, caller)` is given a new phone and the caller's number; it answers the phone, or lets
    it ring. A context manager.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sip_port: int,
        port: int,
        rtp_port: int,
        agent_plays: Path | None = None,
        on_incoming: Callable[[Phone, str], None] | None = None,
    ) -> None:
        self.all: list[Phone] = []
        self._folder = folder
        self._sip_port, self._port, self._rtp_port = sip_port, port, rtp_port
        self._agent_plays = agent_plays
        self._on_incoming = on_incoming

    def __enter__(self) -> "Phones":
        self._folder.mkdir(parents=True, exist_ok=True)
        with media_first():  # for the stack's threads: this one listens for digits as well
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for phone in self.all:
            phone.leave()
        deadline = time.monotonic() + LEAVE_SECONDS
        while not all(phone.over for phone in self.all) and time.monotonic() < deadline:
            self.step()
        for phone in self.all:
            phone.attach(None)
        del self._account
        gc.collect()
        self._endpoint.libDestroy()
        del self._endpoint

    def _start(self) -> None:
        self._endpoint = pj.Endpoint()
        self._endpoint.libCreate()
        self._endpoint.libInit(self._configuration())
        transport = pj.TransportConfig()
        transport.port = self._port
        transport.boundAddress = "127.0.0.1"
        transport_id = self._endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        account = pj.AccountConfig()
        account.idUri = f"sip:lab@127.0.0.1:{self._port}"
        account.sipConfig.transportId = transport_id
        account.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        account.mediaConfig.transportConfig.port = self._rtp_port
        self._account = _Account(self._answer)
        self._account.create(account)
        self._endpoint.libStart()
        self._endpoint.audDevManager().setNullDev()
        for codec in self._endpoint.codecEnum2():
            self._endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMU") else 0)

    def step(self) -> None:
        """Run the stack for at most `POLL_MS`."""
        self._endpoint.libHandleEvents(POLL_MS)

    def call(
        self,
        extension: str,
        *,
        number: str,
        name: str = "",
        play: Path | None = None,
        headers: Mapping[str, str] = {},
    ) -> Phone:
        """Place a call to an extension of the lab's Asterisk from a caller number."""
        phone = Phone(play=play, heard_file=self._folder / f"caller-{len(self.all)}-heard.wav")
        leg = _Leg(self._account, phone)
        prm = pj.CallOpParam(True)
        prm.txOption.localUri = f'"{name}" <sip:{number}@127.0.0.1>'
        for header, value in headers.items():
            prm.txOption.headers.append(_header(header, value))
        leg.makeCall(f"sip:{extension}@127.0.0.1:{self._sip_port}", prm)
        phone.attach(leg)
        self.all.append(phone)
        return phone

    def _answer(self, call_id: int, caller: str) -> None:
        phone = Phone(play=self._agent_plays, heard_file=self._folder / f"agent-{len(self.all)}-heard.wav")
        phone.attach(_Leg(self._account, phone, call_id))
        self.all.append(phone)
        if self._on_incoming is None:
            phone.accept(480)
        else:
            self._on_incoming(phone, caller)

    def _configuration(self) -> pj.EpConfig:
        config = pj.EpConfig()
        config.logConfig.filename = str(self._folder / "pjsua.log")
        config.logConfig.level = 4
        config.logConfig.consoleLevel = 0
        config.logConfig.decor = config.logConfig.decor & ~pj.PJ_LOG_HAS_COLOR
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        # Opened once: its clock's thread then has the priority of whoever starts the stack.
        config.medConfig.sndAutoCloseTime = -1
        config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
        # Silence suppression and echo cancelling would change what the caller sends.
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        return config
