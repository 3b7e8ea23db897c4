"""The store of lines: what it keeps, who may write it at once, and what it refuses and loses nothing by."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from silentspam.errors import LineError, LineStoreError, NoLineStoreError
from silentspam.provenance import store_places
from silentspam.provenance.features import VERSION, names
from silentspam.provenance.fingerprint import Fingerprint
from silentspam.provenance.line_space import shipped_space
from silentspam.provenance.line_store import LineStore
from silentspam.provenance.sources import known_sources
from silentspam.provenance.store_file import APPLICATION_ID, STEPS
from silentspam.provenance.store_rows import KEPT
from silentspam.provenance.stored_line import LineDeed, LineListing

WIDTH = len(names())


def a_print(seed: int, version: int = VERSION) -> Fingerprint:
    """A fingerprint of figures drawn by chance."""
    vector = np.random.default_rng(seed).normal(size=WIDTH).astype("<f4")
    return Fingerprint(version=version, seconds=15.0, vector=vector.tobytes())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "lines.db"


@pytest.fixture
def store(path: Path) -> LineStore:
    return LineStore(path, by="ada", clock=iter(range(1000, 9000)).__next__)


def spoil(path: Path, statement: str, *values: object) -> None:
    """Change the file behind the store's back."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_a_line_keeps_its_calls_lists_and_marks(store: LineStore) -> None:
    line = store.enrol("ledger", [a_print(1), a_print(2)], call_id="c1", note="the clinic's trunk")
    assert (line.calls, line.listing, line.fraud, line.note) == (2, "none", False, "the clinic's trunk")
    assert line.created_at == 1000
    store.permit("ledger", ["5550100", "5550101"])
    store.block("ledger")
    line = store.mark_fraud("ledger", "c2", "asked for card numbers")
    assert (line.listing, line.called) == (LineListing.BLOCKED, frozenset())
    assert line.listing_for("5550100") is LineListing.PERMITTED
    assert line.listing_for("5550199") is line.listing_for(None) is LineListing.BLOCKED
    assert [(mark.call_id, mark.why, mark.marked_by) for mark in line.frauds] == [
        ("c2", "asked for card numbers", "ada")
    ]
    assert store.lines() == (line,) == (store.line("ledger"),)
    assert store.calls_of("ledger") == ("c1",)
    assert line.note == "the clinic's trunk"


def test_a_listing_can_be_for_some_called_numbers_only(store: LineStore) -> None:
    store.enrol("ledger", [a_print(1)])
    line = store.block("ledger", ["5550100"])
    assert (line.listing, line.called) == (LineListing.BLOCKED, frozenset({"5550100"}))
    assert line.listing_for("5550101") is LineListing.NONE
    assert store.unlist("ledger", ["5550101"]).listing is LineListing.BLOCKED
    assert store.unlist("ledger").listing is LineListing.NONE
    assert store.unlist("ledger").listings == {}


def test_a_called_number_is_the_same_however_it_is_written(store: LineStore, path: Path) -> None:
    store.enrol("ledger", [a_print(1)])
    assert store.block("ledger", ["+1 (555) 0100"]).listings == {"15550100": LineListing.BLOCKED}
    line = store.permit("ledger", ["0015550100"])
    assert line.listings == {"15550100": LineListing.PERMITTED}
    assert line.listing_for("+15550100") is line.listing_for("15550100") is LineListing.PERMITTED
    assert line.listing_for("5550100") is LineListing.NONE
    spoil(path, "UPDATE listings SET called = '+15550100'")
    assert store.line("ledger").listings == {"15550100": LineListing.PERMITTED}
    assert store.unlist("ledger").listings == {}


@pytest.mark.parametrize("called", ["", " ", "two\nlines"])
def test_a_called_number_that_is_none_lists_for_nobody(store: LineStore, called: str) -> None:
    store.enrol("ledger", [a_print(1)])
    for deed in (store.permit, store.block, store.unlist):
        with pytest.raises(LineStoreError, match="called number"):
            deed("ledger", [called])
    assert store.line("ledger").listings == {}


