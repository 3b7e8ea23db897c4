"""Which recordings share audio: short ones that were found, long ones that begin elsewhere, and no others."""

from dataclasses import replace

from silentspam.kinds.standing import Standing
from silentspam.recordings.library import KnownRecording
from silentspam.recordings.sharing import sharing
from tests.recordings.skies import known, opening_of

ONE, *OTHERS = known(20)


def window(start: int, n_frames: int, name: str) -> KnownRecording:
    part = opening_of(ONE.constellation, start=start, n_frames=n_frames)
    return replace(ONE, recording_id=name, standing=Standing.CANDIDATE, constellation=part)


def test_windows_of_it_share_audio_and_others_do_not() -> None:
    found = window(200, 122, "found")
    late = window(150, 400, "late")
    shared = sharing(ONE.constellation, [*OTHERS, found, late])
    assert [one.recording_id for one in shared] == ["found", "late"]


def test_it_is_seen_from_either_side() -> None:
    found = window(200, 122, "found")
    assert sharing(found.constellation, [*OTHERS, ONE]) == [ONE]
    assert sharing(found.constellation, OTHERS) == []
    assert sharing(found.constellation, []) == []
