"""A late beat is found in its time, and in no other; a process of its own beats."""

import time
from pathlib import Path

from lab.pulse import Pulse


def test_only_the_beats_of_the_time_asked_for_count(tmp_path: Path) -> None:
    notes = tmp_path / "pulse"
    notes.write_text("10.000 0.300\n20.000 0.050\n21.000 0.120\n30.000 0.900\n31.0")
    pulse = Pulse(notes)
    assert pulse.latest(15.0, 25.0) == 0.120
    assert pulse.latest(22.0, 29.0) == 0.0


def test_it_beats_until_it_is_stopped(tmp_path: Path) -> None:
    pulse = Pulse(tmp_path / "pulse")
    pulse.start()
    began = time.monotonic()
    assert pulse.latest(began, time.monotonic()) >= 0.0
    pulse.stop()
    assert (tmp_path / "pulse").is_file()
