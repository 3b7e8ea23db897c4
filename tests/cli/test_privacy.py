"""`silentspam privacy` on a small installation: everything of a number comes out, and nothing of it stays."""

import csv
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from silentspam.audio_files import read_recording
from silentspam.call import Call, CallEnd, CallProvenance, CallRecord, Disposition
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import ended, screened, traced
from silentspam.calllog.gate import GateTables, ListedNumber, ListEvent
from silentspam.calllog.labels import Answer, Label, Labels, LabelSource
from silentspam.calllog.provenance import ProvenanceTable
from silentspam.calllog.query import Filter
from silentspam.calllog.recording_rows import RecordingCall
from silentspam.calllog.recordings import RecordingTables
from silentspam.calllog.spool import Spool
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.gate.terms import Listing
from silentspam.lines.numbers import number_key
from silentspam.provenance.line_store import LineStore
from silentspam.recordings import store
from silentspam.recordings.candidates import AcceptanceRule
from silentspam.recordings.window import Heard
from silentspam.retention.export import cell
from tests.provenance.test_line_store import a_print
from tests.recordings.skies import a_sky

NUMBER, OTHER = "+12025550143", "+12025550199"
NOW = time.time()


class Installation:
    """Calls of several numbers, and all that hangs on them."""

    def __init__(self, folder: Path, config_file: Path) -> None:
        self.folder, self.config_file = folder, config_file
        self.recordings, self.spool = folder / "recordings", folder / "log" / "spool"
        self.recordings.mkdir()
        document = yaml.safe_load(config_file.read_text())
        document["collection"] = {"legs": str(folder / "legs")}
        where = folder / "provenance"
        document["provenance"] = {"folder": str(where), "store": str(where / "lines.db")}
        config_file.write_text(yaml.safe_dump(document))
        self.database = SqliteDatabase(folder / "log" / "calls.db")
        self.log = CallTable(self.database)

    def record(self, ani: str, *, caller_id: str = "", ago: float = 86_400.0) -> CallRecord:
        call = Call(
            call_id=Call.new_id(),
            started_at=NOW - ago,
            uniqueid="1700000000.1",
            channel=f"SIP/{ani}-1",
            ani=ani,
            caller_id=caller_id or ani,
            caller_name="=Zoë",
            dnis="5550200",
        )
        path = self.recordings / f"{call.call_id}.ulaw"
        path.write_bytes(b"\xfe" * 16_001)
        return CallRecord(
            call=call,
            recording=str(path),
            recorded_at=call.started_at + 2.5,
            screened_at=call.started_at + 3.0,
            embedding="AAAA",
            space_id="a space",
            reasons=(f"{ani} was heard",),
        )

    def call(self, ani: str, *, caller_id: str = "", ago: float = 86_400.0, over: bool = True) -> CallRecord:
        record = self.record(ani, caller_id=caller_id, ago=ago)
        self.log.write(screened(record))
        if over:
            at = record.call.started_at + 60.0
            self.log.write(ended(CallEnd(call=record.call, ended_at=at, disposition=Disposition.BRIDGED)))
        return record

    def row(self, record: CallRecord) -> dict[str, object]:
        (row,) = self.log.rows(Filter(call_id=record.call.call_id))
        return dict(row)

    def everything(self) -> str:
        """All text of the database, as a dump, and of the files that wait."""
        with self.database.transaction(write=False) as connection:
            dump = "\n".join(connection.iterdump())  # type: ignore[attr-defined]
        waiting = [path.read_text() for path in self.spool.glob("*")] if self.spool.exists() else []
        return dump + "\n".join(waiting)


@pytest.fixture
def installation(tmp_path: Path, config_file: Path) -> Installation:
    return Installation(tmp_path, config_file)


