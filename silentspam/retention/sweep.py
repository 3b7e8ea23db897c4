"""One turn of `silentspam retain` through a folder: what is due is deleted, what is plain is sealed.

It holds a few hundred names at a time, whatever the folder has, goes on where another turn broke off, and
touches nothing that has not rested: calls go on meanwhile. Files that are due leave their place, their rows
are told, and then they are deleted: a row never says so of a file that is there, nor is one deleted untold.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from silentspam.errors import SilentSpamError
from silentspam.retention import shelf
from silentspam.retention.keys import PublicKey
from silentspam.retention.names import Form, going_name
from silentspam.retention.rules import Rules
from silentspam.retention.shelf import Shelf, Stored, told

AT_ONCE = 500
"""Files whose rows are asked for, and told, together."""

RESTED_SECONDS = 600.0
"""A file that was written to since then may belong to a call, or to what is done after one [s]."""

FAILURES_NAMED = 3

UNSETTLED_SECONDS = 172_800.0
"""An opening in plain that is younger may be one that nobody settled when its call was over, as another than
the clerk took its row in: it goes by the policy. An older one was kept, whatever the policy is by now [s]."""

MORTAL = (Form.PLAIN, Form.SEALED, Form.UNREADABLE)
"""Forms that are deleted by age."""


@dataclass(frozen=True)
class Known:
    """What the call log knows of a call. started_at [s since the epoch]; screened: not only its end."""

    started_at: float | None
    challenged: bool
    screened: bool = True


@dataclass
class Tally:
    """What a turn did, or would do. failed: files left as they are; why: of the first of them."""

    seen: int = 0
    deleted: int = 0
    deleted_bytes: int = 0
    sealed: int = 0
    swept: int = 0
    resting: int = 0
    foreign: int = 0
    failed: int = 0
    why: list[str] = field(default_factory=list)
    broken_off: bool = False

    def fail(self, why: str) -> None:
        """Count a file that was left as it is."""
        self.failed += 1
        if self.failed <= FAILURES_NAMED:
            self.why.append(why)


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """How to take a turn.

    rows_of: what is known of some calls, by call id; mark: notes in their rows, durably, that their openings
    were deleted then; settle: delete what the policy does not keep of calls of the last two days; by_policy:
    of all calls; at_most: so many files are deleted or sealed in a turn; key: what plain files are sealed to.
    """

    rules: Rules
    rows_of: Callable[[Sequence[str]], Mapping[str, Known]]
    mark: Callable[[Sequence[str], float], None]
    key: PublicKey | None = None
    settle: bool = False
    by_policy: bool = False
    dry_run: bool = False
    at_most: int | None = None
    clock: Callable[[], float] = time.time

    def run(self, path: Path) -> Tally:
        """Go through one folder. Raises RetentionError where it cannot be opened, CallLogError."""
        tally = Tally()
        with shelf.opened(path) as folder:
            files = folder.recordings()
            while some := list(islice(files, AT_ONCE)):
                self._take(folder, some, tally)
                if tally.broken_off:
                    break
            tally.foreign = folder.foreign
        return tally

    def _take(self, folder: Shelf, some: list[Stored], tally: Tally) -> None:
        """The turn of a few files."""
        now = self.clock()
        tally.seen += len(some)
        self._sweep(folder, [one for one in some if self._is_left_over(one, now)], tally)
        rested = [one for one in some if one.form in MORTAL and now - one.modified > RESTED_SECONDS]
        tally.resting += sum(one.form in MORTAL for one in some) - len(rested)
        rows = self.rows_of(sorted({one.call_id for one in rested})) if rested else {}
        due = [one for one in rested if self._is_due(one, rows.get(one.call_id), now)]
        going = [one for one in some if one.form is Form.GOING]
        self._delete(folder, self._allowed(due, tally), going, tally, now)
        if self.key is not None:
            kept = set(rested) - set(due)
            self._seal(folder, [one for one in kept if one.form is Form.PLAIN], tally)

    def _is_left_over(self, one: Stored, now: float) -> bool:
        return one.form is Form.PARTIAL and now - one.modified > RESTED_SECONDS

    def _is_due(self, one: Stored, known: Known | None, now: float) -> bool:
        """By the call's time; by the file's where the call log knows none."""
        at = known.started_at if known and known.started_at is not None else one.modified
        if self.rules.is_due(at, now):
            return True
        if known is None or not (self.by_policy or self._is_unsettled(one, known, now)):
            return False
        return not self.rules.keeps(one.call_id, challenged=known.challenged)

    def _is_unsettled(self, one: Stored, known: Known, now: float) -> bool:
        """Whether nobody may have decided yet: a sealed one is kept, and half a row does not say enough."""
        at = one.modified if known.started_at is None else known.started_at
        return self.settle and known.screened and one.form is Form.PLAIN and now - at < UNSETTLED_SECONDS

    def _allowed(self, files: list[Stored], tally: Tally) -> list[Stored]:
        """As many as may still be worked on in this turn."""
        if self.at_most is None:
            return files
        left = max(self.at_most - tally.deleted - tally.sealed, 0)
        tally.broken_off |= len(files) > left
        return files[:left]

    def _sweep(self, folder: Shelf, leftovers: list[Stored], tally: Tally) -> None:
        tally.swept += sum(self._tried(tally, folder.remove, one.name) for one in leftovers)

    def _delete(
        self, folder: Shelf, due: list[Stored], going: list[Stored], tally: Tally, now: float
    ) -> None:
        """Withdraw, tell the rows, remove; `going` were withdrawn by a turn that broke off."""
        leaving = [one for one in due if self._tried(tally, folder.withdraw, one)]
        tally.deleted += len(leaving)
        tally.deleted_bytes += sum(one.size for one in leaving)
        if (leaving or going) and not self.dry_run:
            self.mark(sorted({one.call_id for one in (*leaving, *going)}), now)
        for one in (*leaving, *going):
            self._tried(tally, folder.remove, going_name(one.call_id))
        tally.swept += len(going)

    def _seal(self, folder: Shelf, plain: list[Stored], tally: Tally) -> None:
        for one in self._allowed(plain, tally):
            tally.sealed += self._tried(tally, folder.seal, one.name, self.key)

    def _tried(self, tally: Tally, work: Callable[..., object], *arguments: object) -> bool:
        """Whether it worked, or would be tried. A file that is gone meanwhile is nobody's fault."""
        if self.dry_run:
            return True
        try:
            work(*arguments)
        except FileNotFoundError:
            return False
        except (OSError, SilentSpamError) as error:
            tally.fail(told(error))
            return False
        return True
