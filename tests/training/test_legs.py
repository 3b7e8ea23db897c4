"""The sweep over callers' sides: only finished ones, each measured once, and nothing is lost on the way."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from silentspam.audio import Recording, write_ulaw
from silentspam.call import Call, CallSpeech
from silentspam.errors import CallLogError
from silentspam.training.legs import (
    ABANDONED_SECONDS,
    MEASURED,
    SET_ASIDE,
    SETTLED_SECONDS,
    Fate,
    LegSweep,
)
from tests.fakes import noise, silence, tone

NOW = 1_800_000_000.0


class LoudIsSpeech:
    """A detector that a test can foresee: whatever is loud is speech all along."""

    name = "test 1"

    def speech_seconds(self, recording: Recording) -> float:
        return recording.seconds if abs(recording.samples).max() > 0.1 else 0.0


class Desk:
    """A folder of sides, the rows of their calls, and what was written of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, Mapping[str, str | int | float | None]] = {}
        self.written: list[CallSpeech] = []

    def leg(
        self, content: Recording | bytes, *, rested: float = 60.0, talked: float | None = None, **row: object
    ) -> Path:
        path = self.folder / f"{Call.new_id()}.ulaw"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            write_ulaw(path, content)
        os.utime(path, (NOW - rested, NOW - rested))
        start = None if talked is None else NOW - rested - talked
        self.rows[path.stem] = {
            "challenged_at": None,
            "screened_at": None,
            "bridged_at": start,
            "ended_at": NOW - rested,
            **row,
        }  # type: ignore[dict-item]
        return path

    def sweep(self, *, keep: bool = False) -> dict[Path, tuple[Fate, str]]:
        sweep = LegSweep(
            folder=self.folder,
            detector=LoudIsSpeech(),
            row_of=self.rows.get,
            write=self.written.append,
            keep=keep,
            clock=lambda: NOW,
        )
        return {leg.path: (leg.fate, leg.why) for leg in sweep.run()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_finished_side_is_measured_written_and_removed(desk: Desk) -> None:
    path = desk.leg(tone(3.0), talked=3.0)
    assert desk.sweep() == {path: (Fate.MEASURED, "")}
    assert desk.written == [
        CallSpeech(
            call_id=path.stem, caller_speech_seconds=3.0, caller_leg_seconds=3.0, speech_detector="test 1"
        )
    ]
    assert list(desk.folder.iterdir()) == []


def test_a_side_that_is_kept_is_not_measured_again(desk: Desk) -> None:
    path = desk.leg(tone(1.0))
    desk.sweep(keep=True)
    assert [kept.name for kept in (desk.folder / MEASURED).iterdir()] == [path.name]
    assert desk.sweep(keep=True) == {}
    assert len(desk.written) == 1


@pytest.mark.parametrize(
    ("rested", "ended_at"),
    [(SETTLED_SECONDS / 2, NOW - 2.0), (60.0, None), (ABANDONED_SECONDS - 1, None)],
    ids=["just ended", "still going on", "long ago, but perhaps on hold"],
)
def test_a_side_that_may_still_be_written_is_left_alone(
    desk: Desk, rested: float, ended_at: float | None
) -> None:
    path = desk.leg(tone(1.0), rested=rested, ended_at=ended_at)
    before = path.read_bytes()
    assert desk.sweep()[path][0] is Fate.WAITS
    assert path.read_bytes() == before
    assert desk.written == []


def test_a_side_of_a_call_whose_end_was_never_reported_is_measured_at_last(desk: Desk) -> None:
    path = desk.leg(tone(1.0), rested=ABANDONED_SECONDS + 1, ended_at=None)
    assert desk.sweep()[path][0] is Fate.MEASURED


def test_a_side_of_no_known_call_stays_and_is_reported(desk: Desk) -> None:
    path = desk.leg(tone(1.0), rested=ABANDONED_SECONDS + 1)
    desk.rows.clear()
    assert desk.sweep()[path] == (Fate.UNKNOWN, "the call log has no such call")
    assert path.exists()
    assert desk.written == []


BROKEN = {
    "empty": (b"", None),
    "a WAV's header": (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
    "text": (b"a hundred lines of text are no telephone call " * 100, None),
    "cut off, and silent as far as it goes": (noise(3.0, level=8.0), 60.0),
    "digital silence, cut off": (silence(1.0), 10.0),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_measured_is_set_aside_whole_and_gives_no_zero(what: str, desk: Desk) -> None:
    content, talked = BROKEN[what]
    path = desk.leg(content, talked=talked)
    before = path.read_bytes()
    good = desk.leg(tone(1.0))
    fates = desk.sweep()
    assert fates[path][0] is Fate.SET_ASIDE
    assert str(path) in fates[path][1]
    assert path.with_name(path.name + SET_ASIDE).read_bytes() == before
    assert [speech.call_id for speech in desk.written] == [good.stem], "and the others go on"
    assert desk.sweep() == {}


def test_the_time_of_the_challenge_counts_too(desk: Desk) -> None:
    rejected = {"challenged_at": NOW - 90, "screened_at": NOW - 60}
    whole, cut = desk.leg(noise(29.0, level=8.0), **rejected), desk.leg(noise(9.0, level=8.0), **rejected)
    fates = desk.sweep()
    assert (fates[whole][0], fates[cut][0]) == (Fate.MEASURED, Fate.SET_ASIDE)


def test_a_side_that_is_cut_off_after_speech_was_heard_is_a_measure(desk: Desk) -> None:
    desk.leg(tone(3.0), talked=60.0)
    desk.sweep()
    assert desk.written[0].caller_speech_seconds == 3.0


def test_a_whole_side_without_speech_is_a_zero(desk: Desk) -> None:
    desk.leg(noise(59.0, level=8.0), talked=60.0)
    desk.leg(noise(4.0, level=8.0))
    desk.sweep()
    assert [speech.caller_speech_seconds for speech in desk.written] == [0.0, 0.0]


def test_a_side_whose_measure_cannot_be_written_stays(desk: Desk) -> None:
    path = desk.leg(tone(1.0))

    def refuse(_: CallSpeech) -> None:
        raise CallLogError("full")

    sweep = LegSweep(
        folder=desk.folder,
        detector=LoudIsSpeech(),
        row_of=desk.rows.get,
        write=refuse,
        clock=lambda: NOW,
    )
    with pytest.raises(CallLogError):
        list(sweep.run())
    assert path.exists()


@pytest.mark.parametrize("content", [tone(1.0), b""])
def test_two_sweeps_at_once_do_no_harm(desk: Desk, content: Recording | bytes) -> None:
    """The other one is faster, at the worst moment: when this one has looked at the file."""
    path = desk.leg(content)
    other = desk.leg(tone(2.0))

    def row_of(call_id: str) -> Mapping[str, str | int | float | None] | None:
        if call_id == path.stem:
            path.unlink()
        return desk.rows.get(call_id)

    sweep = LegSweep(
        folder=desk.folder,
        detector=LoudIsSpeech(),
        row_of=row_of,
        write=desk.written.append,
        clock=lambda: NOW,
    )
    assert [leg.path for leg in sweep.run()] == [other]


def test_files_that_are_no_sides_of_ours_are_left_alone(desk: Desk) -> None:
    (desk.folder / "notes.txt").write_text("mine")
    (desk.folder / "not-a-call-id.ulaw").write_bytes(b"\xff" * 8000)
    (desk.folder / f"{Call.new_id()}.ulaw").symlink_to(desk.folder / "notes.txt")
    (desk.folder / f"{Call.new_id()}.ulaw").mkdir()
    assert desk.sweep() == {}
    assert len(list(desk.folder.iterdir())) == 4