def plays(installation: Installation, recording_id: str, *records: CallRecord) -> None:
    """The calls play a recording that was found among them."""
    sound = a_sky(np.random.default_rng(1))
    keys = {one.call.call_id: number_key(one.call.ani) for one in records}
    tables = RecordingTables(installation.database)
    heard = [Heard(call_id=one, number=keys[one], at=NOW, constellation=sound) for one in keys]
    tables.remember(heard, NOW)
    calls = [
        RecordingCall(
            recording_id=recording_id,
            call_id=one,
            number=keys[one],
            matched_at=NOW,
            begin_seconds=0.5,
            evidence=20.0,
        )
        for one in keys
    ]
    tables.found("found", sound, calls, NOW)


# --- export ------------------------------------------------------------------------------------------------


def test_what_a_number_plays_is_exported(silentspam, installation: Installation) -> None:
    own, other = installation.call(NUMBER), installation.call(OTHER)
    plays(installation, "r1", own, other)
    out = installation.folder / "caller"
    assert silentspam("privacy", "export", NUMBER, "--out", out)[0] == 0
    for name in ("plays.csv", "peaks.csv"):
        with (out / name).open(newline="") as file:
            (row,) = csv.DictReader(file)
        assert row["call_id"] == own.call.call_id
        assert row["number"] == str(number_key(NUMBER))


