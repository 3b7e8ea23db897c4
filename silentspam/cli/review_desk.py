"""The review of one call after the other: a key is an answer, written before the next call is shown."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from silentspam.calllog.labels import Answer, Label, LabelledCall, LabelSource
from silentspam.kinds.table import KINDS
from silentspam.labels.kinds import kind_if_spam

ANSWERS = {"s": Answer.SPAM, "h": Answer.HAM, "u": Answer.UNSURE}
SKIP, UNDO, PLAY, QUIT = "k", "z", "p", "q"
SPAM_OF = {str(number): kind for number, kind in enumerate(KINDS, 1)}
"""Keys that say the kind of SPAM too; `s` is the kind that the call was suspected of."""
HELP = "s spam  h ham  u unsure  k skip  z undo  p play  q quit   spam of a kind: " + "  ".join(
    f"{key} {kind.key}" for key, kind in SPAM_OF.items()
)


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What the desk works with: `show` and `play` present a call, `say` prints a line, `write` makes a label
    durable or raises, `remove` takes a person's label back."""

    show: Callable[[LabelledCall, int], None]
    play: Callable[[LabelledCall], None]
    say: Callable[[str], None]
    write: Callable[[Label], None]
    remove: Callable[[str], None]
    by: str
    clock: Callable[[], float] = time.time


@dataclass
class Desk:
    """A queue of calls under review, and what was answered so far."""

    queue: Sequence[LabelledCall]
    tools: Tools
    position: int = 0
    answered: list[int] = field(default_factory=list)

    def run(self, keys: Iterator[str]) -> int:
        """Go through the queue until its end, `q`, or the end of the keys; returns how many were answered."""
        shown = -1
        while self.position < len(self.queue):
            if shown != self.position:
                self.tools.show(self.queue[self.position], self.position)
                shown = self.position
            key = next(keys, QUIT)
            if key == QUIT:
                break
            self._take(key)
        return len(self.answered)

    def _take(self, key: str) -> None:
        if key in ANSWERS:
            self._answer(ANSWERS[key])
        elif key in SPAM_OF:
            self._answer(Answer.SPAM, SPAM_OF[key].name)
        elif key == SKIP:
            self.position += 1
        elif key == UNDO:
            self._undo()
        elif key == PLAY:
            self.tools.play(self.queue[self.position])
        else:
            self.tools.say(HELP)

    def _answer(self, answer: Answer, kind: str = "") -> None:
        row = self.queue[self.position].row
        call_id = str(row["call_id"])
        if answer is Answer.SPAM:
            kind = kind or kind_if_spam(row)
        self.tools.write(
            Label(
                call_id=call_id,
                source=LabelSource.REVIEW,
                label=answer,
                labelled_at=self.tools.clock(),
                labelled_by=self.tools.by,
                kind=kind,
            )
        )
        self.tools.say(f"{call_id}: {answer}{f' ({kind})' if kind else ''}")
        self.answered.append(self.position)
        self.position += 1

    def _undo(self) -> None:
        if not self.answered:
            self.tools.say("nothing to undo")
            return
        self.position = self.answered.pop()
        call_id = str(self.queue[self.position].row["call_id"])
        self.tools.remove(call_id)
        self.tools.say(f"{call_id}: answer taken back")
