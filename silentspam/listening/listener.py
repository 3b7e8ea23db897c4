"""The listener's turn: what waits is heard, written and let go of, and whoever wants to know is told.

A file is let go of only when its row is durable: a crash half-way repeats, which changes nothing. What cannot
be heard is set aside with its reason in the row. Nothing here is on a caller's time.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.audio_files import read_recording
from silentspam.call import CallProvenance
from silentspam.errors import AudioError, SilentSpamError
from silentspam.listening import metrics
from silentspam.listening.alerts import CallAlert
from silentspam.listening.alone import alone
from silentspam.listening.attempts import MOST, attempt
from silentspam.listening.desk import Desk, Places
from silentspam.listening.hearing import Heard, hear
from silentspam.listening.offering import OPENINGS
from silentspam.listening.waiting import (
    KEPT,
    SET_ASIDE,
    Basis,
    Row,
    Turn,
    WaitingFile,
    skipped_seconds,
    turn_of_opening,
    turn_of_side,
    waiting,
)
from silentspam.metrics import Registry

RETRY_SECONDS = 60.0
"""A file that could not be opened or heard is tried again after so long [s]."""


@dataclass(kw_only=True)
class Listener:
    """Takes turns. seconds: of a side that are heard; alert_risk: of `provenance.alert_risk`."""

    places: Places
    desk: Desk
    seconds: float
    alert_risk: float
    registry: Registry = field(default_factory=Registry)
    clock: Callable[[], float] = time.time
    _heard: set[Path] = field(default_factory=set)
    """Files that were heard and are left: sides for others, and what could not be removed."""
    _failed_at: dict[Path, float] = field(default_factory=dict)
    """Files that the machine could not open or hear, and when [monotonic s]."""

    def run(self) -> Iterator[CallProvenance]:
        """Take every file's turn; yields each call's row when it is durable.

        Raises OSError for a folder that cannot be read, CallLogError: what waits, waits on.
        """
        sides = list(waiting(self.places.sides, Basis.SIDE, self.clock()))
        openings = list(waiting(self.places.folder / OPENINGS, Basis.OPENING, self.clock()))
        self._forget_all_but({file.path for file in (*sides, *openings)})
        unheard = [side for side in sides if side.path not in self._heard]
        due = [side for side in unheard if self._may(side) and side.may_have_its_turn(self.seconds)]
        openings = [one for one in openings if one.path not in self._heard and self._may(one)]
        self.registry.put(metrics.WAITING, Basis.SIDE, at=len(due))
        self.registry.put(metrics.WAITING, Basis.OPENING, at=len(openings))
        asked = [*due, *openings]
        rows = self.desk.rows_of([file.call_id for file in asked]) if asked else {}
        waits = {side.call_id for side in unheard}
        for file in asked:
            row = rows.get(file.call_id)
            told = self._take_turn(file, row, side_waits=file.call_id in waits) if row is not None else None
            if told is not None:
                yield told

    def _take_turn(self, file: WaitingFile, row: Row, *, side_waits: bool) -> CallProvenance | None:
        """A file's turn; one that cannot be opened or removed is left, said once, and holds up no other."""
        try:
            turn = self._turn_of(file, row, side_waits=side_waits)
            if turn is Turn.OBSOLETE:
                file.path.unlink(missing_ok=True)
            return self._take_alone(file, row) if turn is Turn.NOW else None
        except (OSError, MemoryError) as error:
            self._failed_at[file.path] = time.monotonic()
            self._fail("file", str(error) or type(error).__name__)
            return None

    def _may(self, file: WaitingFile) -> bool:
        """Whether a file is to be tried: not one that failed a moment ago."""
        failed_at = self._failed_at.get(file.path)
        return failed_at is None or time.monotonic() >= failed_at + RETRY_SECONDS

    def _forget_all_but(self, there: set[Path]) -> None:
        self._heard &= there
        self._failed_at = {path: at for path, at in self._failed_at.items() if path in there}

    def _take_alone(self, file: WaitingFile, row: Row) -> CallProvenance | None:
        shared = file.basis is Basis.SIDE and self.places.shared
        with alone(file.path) as ours:
            if not ours:
                return None
            if shared and self._was_heard(file.call_id, 0.0):
                self._heard.add(file.path)
                return None
            return self._take(file, row, skipped_seconds(row, from_challenge=shared))

    def _turn_of(self, file: WaitingFile, row: Row, *, side_waits: bool) -> Turn:
        if file.basis is Basis.SIDE:
            return turn_of_side(
                file, row, seconds=self.seconds, from_challenge=self.places.shared, now=self.clock()
            )
        return turn_of_opening(
            file,
            row,
            side_waits=side_waits,
            side_heard=lambda: self._was_heard(file.call_id, file.codes / SAMPLE_RATE),
            now=self.clock(),
        )

    def _was_heard(self, call_id: str, seconds: float) -> bool:
        """Whether so much of a call's side, or more, is told of already."""
        told = self.desk.told_of(call_id)
        if told is None or told["basis"] != Basis.SIDE or told["fault"] is not None:
            return False
        return float(told["seconds"] or 0.0) >= seconds

    def _take(self, file: WaitingFile, row: Row, skip: float) -> CallProvenance:
        """Hear one file, write its row, then let go of it."""
        begun = time.monotonic()
        try:
            with attempt(self.places.folder, file.path.name) as before:
                if before >= MOST:
                    raise AudioError(f"{before} listeners ended while they heard it")
                heard = self._hear(file, row, skip)
        except (OSError, MemoryError):  # the machine's trouble, and not the file's
            raise
        except Exception as error:  # noqa: BLE001  whatever is wrong with one file, the others are heard
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from None
            heard = self._broken(file, error)
        self.desk.write(heard.row)
        self.registry.observe(metrics.SECONDS, seconds=time.monotonic() - begun)
        self._say(heard)  # at once: to stop a side's recording may take the console seconds
        try:
            self._let_go(file, row, broken=heard.row.fault is not None)
        except OSError as error:
            self._heard.add(file.path)
            self._fail("let go", str(error))
        return heard.row

    def _hear(self, file: WaitingFile, row: Row, skip: float) -> Heard:
        recording = read_recording(file.path, max_seconds=skip + self.seconds)
        talk = Recording(recording.codes[round(skip * recording.sample_rate) :])
        if not len(talk.codes):
            raise AudioError("empty: nothing was recorded")
        return hear(
            talk,
            row,
            self.desk.knowledge,
            basis=file.basis,
            alert_risk=self.alert_risk,
            now=self.clock(),
        )

    def _broken(self, file: WaitingFile, error: Exception) -> Heard:
        words = str(error) if isinstance(error, SilentSpamError) else f"{type(error).__name__}: {error}"
        found = CallProvenance(
            call_id=file.call_id, analysed_at=self.clock(), basis=file.basis, fault=words[:500]
        )
        return Heard(row=found, alert=None)

    def _let_go(self, file: WaitingFile, row: Row, *, broken: bool) -> None:
        """A row is durable: the file goes, unless others want it or it could not be heard."""
        if file.basis is Basis.SIDE and self.places.shared:
            self._heard.add(file.path)
            return
        if file.basis is Basis.SIDE and row["ended_at"] is None:
            self._stop_side(row, file.path)
        with suppress(FileNotFoundError):
            if broken and file.codes:
                file.path.rename(file.path.with_name(file.path.name + SET_ASIDE))
            elif file.basis is Basis.SIDE and self.places.keep and not broken:
                self._keep(file.path, row)
            else:
                file.path.unlink()

    def _keep(self, path: Path, row: Row) -> None:
        """Put a side with those that are kept; of a call that goes on it may still be written to."""
        kept = self.places.sides / KEPT
        kept.mkdir(exist_ok=True)
        path.rename(kept / path.name)
        if row["ended_at"] is not None:
            self.desk.kept(kept / path.name, row)

    def _stop_side(self, row: Row, path: Path) -> None:
        """Without it the switch goes on writing to a file without a name until the call is over."""
        try:
            self.desk.stop_side(row, path)
        except SilentSpamError as error:
            self._fail("stop", str(error))

    def _say(self, heard: Heard) -> None:
        row = heard.row
        if row.fault is not None:
            self.registry.add(metrics.ASIDE)
            self.desk.tell("set aside", {"call_id": row.call_id, "basis": row.basis, "error": row.fault})
            return
        self.registry.add(metrics.CALLS, row.basis)
        for trouble in heard.troubles:
            self._fail("knowledge", trouble)
        if heard.alert is not None:
            self._alert(heard.alert)

    def _alert(self, alert: CallAlert) -> None:
        for one in alert.alerts:
            self.registry.add(metrics.ALERTS, one.kind)
        values = {
            "call_id": alert.call_id,
            "ani": alert.ani,
            "dnis": alert.called,
            "line": alert.line,
            "risk": alert.risk,
            "text": "; ".join(map(str, alert.alerts)),
        }
        self.desk.tell("alert", values)
        self.desk.notify(alert)

    def _fail(self, chore: str, words: str) -> None:
        self.registry.add(metrics.FAULTS, chore)
        self.desk.tell("failed", {"chore": chore, "error": words[:500]})
