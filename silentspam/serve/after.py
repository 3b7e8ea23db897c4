"""What is done after calls, off their path: learning lines, the model on trial, and chores by the clock."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from silentspam import assembly, judging
from silentspam.call import Call, CallRecord, ChallengeResult, Decision
from silentspam.calllog.database import Database
from silentspam.calllog.entry import Entry, Part, screened
from silentspam.config import Config
from silentspam.errors import NoCallLogError
from silentspam.registry.links import Role, model_in
from silentspam.serve.following import Follower

GUARD_SECONDS = 5.0
"""A bad model is found within so many seconds of the rows that show it."""

REST = 19.0
"""Learning lines takes a twentieth of a core at most, or as long as a backlog asks: memory is restored for
each batch, which takes a sixth of a second once it knows thousands of people."""

Chore = tuple[str, float, Callable[[], object]]
"""Its name, how often [s], and what it does."""


class AfterCalls:
    """The work of one configuration."""

    def __init__(
        self,
        config: Config,
        say: Callable[[str], None],
        database: Database | None = None,
        *,
        hear: Callable[[Sequence[CallRecord]], None] = lambda _: None,
    ) -> None:
        """hear: who looks for re-plays among openings, and makes nobody wait."""
        self._config = config
        self._say = say
        self._hear = hear
        self._database = database or assembly.database(config)
        self._follower = Follower(config, self._database)
        self._lines = Unhurried(self._follower.follow)

    def rows(self, entries: Iterable[Entry]) -> None:
        """Rows are in the database: let the model on trial judge those calls too, and whoever looks for
        re-plays hear them; then let go of openings."""
        on_trial = model_in(Path(self._config.model.registry), Role.SHADOW) is not None
        heard = (entry for entry in entries if entry.part is Part.SCREENED)
        records = [_record(entry) for entry in heard if entry.columns.get("recording") is not None]
        if on_trial:
            for record in records:
                self._judge_in_shadow(record)
        self._hear(records)
        assembly.retain_openings(self._config, records)

    def _judge_in_shadow(self, record: CallRecord) -> None:
        """That model may be anything: what it raises is told by its class, and costs nothing else."""
        try:
            if judging.judge_in_shadow(self._config, record):
                assembly.call_table(self._config, self._database).write(screened(record))
        except Exception as error:  # noqa: BLE001  a model on trial may fail in any way
            self._say(f"shadow model: {type(error).__name__}: {error}")

    def chores(self) -> tuple[Chore, ...]:
        """What comes round."""
        config, database = self._config, self._database
        chores: tuple[Chore, ...] = (
            ("gate", 1.0, lambda: assembly.publish_gate(config, database)),
            ("guard", GUARD_SECONDS, lambda: assembly.guard(config, database)),
            ("unlogged", 30.0, lambda: assembly.take_in_unlogged(config)),
            ("unended", 10.0, lambda: assembly.close_unended(config, database)),
        )
        if self._config.lines.enabled:
            chores += (("lines", 0.5, self._lines),)
        return tuple((name, seconds, _from_the_first_row_on(work)) for name, seconds, work in chores)


class Unhurried:
    """Work that rests after each time, REST times as long as it took; meanwhile it is not done."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._rested_at = 0.0

    def __call__(self) -> None:
        begun = time.monotonic()
        if begun < self._rested_at:
            return
        spent = time.thread_time()
        try:
            self._work()
        finally:
            self._rested_at = time.monotonic() + REST * (time.thread_time() - spent)


def _from_the_first_row_on(work: Callable[[], object]) -> Callable[[], object]:
    """A new installation has no call log until its first call: that is no failure of a chore."""

    def chore() -> object:
        try:
            return work()
        except NoCallLogError:
            return None

    return chore


def _record(entry: Entry) -> CallRecord:
    """As much of a call as judging its opening again, and learning from it, needs."""
    columns = entry.columns
    call = Call(
        call_id=entry.call_id,
        started_at=float(columns.get("started_at") or 0.0),
        ani=str(columns.get("ani") or ""),
        caller_id=str(columns.get("caller_id") or ""),
    )
    result = columns.get("challenge_result")
    return CallRecord(
        call=call,
        verdict=_text(columns.get("verdict")),
        challenge_result=next((one for one in ChallengeResult if one == result), None),
        mode=str(columns.get("mode") or ""),
        recording=_text(columns.get("recording")),
        recorded_at=_time(columns.get("recorded_at")),
        challenged_at=_time(columns.get("challenged_at")),
        model_id=_text(columns.get("model_id")),
        decision=Decision.REJECT if columns.get("decision") == Decision.REJECT else None,
    )


def _time(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