def test_every_deed_is_kept_with_who_and_when_even_of_a_line_that_is_gone(store: LineStore) -> None:
    store.enrol("a", [a_print(1)])
    store.enrol("b", [a_print(2)])
    store.block("a", ["5550100"], call_id="c7", note="again")
    store.mark_fraud("a", "c7", "vishing")
    store.clear_fraud("a", note="it was the auditor")
    before = store.revision()
    store.forget("a")
    assert store.revision() > before
    told = [(event.name, event.deed, event.by) for event in store.history("a")]
    deeds = [LineDeed.ENROLLED, LineDeed.BLOCKED, LineDeed.MARKED, LineDeed.CLEARED, LineDeed.FORGOTTEN]
    assert told == [("a", deed, "ada") for deed in deeds]
    assert store.history("a")[1].called == ("5550100",)
    assert [line.name for line in store.lines()] == ["b"]
    assert set(store.prints()) == {"b"}
    assert len(store.history()) == 6


def test_only_the_newest_calls_of_a_line_are_kept_and_each_once(store: LineStore) -> None:
    for seed in range(KEPT + 5):
        store.enrol("a", [a_print(seed)], call_id=f"c{seed}")
    store.enrol("a", [a_print(KEPT + 4)])
    kept = store.prints()["a"]
    assert kept == tuple(a_print(seed) for seed in range(5, KEPT + 5))
    assert store.calls_of("a")[0] == f"c{KEPT + 4}"


def test_fingerprints_come_back_to_the_last_bit_and_make_known_lines(store: LineStore) -> None:
    store.enrol("a", [a_print(1), a_print(2)])
    store.enrol("b", [a_print(3)])
    assert store.prints() == {"a": (a_print(1), a_print(2)), "b": (a_print(3),)}
    known = store.known(shipped_space())
    assert (known.names, known.counts.tolist()) == (("a", "b"), [2, 1])


