"""`silentspam lists` and `silentspam switch`: what they change, what they refuse, and what they keep."""

import csv
import io
import json
from pathlib import Path

import pytest
import yaml

from silentspam.calllog.gate import GateTables
from silentspam.errors import CallLogError
from silentspam.gate.file import FILE_NAME, Gate, read
from silentspam.gate.numbers import called_keys, key
from silentspam.gate.terms import DnisMode, Listing

NUMBER = "2025550101"
NOW = 1_795_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def published(folder: Path) -> Gate:
    gate = read(folder)
    assert gate is not None
    return gate


@pytest.mark.parametrize(
    ("action", "listing"),
    [("permit", Listing.PERMITTED), ("block", Listing.BLOCKED), ("safety", Listing.PUBLIC_SAFETY)],
)
def test_a_number_is_listed_and_in_force_at_once(
    silentspam, folder: Path, action: str, listing: Listing
) -> None:
    code, out, err = silentspam("lists", action, "+1 202-555-0101", "--note", "why\nnot")
    assert (code, err) == (0, "")
    assert out.startswith("+12025550101 is ")
    assert published(folder).listing(key("+12025550101"), now=NOW) is listing
    (one,) = json.loads(silentspam("lists", "--format", "json")[1])["numbers"]
    assert (one["number"], one["listing"], one["note"]) == ("+12025550101", listing, "whynot")
    assert one["changed_by"]
    assert "whynot" in silentspam("lists", "history")[1]


def test_a_listing_for_some_days_ends(silentspam, folder: Path) -> None:
    silentspam("lists", "permit", NUMBER, "--days", "2")
    (one,) = json.loads(silentspam("lists", "show", "--format", "json")[1])["numbers"]
    until = one["expires_at"]
    gate = published(folder)
    assert gate.listing(key(NUMBER), now=until - 1) is Listing.PERMITTED
    assert gate.listing(key(NUMBER), now=until) is None
    assert until - one["changed_at"] == pytest.approx(2 * 86400, abs=5)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("911", "emergency number"),
        ("+112", "emergency number"),
        ("0000000000", "withheld"),
        ("266696687", "withheld"),
        ("anonymous", "no telephone number"),
        ("=cmd|'/c calc'!A1", "no telephone number"),
        ("555\n911", "no telephone number"),
    ],
)
def test_what_must_not_be_blocked_is_refused_and_nothing_with_it(
    silentspam, folder: Path, number: str, words: str
) -> None:
    code, out, err = silentspam("lists", "block", NUMBER, number)
    assert (code, out) == (1, "")
    assert words in err
    assert len(err.splitlines()) == 1
    assert read(folder) is None


def test_whatever_is_configured_as_an_emergency_number_cannot_be_blocked(
    silentspam, config_file: Path
) -> None:
    document = yaml.safe_load(config_file.read_text())
    document["gate"]["emergency_numbers"] = ["110"]
    config_file.write_text(yaml.safe_dump(document))
    assert silentspam("lists", "block", "110")[0] == 1
    assert silentspam("lists", "permit", "110")[0] == 0


def test_removing_ends_a_listing_and_says_what_was_in_none(silentspam, folder: Path) -> None:
    silentspam("lists", "block", NUMBER)
    code, out, err = silentspam("lists", "remove", NUMBER, "777")
    assert code == 1
    assert f"{NUMBER} stands in no list any more" in out
    assert "777 stands in no list" in err
    assert published(folder).listing(key(NUMBER), now=NOW) is None
    assert silentspam("lists", "history")[1].count(NUMBER) == 2


