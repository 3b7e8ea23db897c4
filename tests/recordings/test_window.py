"""Recent openings: what is found among them, and that they stay bounded whatever comes."""

import numpy as np
import pytest

from silentspam.audio import Recording
from silentspam.kinds.constellation import constellation
from silentspam.recordings.candidates import AcceptanceRule, Tally, is_candidate
from silentspam.recordings.window import BUCKET_BITS, SLOTS, Heard, Window, WindowSettings
from tests.recordings.skies import a_sky, opening_of
from tests.recordings.sounds import N, prompts, sent

SKY = a_sky(np.random.default_rng(7))


def heard(call: int, sky=SKY, *, number: int | None = None, at: float | None = None, start: int = 0) -> Heard:
    return Heard(
        call_id=f"call {call}",
        number=1000 + call if number is None else number,
        at=float(call) if at is None else at,
        constellation=opening_of(sky, start=start),
    )


def flood(window: Window, count: int, *, seed: int = 1, first: int = 100) -> None:
    rng = np.random.default_rng(seed)
    for n in range(count):
        window.add(heard(first + n, a_sky(rng, seconds=2.0)))


def test_the_same_audio_under_another_number_is_found_among_others() -> None:
    window = Window(WindowSettings())
    flood(window, 300)
    window.add(heard(1, at=500.0, start=10))
    flood(window, 300, seed=2, first=600)
    (echo,) = window.echoes(heard(2, at=1000.0, start=30))
    assert echo.call_id == "call 1"
    assert echo.begin == pytest.approx(20 * 0.016, abs=0.02)
    assert window.echoes(heard(3, a_sky(np.random.default_rng(8)))) == []


def test_one_caller_who_calls_again_is_no_replay_and_neither_is_a_withheld_number() -> None:
    window = Window(WindowSettings())
    window.add(heard(1, number=55))
    assert window.echoes(heard(2, number=55)) == []
    assert window.echoes(Heard(call_id="x", number=None, at=2.0, constellation=heard(1).constellation)) == []


def test_real_speech_through_another_codec_is_found() -> None:
    window = Window(WindowSettings())
    for call, prompt in enumerate(prompts()):
        peaks = constellation(Recording(sent(prompt[:N])).samples)
        window.add(Heard(call_id=f"{call}", number=call, at=float(call), constellation=peaks))
    for codec in ("gsm", "g729a", "ilbc20"):
        again = constellation(Recording(sent(0.5 * prompts()[4][1111 : 1111 + N], codec)).samples)
        echoes = window.echoes(Heard(call_id="again", number=99, at=20.0, constellation=again))
        assert [echo.call_id for echo in echoes] == ["4"]


def test_a_hostile_flood_of_unique_recordings_finds_a_window_that_stays_as_it_is() -> None:
    window = Window(WindowSettings(openings=200))
    before = window.memory
    assert before == (1 << BUCKET_BITS) * (SLOTS + 1) * 4
    flood(window, 1500)
    assert len(window) == 200
    assert window.memory == before
    assert window.opening("call 1599") is not None
    assert window.opening("call 1399") is None
    window.add(heard(5000, at=5000.0))
    assert [echo.call_id for echo in window.echoes(heard(5001))] == ["call 5000"]


def test_a_flood_of_one_recording_finds_no_more_than_are_compared() -> None:
    window = Window(WindowSettings(openings=500))
    for call in range(400):
        window.add(heard(call))
    assert 1 <= len(window.echoes(heard(900))) <= 16


def test_what_is_too_old_goes() -> None:
    window = Window(WindowSettings(seconds=100.0))
    window.add(heard(1, at=0.0))
    flood(window, 1, first=101)
    assert len(window) == 1
    assert window.echoes(heard(2)) == []


def test_so_many_numbers_make_a_candidate() -> None:
    window = Window(WindowSettings())
    for call in range(3):
        one = heard(call)
        assert is_candidate(one, window.echoes(one), numbers=3) is (call == 2)
        window.add(one)


RULE = AcceptanceRule(failed_challenges=3)


@pytest.mark.parametrize(
    ("tally", "accepted"),
    [
        (Tally(calls=9, numbers=5, failed=3), True),
        (Tally(calls=9, numbers=5, failed=2), False),
        (Tally(calls=9, numbers=5, failed=9, people=1), False),
        (Tally(calls=9, numbers=1, failed=9), False),
    ],
)
def test_failed_challenges_confirm_a_candidate_unless_a_person_played_it(
    tally: Tally, accepted: bool
) -> None:
    assert RULE.accepts(tally) is accepted
    assert not AcceptanceRule(failed_challenges=0).accepts(tally)
