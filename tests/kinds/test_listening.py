"""Listeners: each hears for itself, and one that fails costs its kind alone."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from silentspam.errors import DeadlineExceeded
from silentspam.kinds import listening
from silentspam.kinds.finding import Finding
from silentspam.kinds.listening import LIKELY, Listeners, SignalListener, Sources, listeners
from silentspam.kinds.sound import Sound
from silentspam.kinds.table import SpamKind
from tests.fakes import noise

SOUND = Sound(noise(level=4, seed=1))
SIREN = SpamKind(name="CALLER_SIREN", key="siren", words="a siren", listener=f"{__name__}:siren")
BROKEN = SpamKind(name="CALLER_BROKEN", key="broken", words="broken", listener=f"{__name__}:broken")
MISSING = SpamKind(name="CALLER_MISSING", key="missing", words="missing", listener="no.such.module:listener")
ABSENT = SpamKind(name="CALLER_ABSENT", key="absent", words="absent", listener=f"{__name__}:absent")


def siren(_: Sources) -> SignalListener:
    return SignalListener(
        lambda _sound: (
            Finding(kind="CALLER_SIREN", signal="wail", probability=0.9, begin=0, end=1, reason="it wails"),
        )
    )


def broken(_: Sources) -> SignalListener:
    def hear(_: Sound) -> Sequence[Finding]:
        raise ZeroDivisionError("a defect")

    return SignalListener(hear)


def absent(_: Sources) -> None:
    return None


SOURCES = Sources()


def test_each_kind_that_has_a_listener_is_listened_for() -> None:
    heard = listeners(SOURCES, (SIREN, ABSENT)).hear(SOUND)
    assert [finding.signal for finding in heard.findings] == ["wail"]
    assert heard.faults == ()


def test_a_listener_that_breaks_costs_its_kind_alone() -> None:
    heard = listeners(SOURCES, (BROKEN, SIREN)).hear(SOUND)
    assert [finding.signal for finding in heard.findings] == ["wail"]
    assert heard.unheard == ("CALLER_BROKEN",)
    assert heard.faults == ("CALLER_BROKEN was not listened for: ZeroDivisionError: a defect",)


def test_the_screenings_deadline_is_no_fault_of_a_listener() -> None:
    """Who swallowed it would hold the caller until the process is ended."""

    def hang(_: Sound) -> Sequence[Finding]:
        raise DeadlineExceeded("the screening took longer than it may")

    with pytest.raises(DeadlineExceeded):
        Listeners({"CALLER_SIREN": SignalListener(hang)}).hear(SOUND)


def test_a_listener_that_cannot_be_made_is_told_by_every_call() -> None:
    heard = listeners(SOURCES, (MISSING, SIREN)).hear(SOUND)
    assert [finding.signal for finding in heard.findings] == ["wail"]
    assert heard.faults[0].startswith("CALLER_MISSING is not listened for: ModuleNotFoundError")


def test_a_threshold_is_the_listeners() -> None:
    made = listeners(SOURCES, (SIREN,))
    assert made.threshold_for(SIREN, 0.001) == LIKELY
    assert made.threshold_for(ABSENT, 0.001) is None


@pytest.mark.parametrize("kind", listening.KINDS, ids=lambda kind: kind.key)
def test_every_listener_of_the_table_is_there(kind: SpamKind, tmp_path: Path) -> None:
    made = listeners(Sources(recordings=tmp_path), (kind,))
    heard = made.hear(SOUND)
    assert heard.faults == ()
    assert (made.threshold_for(kind, 0.005) is not None) == bool(kind.listener)


def test_nobody_listens_to_nothing() -> None:
    assert Listeners({}).hear(SOUND).findings == ()