def test_lines_are_the_same_in_however_many_pieces_they_are_embedded(
    store: LineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = shipped_space()
    for number in range(5):
        store.enrol(f"line {number}", [a_print(10 * number + call) for call in range(1 + number % 3)])
    whole = known_sources(space, store.prints())
    monkeypatch.setattr(store_places, "AT_ONCE", 2)
    pieces = store.known(space)
    assert pieces.names == whole.names
    np.testing.assert_array_equal(pieces.counts, whole.counts)
    np.testing.assert_allclose(pieces.sums, whole.sums, atol=1e-4)
    store.forget("line 1")
    assert store.known(space).names == tuple(f"line {number}" for number in (0, 2, 3, 4))


def test_a_store_without_a_call_knows_nobody(store: LineStore) -> None:
    store.enrol("a", [a_print(1)], call_id="c1")
    store.erase(["c1"])
    assert store.known(shipped_space()).names == ()


def test_calls_of_an_older_version_are_refused_until_they_are_enrolled_again(
    store: LineStore, path: Path
) -> None:
    for number in range(7):
        store.enrol(f"line {number}", [a_print(number)])
    store.block("line 0")
    spoil(path, "UPDATE prints SET version = ?, digest = name", VERSION - 1)
    with pytest.raises(LineStoreError) as refused:
        store.known(shipped_space())
    for word in (str(path), f"version {VERSION - 1}", "silentspam lines enrol", "line 0", "and 2 others"):
        assert word in str(refused.value)
    assert store.line("line 0").listing is LineListing.BLOCKED
    for number in range(6):
        store.enrol(f"line {number}", [a_print(number + 50)])
    store.forget("line 6")
    assert len(store.known(shipped_space()).names) == 6
    assert (store.line("line 0").listing, store.line("line 0").calls) == (LineListing.BLOCKED, 1)


def test_calls_of_another_length_are_refused_until_they_are_enrolled_again(
    store: LineStore, path: Path
) -> None:
    store.enrol("a", [a_print(1)])
    spoil(path, "UPDATE prints SET vector = zeroblob(8), digest = '0'")
    with pytest.raises(LineStoreError, match=r"enrol their calls again .*: a"):
        store.known(shipped_space())
    store.enrol("a", [a_print(2)])
    assert store.known(shipped_space()).counts.tolist() == [1]


def test_calls_of_a_newer_version_ask_for_a_newer_program(store: LineStore, path: Path) -> None:
    store.enrol("a", [a_print(1)])
    spoil(path, "UPDATE prints SET version = ?", VERSION + 1)
    with pytest.raises(LineStoreError, match="update Silentspam: a"):
        store.known(shipped_space())


@pytest.mark.parametrize("name", ["", " ", " a", "a\n", "a" * 121, "\x1b[2J"])
def test_a_name_that_no_list_can_show_is_refused(store: LineStore, name: str) -> None:
    with pytest.raises(LineStoreError, match="line name"):
        store.enrol(name, [a_print(1)])


@pytest.mark.parametrize(
    "bad",
    [
        [],
        [a_print(1, VERSION - 1)],
        [Fingerprint(version=VERSION, seconds=15.0, vector=b"\0" * 8)],
        [Fingerprint(version=VERSION, seconds=15.0, vector=np.full(WIDTH, np.nan, "<f4").tobytes())],
    ],
)
def test_what_is_no_fingerprint_of_this_version_leaves_the_store_as_it_is(
    store: LineStore, path: Path, bad: list[Fingerprint]
) -> None:
    with pytest.raises(LineError):
        store.enrol("a", bad)
    assert not path.exists()


def test_a_line_that_is_not_there_is_named(store: LineStore) -> None:
    store.enrol("a", [a_print(1)])
    deeds = (store.line, store.permit, store.block, store.unlist, store.forget, store.clear_fraud)
    for deed in deeds:
        with pytest.raises(LineStoreError, match="no line 'b'"):
            deed("b")
    with pytest.raises(LineStoreError, match="no line 'b'"):
        store.mark_fraud("b", "c1", "why")
    with pytest.raises(LineStoreError, match="names the call"):
        store.mark_fraud("a", "", "why")
    with pytest.raises(LineStoreError, match="note"):
        store.block("a", note="x" * 1001)
    assert len(store.history()) == 1


def test_a_store_that_is_not_there_is_only_made_by_its_first_line(store: LineStore, path: Path) -> None:
    for read in (store.lines, store.prints, store.history, store.revision):
        with pytest.raises(NoLineStoreError, match="no store of lines yet"):
            read()
    assert not path.exists()
    store.enrol("a", [a_print(1)])
    assert path.stat().st_mode & 0o777 == 0o640


def test_files_that_are_something_else_are_refused_and_stay_as_they_are(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 99)
    with pytest.raises(LineStoreError, match="not a database"):
        LineStore(path).enrol("a", [a_print(1)])
    assert path.read_bytes().startswith(b"no database at all")
    path.unlink()
    spoil(path, "CREATE TABLE calls (id)")
    with pytest.raises(LineStoreError, match="no store of lines"):
        LineStore(path).enrol("a", [a_print(1)])
    with pytest.raises(LineStoreError, match="no store of lines"):
        LineStore(path).lines()


def test_a_newer_schema_is_left_alone(store: LineStore, path: Path) -> None:
    store.enrol("a", [a_print(1)])
    spoil(path, f"PRAGMA user_version={len(STEPS) + 1}")
    with pytest.raises(LineStoreError, match="update Silentspam"):
        store.block("a")
    with pytest.raises(LineStoreError, match="update Silentspam"):
        store.lines()
    spoil(path, f"PRAGMA user_version={len(STEPS)}")
    assert [line.name for line in store.lines()] == ["a"]


def test_an_older_schema_is_there_and_brought_up_to_date_by_whoever_writes(
    store: LineStore, path: Path
) -> None:
    store.enrol("a", [a_print(1)])
    spoil(path, "DROP TABLE deeds")
    spoil(path, f"PRAGMA user_version={len(STEPS) - 1}")
    with pytest.raises(LineStoreError, match=f"schema {len(STEPS) - 1}, this version reads") as refused:
        store.lines()
    assert not isinstance(refused.value, NoLineStoreError)
    store.block("a")
    assert [line.name for line in store.lines()] == ["a"]


@pytest.mark.parametrize("place", [Path("/dev/null"), Path("/")])
def test_what_is_no_regular_file_is_refused(place: Path) -> None:
    with pytest.raises(LineStoreError, match="no regular file"):
        LineStore(place).lines()
    with pytest.raises(LineStoreError, match="no regular file"):
        LineStore(place).enrol("a", [a_print(1)])


def test_a_path_that_nobody_can_make_is_named(below_a_file: Path) -> None:
    with pytest.raises(LineStoreError, match=str(below_a_file)):
        LineStore(below_a_file / "lines.db").enrol("a", [a_print(1)])


def test_a_full_disk_loses_nothing_that_was_there(store: LineStore, path: Path) -> None:
    """A file may not grow beyond its limit, which the system answers as a disk that is full."""
    store.enrol("a", [a_print(1)])
    before = store.lines()
    code = """
import resource, signal, sys
from pathlib import Path
from silentspam.errors import LineStoreError
from silentspam.provenance.line_store import LineStore
from tests.provenance.test_line_store import a_print
store = LineStore(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
try:
    store.enrol("b", [a_print(seed) for seed in range(20)])
except LineStoreError as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert f"provenance.store {path}" in told.stdout
    assert store.lines() == before
    store.enrol("b", [a_print(2)])
    assert [line.name for line in store.lines()] == ["a", "b"]


def test_many_processes_make_one_store_and_lose_no_deed(path: Path) -> None:
    code = """
import sys
from pathlib import Path
from silentspam.provenance.line_store import LineStore
from tests.provenance.test_line_store import a_print
store, worker = LineStore(Path(sys.argv[1]), by=sys.argv[2], busy_seconds=60), int(sys.argv[2])
sys.stdin.read()
for number in range(5):
    store.enrol(f"line {number}", [a_print(100 * worker + number)])
    store.block(f"line {number}", [sys.argv[2]])
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", code, path, str(number)], stdin=subprocess.PIPE)
        for number in range(3)
    ]
    for worker in workers:
        assert worker.stdin
        worker.stdin.close()
    assert [worker.wait(120) for worker in workers] == [0] * 3
    lines = LineStore(path).lines()
    assert [line.calls for line in lines] == [3] * 5
    assert all(line.called == {"0", "1", "2"} for line in lines)
    assert len(LineStore(path).history()) == 30


