"""What `silentspam check` says of provenance: nothing where it is off, and why it would not work."""

import os
from pathlib import Path
from typing import Any

import pytest

from silentspam.cli.doctor import FAULT, GOOD, WARNING, Finding, Identity
from silentspam.cli.doctor_provenance import provenance
from silentspam.config import Config
from silentspam.listening.offering import OPENINGS
from silentspam.provenance.line_store import LineStore
from silentspam.sections import CollectionSection, ProvenanceSection


def findings(folder: Path, **keys: Any) -> list[Finding]:
    section = ProvenanceSection(
        **{
            "enabled": True,
            "folder": str(folder / "provenance"),
            "store": str(folder / "lines.db"),
            **keys,
        }
    )
    config = Config(collection=CollectionSection(legs=str(folder / "legs")), provenance=section)
    return list(provenance(config, Identity(""), folder))


def texts(found: list[Finding], mark: str) -> str:
    return "; ".join(one.text for one in found if one.mark == mark)


def test_nothing_is_said_where_it_is_off(tmp_path: Path) -> None:
    assert findings(tmp_path, enabled=False) == []


def test_a_new_installation_is_well(tmp_path: Path) -> None:
    found = findings(tmp_path)
    assert {one.mark for one in found} == {GOOD}
    assert "0 sides and openings wait" in texts(found, GOOD)
    assert "made with the first line" in texts(found, GOOD)


def test_what_nobody_listens_to_is_found(tmp_path: Path) -> None:
    openings = tmp_path / "provenance" / OPENINGS
    openings.mkdir(parents=True)
    (openings / "a.ulaw").touch()
    assert "1 sides and openings wait" in texts(findings(tmp_path), GOOD)
    os.utime(openings / "a.ulaw", (0, 0))
    assert "1 since more than an hour" in texts(findings(tmp_path), WARNING)


def test_a_store_that_is_none_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "lines.db").write_bytes(b"something else" * 100)
    assert "provenance.store" in texts(findings(tmp_path), FAULT)


def test_the_lines_of_a_store_are_counted(tmp_path: Path) -> None:
    store = LineStore(tmp_path / "lines.db")
    store.take_in([])
    with store._file.transaction(write=True) as connection:
        connection.execute("INSERT INTO lines VALUES ('the bank', 1.0, '')")
    assert "1 lines, 0 marked" in texts(findings(tmp_path), GOOD)


@pytest.mark.parametrize(
    ("text", "mark", "said"),
    [
        ("numbers: [{prefix: '+1', type: mobile}]", GOOD, "1 number ranges, 0 trunks"),
        ("trunks: [{name: x, networks: [pigeon]}]", FAULT, "pigeon"),
        (None, FAULT, "No such file"),
    ],
)
def test_claims_are_read(tmp_path: Path, text: str | None, mark: str, said: str) -> None:
    path = tmp_path / "claims.yaml"
    if text is not None:
        path.write_text(text)
    assert said in texts(findings(tmp_path, claims=str(path)), mark)


def test_a_console_that_is_not_there_is_found(tmp_path: Path) -> None:
    found = findings(tmp_path, asterisk=(str(tmp_path / "asterisk"), "-rx"))
    assert "provenance.asterisk" in texts(found, WARNING)


def test_without_mixmonitor_nothing_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "modules.conf").write_text("noload => app_mixmonitor.so\n")
    assert "no caller's side is recorded" in texts(findings(tmp_path), WARNING)


def test_without_scipy_nothing_can_be_analysed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    (found,) = findings(tmp_path)
    assert (found.mark, found.remedy) == (FAULT, "pip install 'silentspam[training]'")