def test_where_its_calls_came_from_is_exported(silentspam, installation: Installation) -> None:
    own, other = installation.call(NUMBER), installation.call(OTHER)
    for one in (own, other):
        told = CallProvenance(
            call_id=one.call.call_id, analysed_at=NOW, basis="side", line_name="the bank", fingerprint="{}"
        )
        installation.log.write(traced(told))
    out = installation.folder / "caller"
    assert silentspam("privacy", "export", NUMBER, "--out", out)[0] == 0
    with (out / "provenance.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["call_id"], row["line_name"], row["fingerprint"]) == (own.call.call_id, "the bank", "{}")


def test_everything_of_a_number_and_nothing_of_anothers(silentspam, installation: Installation) -> None:
    record, plain = installation.call(NUMBER), installation.call(NUMBER.lstrip("+"))
    installation.call(OTHER)
    Labels(installation.database).write(
        [
            Label(
                call_id=record.call.call_id,
                source=LabelSource.REVIEW,
                label=Answer.HAM,
                labelled_at=NOW,
                labelled_by="ann",
            )
        ]
    )
    out = installation.folder / "caller"
    code, printed, err = silentspam("privacy", "export", NUMBER, "--out", out)
    assert (code, err) == (0, "")
    assert "2 calls, 2 recordings and 0 list entries" in printed
    rows = [json.loads(line) for line in (out / "calls.jsonl").read_text().splitlines()]
    assert {row["call_id"] for row in rows} == {record.call.call_id, plain.call.call_id}
    with (out / "calls.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    assert {row["caller_name"] for row in cells} == {"'=Zoë"}
    assert {row["ani"] for row in cells} == {NUMBER, NUMBER[1:]}
    assert "HAM" in (out / "labels.csv").read_text() or "ham" in (out / "labels.csv").read_text()
    written = read_recording(out / "recordings" / f"{record.call.call_id}.wav")
    assert written.codes.tobytes() == Path(str(record.recording)).read_bytes()
    assert out.stat().st_mode & 0o077 == 0
    assert OTHER not in "".join(path.read_text() for path in out.glob("*.*"))
    assert "logs and backups" in (out / "README.txt").read_text()


def test_a_number_that_was_only_presented_gives_away_nobody_elses_number_or_voice(
    silentspam, installation: Installation
) -> None:
    installation.call(OTHER, caller_id=NUMBER)
    out = installation.folder / "caller"
    code, printed, err = silentspam("privacy", "export", NUMBER, "--out", out)
    assert code == 0
    assert "1 calls, 0 recordings" in printed
    assert "1 recordings withheld" in err
    (line,) = (out / "calls.jsonl").read_text().splitlines()
    assert json.loads(line)["ani"].startswith("(another number")
    assert silentspam("privacy", "export", NUMBER, "--out", f"{out}2", "--presented")[0] == 0
    assert len(list(Path(f"{out}2", "recordings").iterdir())) == 1


def test_sealed_recordings_come_out_with_their_key_and_are_named_without(
    silentspam, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = installation.call(NUMBER)
    prefix = installation.folder / "calls"
    silentspam("retain", "--new-key", prefix)
    document = yaml.safe_load(installation.config_file.read_text())
    document["retention"] = {"encrypt_to": f"{prefix}.pub"}
    installation.config_file.write_text(yaml.safe_dump(document))
    os.utime(str(record.recording), (NOW - 86_400, NOW - 86_400))
    assert silentspam("retain")[0] == 0
    out = installation.folder / "caller"
    code, _, err = silentspam("privacy", "export", NUMBER, "--out", out)
    assert code == 1
    assert f"{record.call.call_id}.ulaw.sealed: sealed to key" in err
    monkeypatch.setenv("SILENTSPAM_KEY_FILE", f"{prefix}.key")
    assert silentspam("privacy", "export", NUMBER, "--out", f"{out}2")[0] == 0
    assert len(list(Path(f"{out}2", "recordings").iterdir())) == 1
    code, _, err = silentspam("privacy", "export", NUMBER, "--out", f"{out}3", "--key", "/nowhere.key")
    assert code == 1
    assert "/nowhere.key" in err


def test_a_folder_with_anything_in_it_is_refused(silentspam, installation: Installation) -> None:
    installation.call(NUMBER)
    code, _, err = silentspam("privacy", "export", NUMBER, "--out", installation.folder)
    assert code == 1
    assert "not empty" in err


@pytest.mark.parametrize("number", ["anonymous", "", "0000000", "266696687", "x'; DROP TABLE calls"])
def test_what_is_nobodys_number_is_refused(silentspam, installation: Installation, number: str) -> None:
    installation.call(number)
    for command in (("export", number, "--out", installation.folder / "caller"), ("erase", number, "--yes")):
        code, _, err = silentspam("privacy", *command)
        assert code == 1
        assert "not one caller's number" in err


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        (" @x", "' @x"),
        ("+15550100", "+15550100"),
        ("-5", "-5"),
        (-5.0, -5.0),
        (None, None),
    ],
)
def test_no_cell_is_run_by_a_spreadsheet(value: object, shown: object) -> None:
    assert cell(value) == shown


# --- erase -------------------------------------------------------------------------------------------------


def test_nothing_of_the_number_stays_and_the_counts_do(silentspam, installation: Installation) -> None:
    record, other = installation.call(NUMBER), installation.call(OTHER)
    presented = installation.call(OTHER, caller_id=NUMBER)
    legs = installation.folder / "legs" / "measured"
    legs.mkdir(parents=True)
    (legs / f"{record.call.call_id}.ulaw").write_bytes(b"x")
    offered = installation.folder / "provenance" / "openings"
    offered.mkdir(parents=True)
    (offered / f"{presented.call.call_id}.ulaw").write_bytes(b"x")
    for one in (record, other):
        told = CallProvenance(
            call_id=one.call.call_id, analysed_at=NOW, basis="side", reasons=(one.call.ani,)
        )
        installation.log.write(traced(told))
    key, others = number_key(NUMBER), number_key(OTHER)
    with installation.database.transaction(write=True) as connection:
        connection.execute(
            "INSERT INTO lines (line_id, numbers, passers) VALUES (:line_id, :numbers, :passers)",
            {"line_id": "a line", "numbers": json.dumps(sorted([key, others])), "passers": f"[{key}]"},
        )
    code, printed, err = silentspam("privacy", "erase", NUMBER, "--yes", "--note", "request 7")
    assert code == 0, err
    assert "2 calls and 4 recordings erased; 1 lines" in printed
    row = installation.row(record)
    assert row["disposition"] == "BRIDGED"
    assert row["dnis"] == "5550200"
    assert float(str(row["started_at"])) % 3600 == pytest.approx(0.0)
    assert float(str(row["ended_at"])) - float(str(row["started_at"])) == pytest.approx(60.0)
    assert (row["recording"], row["embedding"], row["ani"], row["caller_name"]) == (None, None, "", "")
    assert row["recording_deleted_at"] == row["erased_at"]
    assert installation.row(presented)["erased_at"] is not None
    assert installation.row(other)["ani"] == OTHER
    assert [path.name[:36] for path in installation.recordings.iterdir()] == [other.call.call_id]
    assert not list((installation.folder / "provenance" / "openings").iterdir())
    told = ProvenanceTable(installation.database)
    assert told.of_call(record.call.call_id) is None
    assert told.of_call(other.call.call_id) is not None
    everything = installation.everything()
    for trace in (NUMBER[1:], str(key)):
        assert trace not in everything
    with installation.database.transaction(write=False) as connection:
        (line,) = connection.execute("SELECT numbers, passers FROM lines").fetchall()
    assert [len(json.loads(keys)) for keys in line] == [2, 1]
    assert others in json.loads(line["numbers"])
    code, printed, _ = silentspam("privacy", "history")
    words = printed.splitlines()[1].split()
    assert (words[3], words[-4:]) == ("ERASE", ["2", "4", "request", "7"])


def test_an_end_that_comes_late_brings_no_number_back(silentspam, installation: Installation) -> None:
    record = installation.call(NUMBER)
    assert silentspam("privacy", "erase", NUMBER, "--yes")[0] == 0
    installation.log.write(ended(CallEnd(call=record.call, ended_at=NOW)))
    assert NUMBER[1:] not in installation.everything()
    assert silentspam("calls", "why", record.call.call_id)[0] == 0


def test_rows_that_wait_in_files_are_erased_too(silentspam, installation: Installation) -> None:
    installation.call(OTHER)
    record = installation.record(NUMBER)
    Spool(installation.spool).add(screened(record))
    aside = installation.spool / "1.unreadable"
    aside.write_text(f'{{"ani": "{NUMBER}"\nbroken\n{{"ani": "9{NUMBER[1:]}"\n')
    line = {"ended_at": str(NOW - 100), "agi_callerid": NUMBER, "SILENTSPAM_STARTED_AT": str(NOW - 200)}
    (installation.folder / "log" / "unlogged.jsonl").write_text(json.dumps(line) + "\n")
    code, printed, _ = silentspam("privacy", "erase", NUMBER, "--yes")
    assert code == 0
    assert "2 calls and 1 recordings erased" in printed
    assert "1 lines erased that nobody could read" in printed
    assert aside.read_text() == f'{{"erased": true}}\nbroken\n{{"ani": "9{NUMBER[1:]}"\n'
    assert not (installation.folder / "log" / "unlogged.jsonl").exists()


def test_a_call_that_goes_on_is_left_and_said(silentspam, installation: Installation) -> None:
    installation.call(NUMBER)
    live = installation.call(NUMBER, ago=30.0, over=False)
    code, _, err = silentspam("privacy", "erase", NUMBER, "--yes")
    assert code == 1
    assert "1 calls are under way" in err
    assert installation.row(live)["ani"] == NUMBER


def test_a_listed_number_is_kept_unless_it_is_to_go(silentspam, installation: Installation) -> None:
    installation.call(NUMBER)
    tables = GateTables(installation.database)
    listed = ListedNumber(number=NUMBER, listing=Listing.BLOCKED, note="calls at night", changed_at=NOW)
    tables.put([listed], [ListEvent(subject=NUMBER, deed="blocked", changed_at=NOW, changed_by="ann")])
    code, printed, _ = silentspam("privacy", "erase", NUMBER, "--yes")
    assert code == 0
    assert "1 list entries kept" in printed
    assert len(tables.listed()) == 1
    code, printed, _ = silentspam("privacy", "erase", NUMBER, "--yes", "--listed", "remove")
    assert "1 list entries erased" in printed
    assert tables.listed() == []
    assert [deed.deed for deed in tables.deeds()] == ["blocked"], "the deed stays, without the number"
    assert NUMBER[1:] not in installation.everything()


def test_without_yes_and_without_a_terminal_it_only_says_what_there_is(
    silentspam, installation: Installation
) -> None:
    record = installation.call(NUMBER)
    code, printed, err = silentspam("privacy", "erase", NUMBER)
    assert code == 1
    assert "1 calls, 0 of them only presented it" in printed
    assert "nothing was erased" in err
    assert installation.row(record)["ani"] == NUMBER


def test_a_recording_that_cannot_be_deleted_leaves_its_row_as_it_was(
    silentspam, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = installation.call(NUMBER)

    def refused(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", record.recording)

    with monkeypatch.context() as patched:
        patched.setattr("silentspam.retention.shelf.os.unlink", refused)
        code, _, err = silentspam("privacy", "erase", NUMBER, "--yes")
    assert code == 1
    assert "Permission denied" in err
    assert installation.row(record)["ani"] == NUMBER
    assert silentspam("privacy", "erase", NUMBER, "--yes")[0] == 0


def test_a_line_that_was_known_by_a_numbers_call_is_known_by_it_no_more(
    silentspam, installation: Installation
) -> None:
    mine, others = installation.call(NUMBER), installation.call(OTHER)
    store = LineStore(installation.folder / "provenance" / "lines.db")
    store.enrol("gang", [a_print(1)], call_id=mine.call.call_id)
    store.enrol("gang", [a_print(2)], call_id=others.call.call_id)
    code, out, _ = silentspam("privacy", "erase", NUMBER, "--yes")
    assert (code, "gang: lines known by such calls are known by them no more" in out) == (0, True)
    assert store.prints() == {"gang": (a_print(2),)}
    assert mine.call.call_id.encode() not in store.path.read_bytes()


def test_a_store_of_lines_that_cannot_be_read_leaves_the_rows_for_another_try(
    silentspam, installation: Installation
) -> None:
    call_id = installation.call(NUMBER).call.call_id
    (installation.folder / "provenance").mkdir(exist_ok=True)
    (installation.folder / "provenance" / "lines.db").write_bytes(b"something else altogether" * 50)
    code, _, err = silentspam("privacy", "erase", NUMBER, "--yes")
    assert (code, "provenance.store" in err) == (1, True)
    assert installation.log.rows(Filter(call_id=call_id))[0]["ani"] == NUMBER


def test_what_a_number_plays_is_erased_and_does_not_come_back(silentspam, installation: Installation) -> None:
    first, second, other = installation.call(NUMBER), installation.call(NUMBER), installation.call(OTHER)
    plays(installation, "its own", first, second)
    assert silentspam("recordings", "publish")[0] == 0
    tables = RecordingTables(installation.database)
    tables.played(
        [
            RecordingCall(
                recording_id="its own",
                call_id=other.call.call_id,
                number=number_key(OTHER),
                matched_at=NOW,
                begin_seconds=0.0,
                evidence=20.0,
            )
        ],
        AcceptanceRule(),
    )
    assert silentspam("privacy", "erase", NUMBER, "--yes")[0] == 0
    assert [one.call_id for one in tables.calls("its own")] == [other.call.call_id]
    assert str(number_key(NUMBER)) not in installation.everything()
    plays(installation, "again", first, other)  # a server that runs has its peaks in memory
    assert str(number_key(NUMBER)) not in installation.everything()
    assert silentspam("privacy", "erase", OTHER, "--yes")[0] == 0
    assert tables.listed() == []
    library = store.read(installation.folder / "library")
    assert library is not None
    assert library.is_empty
    assert tables.recent(0.0, 100) == []


def test_a_recording_that_an_operator_decided_on_outlives_its_callers(
    silentspam, installation: Installation
) -> None:
    plays(installation, "r1", installation.call(NUMBER))
    assert silentspam("recordings", "confirm", "r1")[0] == 0
    assert silentspam("privacy", "erase", NUMBER, "--yes")[0] == 0
    (one,) = RecordingTables(installation.database).listed()
    assert (one.standing, one.tally.calls) == ("CONFIRMED", 0)