def test_lines_of_another_store_never_join_ones_own(store: LineStore, tmp_path: Path) -> None:
    other = LineStore(tmp_path / "other.db", by="bob")
    other.enrol("gang", [a_print(5)])
    gang = other.mark_fraud("gang", "c1", "vishing")
    store.take_in([(gang, other.prints()["gang"])], note="from bob")
    store.take_in([(gang, (a_print(6),))])
    mine = store.line("gang")
    assert (mine.frauds, mine.calls, mine.note) == (gang.frauds, 2, "from bob")
    store.enrol("clinic", [a_print(7)])
    shouted = replace(gang.frauds[0], why="\x1b[2J")
    with pytest.raises(LineStoreError, match="mark of fraud"):
        store.take_in([(replace(gang, frauds=(shouted,)), (a_print(8),))])
    clinic, new = replace(gang, name="clinic"), replace(gang, name="new")
    with pytest.raises(LineStoreError, match="--prefix"):
        store.take_in([(new, (a_print(8),)), (clinic, (a_print(9),))])
    assert [line.name for line in store.lines()] == ["clinic", "gang"]


def test_calls_that_are_erased_leave_their_line_with_its_lists(store: LineStore, path: Path) -> None:
    store.enrol("a", [a_print(1)], call_id="c1")
    store.enrol("a", [a_print(2)], call_id="c2")
    store.block("a", call_id="c1")
    store.mark_fraud("a", "c1", "vishing")
    store.mark_fraud("a", "c2", "again")
    store.enrol("b", [a_print(3)], call_id="c3")
    before = store.revision()
    assert store.erase(["c1", "c2", "never met", ""]) == ("a",)
    assert store.revision() > before
    line = store.line("a")
    assert (line.calls, line.listing) == (0, LineListing.BLOCKED)
    assert {mark.why for mark in line.frauds} == {"vishing", "again"}
    assert set(store.prints()) == {"b"}
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for trace in (a_print(1).vector[:64], b"c1", b"c2"):
        assert trace not in path.read_bytes()
    assert b"c3" in path.read_bytes()


def test_what_is_forgotten_leaves_no_trace_in_the_file(store: LineStore, path: Path) -> None:
    store.enrol("a", [a_print(1)])
    store.enrol("b", [a_print(2)])
    store.forget("a")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert a_print(1).vector[:64] not in path.read_bytes()
    assert a_print(2).vector[:64] in path.read_bytes()
    assert int.from_bytes(path.read_bytes()[68:72], "big") == APPLICATION_ID