def test_what_is_exported_can_be_imported_and_harms_no_spreadsheet(
    silentspam, tmp_path: Path, folder: Path
) -> None:
    silentspam("lists", "permit", NUMBER, "--days", "3", "--note", "=HYPERLINK(1)")
    silentspam("lists", "block", "2025550102")
    silentspam("lists", "safety", "+2025550103", "--note", 'ünïcode, "quoted"')
    before = json.loads(silentspam("lists", "--format", "json")[1])["numbers"]
    exported = silentspam("lists", "export")[1]
    notes = [row["note"] for row in csv.DictReader(io.StringIO(exported))]
    assert not [note for note in notes if note.startswith("=")]
    for one in before:
        silentspam("lists", "remove", one["number"])
    path = tmp_path / "numbers.csv"
    path.write_text(exported)
    assert silentspam("lists", "import", path)[1] == "3 numbers listed\n"
    after = json.loads(silentspam("lists", "--format", "json")[1])["numbers"]
    for old, new in zip(before, after, strict=True):
        for name in ("number", "listing", "note"):
            assert old[name] == new[name]
        assert new["expires_at"] == (old["expires_at"] and pytest.approx(old["expires_at"], abs=1))
    assert published(folder).listing(key("2025550102"), now=NOW) is Listing.BLOCKED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("number,list\n2025550101,blocked\n911,blocked\n", "911 is an emergency"),
        ("number,list\n2025550101,blocked\nx,blocked\n", "no telephone number"),
        ("number,list\n2025550101,blocked\n2025550102,blacked\n", "line 3: list 'blacked'"),
        ("number,list,until\n2025550101,blocked,soon\n", "line 2: until 'soon'"),
        ("number,until\n2025550101,\n", "its columns are number, until"),
        ("number,list,extra\n2025550101,blocked,1\n", "its columns are"),
        ("", "its columns are none"),
        ("number,list\n2025550101\n", "list None"),
        ('number,list\n"2025550101\n', "list None"),
        ("\x00", "columns"),
    ],
)
def test_a_file_with_a_wrong_line_lists_nothing_and_names_it(
    silentspam, tmp_path: Path, folder: Path, text: str, words: str
) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text(text)
    code, out, err = silentspam("lists", "import", path)
    assert (code, out) == (1, "")
    assert words in err
    assert read(folder) is None


