"""Judges openings that end at about the same time together, which costs each of them less.

Three quarters of a verdict are numpy's and the interpreter's own steps, which two openings take once. So the
first opening of a round waits a moment for others, which no caller notices after two seconds of ringing;
where openings come one by one there is nobody to wait for.
"""

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from silentspam.config import Config
from silentspam.errors import ModelError
from silentspam.judging import judge_recordings
from silentspam.serve.hub import Hub, Wait
from silentspam.verdict import Verdict

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.model import SpamModel

MOMENT_SECONDS = 0.04
"""An opening waits so long for others [s]."""

QUIET_SECONDS = 0.1
"""One that comes so long after the one before it is judged at once [s]."""

AT_MOST = 8
"""Openings judged together: as many as do not hold other calls up."""

PATIENCE_SECONDS = 10.0
"""No verdict takes so long [s]."""

JudgeMany = Callable[["SpamModel", "list[Recording]", Config], list[Verdict]]


class _Case:
    """An opening that waits for its verdict."""

    __slots__ = ("fault", "recording", "verdict", "wait")

    def __init__(self, recording: "Recording", wait: Wait) -> None:
        self.recording = recording
        self.wait = wait
        self.verdict: Verdict | None = None
        self.fault: Exception | None = None


class Panel:
    """The openings of one worker's calls, under whatever model and terms each is judged by."""

    def __init__(
        self, hub: Hub, judge_many: JudgeMany = judge_recordings, *, quiet_seconds: float = QUIET_SECONDS
    ) -> None:
        self._hub = hub
        self._judge_many = judge_many
        self._quiet_seconds = quiet_seconds
        self._last = -math.inf
        self._open: dict[object, list[_Case]] = {}

    def judge(self, model: "SpamModel", recording: "Recording", config: Config) -> Verdict:
        """The verdict on one opening. Raises what judging it raises."""
        terms = (id(model), config.model, config.lines.enabled)
        cases = self._open.setdefault(terms, [])
        case = _Case(recording, Wait(self._hub))
        cases.append(case)
        others_come = self._others_come()
        if len(cases) == 1:
            if others_come:
                self._hub.pause(MOMENT_SECONDS)
            self._close(terms, cases)
            self._decide(model, cases, config)
        else:
            if len(cases) == AT_MOST:
                self._close(terms, cases)
            case.wait.wait(time.monotonic() + PATIENCE_SECONDS)
        if case.verdict is None:
            raise case.fault or ModelError(f"no verdict within {PATIENCE_SECONDS:g} s")
        return case.verdict

    def _others_come(self) -> bool:
        """Whether openings come so fast that another may be there in a moment."""
        before, self._last = self._last, time.monotonic()
        return self._last - before <= self._quiet_seconds

    def _close(self, terms: object, cases: list[_Case]) -> None:
        """The next opening begins another round."""
        if self._open.get(terms) is cases:
            del self._open[terms]

    def _decide(self, model: "SpamModel", cases: list[_Case], config: Config) -> None:
        try:
            verdicts = self._judge_many(model, [case.recording for case in cases], config)
            for case, verdict in zip(cases, verdicts, strict=True):
                case.verdict = verdict
        except Exception as error:  # noqa: BLE001  each goes its own way: what one opening brings up costs no other
            if len(cases) == 1:
                cases[0].fault = error
            else:
                for case in cases:
                    self._decide(model, [case], config)
        for case in cases[1:]:
            self._hub.alarm(case.wait)
