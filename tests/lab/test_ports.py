"""Two labs at once never share a port."""

from pathlib import Path

import pytest

from lab import ports as lab_ports
from lab.ports import BLOCK, FIRST_PORT, SCENARIOS, Ports


def test_two_leases_are_two_blocks_and_a_released_one_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leased where no other lab does: what it leases and releases meanwhile would be in the way."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(lab_ports, "_is_free", lambda port: True)
    first, second = Ports(), Ports()
    try:
        assert abs(first.base - second.base) >= BLOCK
    finally:
        second.release()
        first.release()
    again = Ports()
    try:
        assert again.base == first.base
    finally:
        again.release()


def test_no_port_of_a_block_has_two_uses() -> None:
    ports = Ports()
    try:
        used = [ports.sip, ports.dead, ports.event_socket, *range(ports.rtp[0], ports.rtp[1] + 1)]
        for scenario in range(SCENARIOS):
            media = ports.media(scenario)
            used += [ports.phones(scenario), ports.sipp(scenario), *range(media, media + 6)]
        agi = [ports.agi(scenario) for scenario in range(SCENARIOS)]
        agi += [ports.freeswitch(scenario) for scenario in range(SCENARIOS)]
    finally:
        ports.release()
    assert len(set(used)) == len(used)
    assert max(used) < ports.base + BLOCK
    assert len(set(agi)) == 2 * SCENARIOS
    assert max(agi) < FIRST_PORT