def test_a_file_that_is_no_text_is_named(silentspam, tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_bytes(b"number,list\n\xff\xfe\n")
    assert str(path) in silentspam("lists", "import", path)[2]
    assert silentspam("lists", "import", tmp_path / "none.csv")[0] == 1


# --- numbers called -----------------------------------------------------------------------------------------


def test_a_number_called_has_terms_until_they_are_unset(silentspam, folder: Path) -> None:
    told = ("lists", "dnis", "set", "555-0200", "--mode", "shadow", "--threshold", "0.9", "--rate", "0.01")
    assert silentspam(*told, "--agent", "PJSIP/sales&PJSIP/100@trunk")[0] == 0
    terms = published(folder).dnis(called_keys("5550200")[0])
    assert terms is not None
    assert (terms.mode, terms.threshold, terms.max_false_challenge_rate) == (DnisMode.SHADOW, 0.9, 0.01)
    assert "PJSIP/sales&PJSIP/100@trunk" in silentspam("lists", "dnis", "show")[1]
    assert "PJSIP/sales" in silentspam("lists")[1]
    assert silentspam("lists", "dnis", "unset", "5550200")[0] == 0
    assert published(folder).dnis(called_keys("5550200")[0]) is None
    assert silentspam("lists", "dnis", "unset", "5550200")[0] == 1


@pytest.mark.parametrize(
    "agent",
    [
        "PJSIP",
        "PJSIP/a,30",
        "PJSIP/a)",
        "PJSIP/${EVIL}",
        "PJSIP/a b",
        "PJSIP/a:b",
        "PJSIP/a\nb",
        'PJSIP/"a"',
        "PJSIP/a&",
        "PJSIP/" + "a" * 200,
        "Local/1@x/n;y",
    ],
)
def test_an_agent_that_the_dialplan_could_misread_is_refused(silentspam, folder: Path, agent: str) -> None:
    code, _, err = silentspam("lists", "dnis", "set", "5550200", "--agent", agent)
    assert code == 1
    assert "no dial string" in err
    assert read(folder) is None


@pytest.mark.parametrize(
    "told",
    [
        ("set", "5550200"),
        ("set", "a b", "--mode", "off"),
        ("set", "5550200", "--mode", "loud"),
        ("set", "5550200", "--threshold", "1.5"),
        ("set", "5550200", "--rate", "0"),
        ("set", "5550200", "--rate", "nan"),
    ],
)
def test_terms_out_of_range_are_refused(silentspam, told: tuple[str, ...]) -> None:
    assert silentspam("lists", "dnis", *told)[0] in (1, 2)


# --- the file -----------------------------------------------------------------------------------------------


def test_publishing_mends_a_torn_file_and_leaves_a_good_one(silentspam, folder: Path) -> None:
    silentspam("lists", "permit", NUMBER)
    assert "is up to date" in silentspam("lists", "publish")[1]
    (folder / FILE_NAME).write_bytes(b"torn")
    assert "brought up to date" in silentspam("lists", "publish")[1]
    assert published(folder).listing(key(NUMBER), now=NOW) is Listing.PERMITTED


def test_a_file_that_cannot_be_written_is_said_and_the_change_is_kept(silentspam, folder: Path) -> None:
    folder.write_text("a file")
    code, _, err = silentspam("lists", "permit", NUMBER)
    assert code == 1
    assert "kept, but not in force" in err
    assert NUMBER in silentspam("lists")[1]


def test_no_note_steers_a_terminal(silentspam) -> None:
    silentspam("lists", "permit", NUMBER, "--note", "\x1b[2J")
    silentspam("switch", "off", "--note", "\x1b[2J")
    for told in (("lists",), ("lists", "history"), ("switch", "status")):
        assert "\x1b" not in silentspam(*told)[1]


# --- the switch ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["on", "shadow", "off"])
def test_the_switch_is_thrown_and_tells_how_it_stands(silentspam, state: str) -> None:
    assert silentspam("switch")[1].startswith("ON: calls are screened as configured (mode: shadow)")
    code, out, err = silentspam("switch", state, "--note", "a reason")
    assert (code, err) == (0, "")
    assert out.startswith(state.upper())
    assert "a reason" in silentspam("switch", "status")[1]


def test_the_status_remembers_what_was_before(silentspam) -> None:
    for state in ("off", "shadow", "on"):
        silentspam("switch", state)
    lines = silentspam("switch", "status")[1].splitlines()
    assert [line.split()[1] for line in lines if line.startswith("before")] == ["SHADOW", "OFF"]


def test_a_torn_file_is_said_by_the_status_and_mended_by_a_throw(silentspam, folder: Path) -> None:
    silentspam("lists", "permit", NUMBER)
    (folder / FILE_NAME).write_bytes(b"torn")
    code, _, err = silentspam("switch", "status")
    assert code == 1
    assert "torn" in err
    assert silentspam("switch", "off")[0] == 0
    assert silentspam("switch", "status")[0] == 0
    assert published(folder).listing(key(NUMBER), now=NOW) is Listing.PERMITTED


def test_a_switch_that_cannot_be_thrown_here_is_an_error_and_thrown_for_all_others(
    silentspam, folder: Path
) -> None:
    """A full disk of this machine is no reason to go on rejecting callers on the others."""
    folder.write_text("a file")
    code, out, err = silentspam("switch", "off", "--note", "a reason")
    assert (code, out) == (1, "")
    assert "NOT in force on this machine" in err
    assert "gate.folder" in err
    assert "other servers follow" in err
    folder.unlink()  # as on a server whose disk has space
    assert "brought up to date" in silentspam("lists", "publish")[1]
    assert silentspam("switch", "status")[1].startswith("OFF: every call is bridged unheard")


def test_a_switch_that_can_be_thrown_nowhere_says_both(
    silentspam, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_arguments: object) -> None:
        raise CallLogError("database is locked")

    folder.write_text("a file")
    monkeypatch.setattr(GateTables, "throw", down)
    code, out, err = silentspam("switch", "off")
    assert (code, out) == (1, "")
    assert "NOT in force on this machine" in err
    assert "nor anywhere else: database is locked" in err
