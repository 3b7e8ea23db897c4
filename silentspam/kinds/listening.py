"""Who listens to an opening for each kind of SPAM: made once for a model, asked for every call.

A detector that fails costs what it would have heard, and nothing else: the others are asked, and the verdict
says so (law 1). One that never returns ends with the screening's deadline, which bridges the call.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, runtime_checkable

from silentspam.errors import DeadlineExceeded
from silentspam.kinds.finding import Finding
from silentspam.kinds.sound import Sound
from silentspam.kinds.table import KINDS, SpamKind

LIKELY = 0.5
"""Probability from which on a signal of a standard is taken to be there."""


class Listener(Protocol):
    """Hears one kind, or several that are told apart together."""

    def __call__(self, sound: Sound) -> Sequence[Finding]: ...

    def threshold_for(self, max_false_challenge_rate: float) -> float:
        """Probability from which on a finding stands, so that at most this share of people is suspected."""


@runtime_checkable
class Looking(Protocol):
    """A listener that has what it knows from files which are replaced."""

    def look(self) -> None:
        """Have what is newer read, off every caller's path. Never raises."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Folders where listeners have from what they know: the trees of noise (None: those that ship), and the
    recordings that are known on this machine (None: there are none). resident: the process serves many calls,
    and reads what is newer off their path."""

    noise: Path | None = None
    recordings: Path | None = None
    resident: bool = False


@dataclass(frozen=True)
class SignalListener:
    """A detector of signals that a standard describes: there or not, whatever the budget."""

    detect: Callable[[Sound], Sequence[Finding]]

    def __call__(self, sound: Sound) -> Sequence[Finding]:
        """What was heard."""
        return self.detect(sound)

    def threshold_for(self, max_false_challenge_rate: float) -> float:
        """The same for each."""
        return LIKELY


@dataclass(frozen=True, kw_only=True)
class Heard:
    """All findings in one opening, and which kinds could not be listened for: each fault begins with its
    kind's name, and says why."""

    findings: tuple[Finding, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def unheard(self) -> tuple[str, ...]:
        """The names of the kinds that could not be listened for."""
        return tuple(fault.partition(" ")[0] for fault in self.faults)


class Listeners:
    """One listener a kind, for the kinds that have one here."""

    def __init__(self, listeners: Mapping[str, Listener], faults: Sequence[str] = ()) -> None:
        """listeners by the names of their kinds; faults: why others are missing."""
        self._listeners = dict(listeners)
        self._faults = tuple(faults)

    def hear(self, sound: Sound) -> Heard:
        """Ask everybody. Raises nothing but DeadlineExceeded, which is the screening's."""
        findings: list[Finding] = []
        faults = [*self._faults]
        for name, listener in self._listeners.items():
            try:
                findings += listener(sound)
            except DeadlineExceeded:
                raise
            except Exception as error:  # noqa: BLE001  one that fails has heard nothing; the call goes on
                faults.append(f"{name} was not listened for: {type(error).__name__}: {error}"[:200])
        return Heard(findings=tuple(findings), faults=tuple(faults))

    def look(self) -> None:
        """Have listeners look for what is newer, between calls."""
        for listener in self._listeners.values():
            if isinstance(listener, Looking):
                listener.look()

    def threshold_for(self, kind: SpamKind, max_false_challenge_rate: float) -> float | None:
        """The threshold of a kind's listener; None where nobody listens for it."""
        listener = self._listeners.get(kind.name)
        return None if listener is None else listener.threshold_for(max_false_challenge_rate)


def listeners(sources: Sources, kinds: Sequence[SpamKind] = KINDS) -> Listeners:
    """A listener for each kind of the table that has one; what is missing is told by calls.

    Raises nothing but DeadlineExceeded.
    """
    found: dict[str, Listener] = {}
    faults = []
    for kind in kinds:
        if not kind.listener:
            continue
        module, _, maker = kind.listener.partition(":")
        try:
            made = getattr(import_module(module), maker)(sources)
        except DeadlineExceeded:
            raise
        except Exception as error:  # noqa: BLE001  a file that is no use costs its kind alone
            faults.append(f"{kind.name} is not listened for: {type(error).__name__}: {error}"[:200])
            continue
        if made is not None:
            found[kind.name] = made
    return Listeners(found, faults)
