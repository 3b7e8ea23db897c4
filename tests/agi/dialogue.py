"""What tests of the AGI dialogue share: a switch that has said all beforehand, and the lines we may send."""

import re
from pathlib import Path

from silentspam.call import Mode
from silentspam.challenge import ChallengeSettings
from silentspam.screening import Screener
from tests.fakes import CALL_ID, FakeJudge, spam


class Raw:
    """A switch that has said these bytes before it is asked; it counts what is read and what is sent."""

    def __init__(self, incoming: bytes, *, endless: bytes = b"") -> None:
        self._incoming, self._endless = incoming, endless
        self.reads = 0
        self.sent: list[bytes] = []

    def readline(self, limit: int) -> bytes:
        self.reads += 1
        if self._endless and b"\n" not in self._incoming:
            self._incoming += self._endless * (limit // len(self._endless) + 1)
        end = min(self._incoming.find(b"\n") + 1 or len(self._incoming), limit)
        line, self._incoming = self._incoming[:end], self._incoming[end:]
        return line

    def write(self, line: bytes) -> None:
        self.sent.append(line)

    def flush(self) -> None: ...


def screener(folder: Path) -> Screener:
    return Screener(
        mode=Mode.ENFORCE,
        record_seconds=2.0,
        recordings=folder,
        challenge=ChallengeSettings(
            attempts=2, key_seconds=5.0, prompts=Path("/prompts"), contact_number="80"
        ),
        judge=FakeJudge(spam()),
        choose_digit=lambda: "7",
    )


def our_commands(folder: Path) -> list[re.Pattern[str]]:
    """Every line a screening can send, written out."""
    enums = r"(REJECTED_)?CALLER_SILENCE|PASSED|FAILED|ABANDONED|[A-Z_]*ABANDON|BRIDGE|REJECT|CHALLENGE"
    sounds = r"/prompts/[a-z]+(-[a-z0-9]+)?|vm-press|vm-goodbye|digits/[0-9]"
    return [
        re.compile(pattern)
        for pattern in (
            r'GET VARIABLE "CALLERID\(ANI\)"',
            rf'SET VARIABLE "SILENTSPAM_CALL_ID" "{CALL_ID}"',
            rf'SET VARIABLE "SILENTSPAM_[A-Z_]+" "({enums}|0\.9000|1|21|)"',
            rf'EXEC MSet "(SILENTSPAM_[A-Z_]+=({enums}|0\.9000|1|21)[,"])+',
            r"ANSWER",
            r'EXEC Playtones "ring"',
            rf'RECORD FILE "{re.escape(str(folder / CALL_ID))}" ulaw "" 2000',
            rf'STREAM FILE "({sounds})" "(|0123456789\*#)" 0',
            r"WAIT FOR DIGIT 5000",
            r"CHANNEL STATUS",
        )
    ]


def assert_only_our_commands(sent: list[str], folder: Path) -> None:
    patterns = our_commands(folder)
    for line in sent:
        assert any(pattern.fullmatch(line) for pattern in patterns), line
