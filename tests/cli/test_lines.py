"""`silentspam lines`: from recordings to known lines, their lists, the fraud database and line memory."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from silentspam import assembly
from silentspam.audio import Recording, decode_ulaw, encode_ulaw, write_ulaw
from silentspam.cli import main
from silentspam.lines.ground import unpack
from silentspam.provenance.features import VERSION
from silentspam.provenance.line_store import LineStore
from tests.cli.line_server import Server
from tests.provenance.sounds import lost_begins, voice, with_gaps

Silentspam = Callable[..., tuple[int, str, str]]
SECONDS = 4


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calls of two lines, three each: a clear one, and one with a narrow band, hum and losses."""
    folder = tmp_path_factory.mktemp("calls")
    for number in range(3):
        write_ulaw(folder / f"clear{number}.ulaw", Recording(voice(SECONDS, seed=number)))
        write_ulaw(folder / f"narrow{number}.ulaw", narrow(voice(SECONDS, seed=50 + number, room=5), number))
    return folder


def narrow(codes: np.ndarray, seed: int) -> Recording:
    from scipy.signal import butter, sosfilt

    samples = sosfilt(butter(6, (500, 2500), "bandpass", fs=8000, output="sos"), decode_ulaw(codes))
    hum = 60 * np.sin(2 * np.pi * 100 * np.arange(len(codes)) / 8000)
    heard = encode_ulaw((samples + hum).astype(np.int16))
    return with_gaps(heard, lost_begins(len(codes), 160, 0.05, seed), 160)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "lines.db"


@pytest.fixture(scope="module")
def both(calls: Path) -> Path:
    """A store with both lines."""
    store = calls / "lines.db"
    for name in ("clear", "narrow"):
        files = [str(calls / f"{name}{number}.ulaw") for number in range(2)]
        assert main(["lines", "enrol", "--store", str(store), "--name", name, *files]) == 0
    return store


@pytest.fixture
def known(both: Path, store: Path) -> Path:
    """The same, a copy for each test."""
    shutil.copyfile(both, store)
    return store


# --- recordings --------------------------------------------------------------------------------------------


def test_a_name_that_is_no_text_ends_no_batch(
    silentspam: Silentspam, calls: Path, known: Path, tmp_path: Path
) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.ulaw"))
    shutil.copyfile(calls / "clear2.ulaw", file)
    code, out, _ = silentspam("lines", "identify", "--store", known, "--format", "jsonl", file)
    assert (code, json.loads(out)["path"].rpartition("/")[2]) == (0, "bad\\xff.ulaw")


def test_a_line_is_known_again_and_another_is_not(silentspam: Silentspam, calls: Path, known: Path) -> None:
    code, out, _ = silentspam(
        "lines",
        "identify",
        "--store",
        known,
        "--format",
        "jsonl",
        calls / "clear2.ulaw",
        calls / "narrow2.ulaw",
    )
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [one["line"] for one in found] == ["clear", "narrow"]
    for one in found:
        assert one["ranking"][0] == {"line": one["line"], "score": one["score"]}
        assert one["score"] >= one["threshold"] > one["ranking"][1]["score"]
        assert one["path"].endswith("2.ulaw")


def test_an_unknown_source_is_an_answer(silentspam: Silentspam, calls: Path, store: Path) -> None:
    silentspam("lines", "enrol", "--store", store, "--name", "clear", calls / "clear0.ulaw")
    code, out, _ = silentspam(
        "lines", "identify", "--store", store, "--format", "jsonl", calls / "narrow0.ulaw"
    )
    assert (code, json.loads(out)["line"]) == (0, None)
    out = silentspam("lines", "identify", "--store", store, calls / "narrow0.ulaw")[1]
    assert ("unknown" in out, "threshold" in out, "4.6" in out) == (True, True, True)


def test_verify_says_it_by_its_exit_code_too(silentspam: Silentspam, calls: Path, known: Path) -> None:
    options = ("lines", "verify", "--store", known, "--name", "clear", "--format", "jsonl")
    code, out, _ = silentspam(*options, calls / "clear2.ulaw")
    assert (code, json.loads(out)["accepted"]) == (0, True)
    code, out, _ = silentspam(*options, calls / "clear2.ulaw", calls / "narrow2.ulaw")
    assert (code, [json.loads(line)["accepted"] for line in out.splitlines()]) == (1, [True, False])
    code, _, err = silentspam("lines", "verify", "--store", known, "--name", "nobody", calls / "clear2.ulaw")
    assert (code, "no line 'nobody'" in err) == (1, True)


def test_a_call_that_was_forwarded_is_told(silentspam: Silentspam, calls: Path, known: Path) -> None:
    options = ("lines", "forwarded", "--store", known, "--name", "clear")
    many = ("--prior", "0.99", "--format", "jsonl")
    code, out, _ = silentspam(*options, *many, calls / "narrow2.ulaw", calls / "clear2.ulaw")
    other, same = map(json.loads, out.splitlines())
    assert (code, other["answer"]) == (1, "other")
    assert other["probability"] > 0.5 > same["probability"]
    code, out, _ = silentspam(*options, calls / "clear2.ulaw")
    assert (code, "another device is unlikely" in out) == (0, True)
    assert silentspam(*options, "--prior", "1", calls / "clear2.ulaw")[0] == 2


def test_what_is_no_call_costs_only_itself(silentspam: Silentspam, calls: Path, tmp_path: Path) -> None:
    write_ulaw(tmp_path / "silent.ulaw", Recording(np.full(64000, 0xFF, np.uint8)))
    tone = (8000 * np.sin(np.arange(64000) * 0.4)).astype(np.int16)
    write_ulaw(tmp_path / "tone.ulaw", Recording(encode_ulaw(tone)))
    write_ulaw(tmp_path / "short.ulaw", Recording(voice(0.3)))
    (tmp_path / "bad.wav").write_bytes(b"RIFF\0\0")
    store = tmp_path / "lines.db"
    bad = [tmp_path / name for name in ("short.ulaw", "silent.ulaw", "tone.ulaw", "bad.wav")]
    files = (*bad, calls / "clear0.ulaw")
    code, out, err = silentspam("lines", "enrol", "--store", store, "--name", "a", *files)
    assert (code, "calls known of it: 1" in out) == (1, True)
    assert all(path.name in err for path in bad)
    code, _, err = silentspam("lines", "enrol", "--store", store, "--name", "b", tmp_path / "short.ulaw")
    assert (code, [line.name for line in LineStore(store).lines()]) == (1, ["a"])


def test_a_store_that_cannot_be_used_says_what_to_do(
    silentspam: Silentspam, calls: Path, store: Path, tmp_path: Path
) -> None:
    import sqlite3

    code, _, err = silentspam("lines", "identify", "--store", store, calls / "clear0.ulaw")
    assert (code, "`silentspam lines enrol` makes it" in err) == (1, True)
    silentspam("lines", "enrol", "--store", store, "--name", "a", calls / "clear0.ulaw")
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE prints SET version = ?", (VERSION - 1,))
    connection.close()
    code, _, err = silentspam("lines", "identify", "--store", store, calls / "clear0.ulaw")
    assert (code, "enrol their calls again" in err) == (1, True)
    assert silentspam("lines", "enrol", "--store", store, "--name", "a", calls / "clear0.ulaw")[0] == 0
    assert silentspam("lines", "identify", "--store", store, calls / "clear0.ulaw")[0] == 0
    (tmp_path / "text").write_text("nothing of the kind, but long enough to be looked at" * 20)
    assert "not a database" in silentspam("lines", "list", "--store", tmp_path / "text")[2]


def test_a_call_that_the_sound_contradicts_is_enrolled_by_force_alone(
    silentspam: Silentspam, calls: Path, known: Path
) -> None:
    options = ("lines", "enrol", "--store", known, "--name", "clear")
    code, out, err = silentspam(*options, calls / "narrow2.ulaw", calls / "clear2.ulaw")
    assert (code, "calls known of it: 3" in out) == (1, True)
    for word in ("narrow2.ulaw", "score -", "--force", "it sounds like line narrow"):
        assert word in err
    code, out, err = silentspam(*options, "--force", calls / "narrow2.ulaw")
    assert (code, "calls known of it: 4" in out, "score -" in err) == (0, True, True)
    code, _, err = silentspam("lines", "enrol", "--store", known, "--name", "new", calls / "narrow2.ulaw")
    assert (code, "it sounds like line narrow" in err) == (0, True)


def test_two_recordings_whose_names_begin_alike_are_two_lines(
    silentspam: Silentspam, calls: Path, store: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "recording-1.ulaw", tmp_path / "recording-2.ulaw"
    shutil.copyfile(calls / "clear0.ulaw", first)
    shutil.copyfile(calls / "narrow0.ulaw", second)
    for file in (first, second):
        assert silentspam("lines", "block", "--store", store, "--file", file)[0] == 0
    assert [line.name for line in LineStore(store).lines()] == ["recording-1", "recording-2"]
    shutil.copyfile(calls / "narrow1.ulaw", first)
    LineStore(store).forget("recording-2")
    code, _, err = silentspam("lines", "block", "--store", store, "--file", first)
    assert (code, "give the line a name" in err) == (1, True)
    code, _, err = silentspam("lines", "block", "--store", store, "recording-1", "--file", first)
    assert (code, "score -" in err) == (1, True)
    assert [line.calls for line in LineStore(store).lines()] == [1]


@pytest.mark.parametrize(
    "words",
    [
        ("block", "--note", "two\nlines"),
        ("permit", "--call", "c\n1"),
        ("fraud", "--call", "c1", "--why", "x" * 1001),
        ("fraud", "--call", "", "--why", "vishing"),
    ],
)
def test_a_command_that_is_refused_leaves_no_line(
    silentspam: Silentspam, calls: Path, store: Path, words: tuple[str, ...]
) -> None:
    assert silentspam("lines", *words, "--store", store, "--file", calls / "clear0.ulaw")[0] == 1
    assert not store.exists()


# --- lists and fraud ---------------------------------------------------------------------------------------


def test_lists_marks_and_their_history(silentspam: Silentspam, known: Path) -> None:
    def lines(*arguments: object) -> str:
        code, out, err = silentspam("lines", arguments[0], "--store", known, *arguments[1:])
        assert (code, err) == (0, "")
        return out

    assert "permitted for 5550100" in lines("permit", "clear", "--called", "555-0100", "--note", "the clinic")
    assert "line narrow is blocked" in lines("block", "narrow")
    assert "marked as fraud" in lines("fraud", "narrow", "--call", "c1", "--why", "asked for card numbers")
    shown = lines("list")
    for word in ("permitted for 5550100", "the clinic", "call c1: asked for card numbers"):
        assert word in shown
    first, second = map(json.loads, lines("list", "--format", "jsonl").splitlines())
    assert (first["name"], first["listings"]) == ("clear", {"5550100": "permitted"})
    assert second["frauds"][0]["why"] == "asked for card numbers"
    assert "in no list" in lines("clear", "narrow", "--note", "a mistake") + lines("unlist", "narrow")
    assert "it was not marked as fraud" in lines("clear", "narrow")
    assert "it was in none of these" in lines("unlist", "narrow")
    assert "forgotten" in lines("forget", "narrow")
    assert "narrow" not in lines("list")
    assert lines("history", "narrow").count("narrow") == 8
    assert silentspam("lines", "block", "--store", known, "narrow")[0] == 1
    assert silentspam("lines", "block", "--store", known)[0] == 1


def test_called_numbers_are_given_one_at_a_time_and_checked(silentspam: Silentspam, known: Path) -> None:
    options = ("lines", "permit", "--store", known)
    for bad in ("", " ", "two numbers", "5550100,5550101"):
        code, _, err = silentspam(*options, "clear", "--called", bad)
        assert (code, "is no number that is called" in err) == (1, True)
    code, out, _ = silentspam(*options, "--called", "+15550100", "--called", "0015550101", "clear")
    assert (code, "permitted for 15550100, permitted for 15550101" in out) == (0, True)


def test_a_fraud_database_is_shared_without_lists_and_names(
    silentspam: Silentspam, known: Path, calls: Path, tmp_path: Path
) -> None:
    silentspam("lines", "permit", "--store", known, "narrow", "--called", "5550100")
    silentspam("lines", "fraud", "--store", known, "narrow", "--call", "c1", "--why", "vishing")
    _, exported, _ = silentspam("lines", "export", "--store", known)
    assert len(exported.splitlines()) == 2
    assert "5550100" not in exported
    assert '"marked_by":""' in exported
    file, other = tmp_path / "fraud.jsonl", tmp_path / "other.db"
    file.write_text(exported)
    for _ in range(2):
        code, out, _ = silentspam("lines", "import", "--store", other, file, "--prefix", "bank A: ")
        assert (code, out) == (0, "1 lines taken in: bank A: narrow\n")
    _, out, _ = silentspam("lines", "identify", "--store", other, "--format", "jsonl", calls / "narrow2.ulaw")
    assert json.loads(out)["line"] == "bank A: narrow"
    (line,) = LineStore(other).lines()
    assert [mark.why for mark in line.frauds] == ["vishing"]
    silentspam("lines", "enrol", "--store", other, "--name", "narrow", calls / "clear0.ulaw")
    code, _, err = silentspam("lines", "import", "--store", other, file)
    assert (code, "--prefix" in err) == (1, True)
    assert len(silentspam("lines", "export", "--store", known, "--all")[1].splitlines()) == 3


@pytest.mark.parametrize(
    "text", ["", "\n", "x", '{"silentspam_lines": 2, "fingerprint_version": 1}', '{"name": "a"}']
)
def test_a_file_that_is_no_export_is_refused(
    silentspam: Silentspam, known: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "file").write_text(text)
    code, _, err = silentspam("lines", "import", "--store", known, tmp_path / "file")
    assert (code, f"{tmp_path / 'file'}: line 1" in err) == (1, True)
    assert silentspam("lines", "import", "--store", known, tmp_path / "none")[0] == 1


def test_a_call_of_a_listed_line_is_noticed_for_the_number_that_was_called(
    silentspam: Silentspam, known: Path, calls: Path
) -> None:
    silentspam("lines", "permit", "--store", known, "clear", "--called", "5550100")
    silentspam("lines", "fraud", "--store", known, "narrow", "--call", "c1", "--why", "vishing")

    def kinds(*arguments: object) -> list[list[str]]:
        options = ("lines", "identify", "--store", known, "--format", "jsonl", *arguments)
        rows = map(
            json.loads, silentspam(*options, calls / "clear2.ulaw", calls / "narrow2.ulaw")[1].splitlines()
        )
        return [[one["kind"] for one in row["notices"]] for row in rows]

    assert kinds() == [[], ["fraud"]]
    assert kinds("--called", "555-0100") == [[], ["fraud", "not permitted"]]
    out = silentspam("lines", "identify", "--store", known, calls / "narrow2.ulaw", "--called", "5550100")[1]
    assert "fraud: line narrow is marked as fraud by call c1: vishing" in out


# --- a call's line, by one command -------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, silentspam: Silentspam, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server whose configuration the command line finds, its store beside it."""
    folder = tmp_path / "one"
    provenance = {"store": str(folder / "lines.db")}
    server = Server(folder, tmp_path / "calls.db", provenance=provenance)
    monkeypatch.setenv("SILENTSPAM_CONFIG", str(server.file))
    return server


def keep_fingerprint(server: Server, call_id: str, recording: Path) -> None:
    """What the worker does: the fingerprint of the call's longer audio goes into its row."""
    import msgspec

    from silentspam.audio import read_ulaw
    from silentspam.calllog.provenance import write_provenance
    from silentspam.provenance.features import measure
    from silentspam.provenance.fingerprint import fingerprint

    measures = measure(read_ulaw(recording))
    assert measures is not None
    one = msgspec.json.encode(fingerprint(measures, SECONDS)).decode()
    row = {"call_id": call_id, "analysed_at": 1.0, "seconds": float(SECONDS), "fingerprint": one}
    with assembly.database(server.config).transaction(write=True) as connection:
        write_provenance(connection, [row])


def test_the_line_of_the_call_just_had_is_blocked_by_one_command(
    silentspam: Silentspam, server: Server, calls: Path
) -> None:
    """The fingerprint goes into the store, and the two seconds into line memory: the next call is asked."""
    first = server.dead_air(learn=False)
    call_id = first.call.call_id
    assert first.challenge_cause is None
    keep_fingerprint(server, call_id, calls / "narrow0.ulaw")
    code, out, err = silentspam("lines", "block", "--call", call_id, "--note", "no such bank")
    assert (code, err) == (0, "")
    assert f"line call {call_id[:8]} is blocked" in out
    (line,) = server.lines()
    assert f"line {line.line_id} is ACTIVE: its calls are challenged" in out
    assert (line.origin, line.pinned, line.count) == ("OPERATOR", True, 1)
    (event,) = assembly.lines(server.config).events(line.line_id)
    assert (event.deed, event.note) == ("CONFIRM", "no such bank")
    again = server.dead_air()
    assert (again.line_id, again.challenge_cause) == (line.line_id, "LINE")
    found = silentspam("lines", "identify", "--format", "jsonl", calls / "narrow1.ulaw")[1]
    assert json.loads(found)["line"] == f"call {call_id[:8]}"


@pytest.mark.parametrize("deed", ["unlist", "forget"])
def test_what_was_blocked_is_challenged_no_more_when_that_is_taken_back(
    silentspam: Silentspam, server: Server, calls: Path, deed: str
) -> None:
    call_id = server.dead_air(learn=False).call.call_id
    keep_fingerprint(server, call_id, calls / "narrow0.ulaw")
    silentspam("lines", "block", "gang", "--call", call_id)
    assert "line memory" not in silentspam("lines", "unlist", "gang", "--called", "5550100")[1]
    code, out, err = silentspam("lines", deed, "gang", "--note", "it was the clinic")
    assert (code, err) == (0, "")
    (line,) = server.lines()
    assert f"line memory: line {line.line_id} is EXPIRED by its evidence" in out
    assert not line.pinned
    assert server.dead_air(learn=False).challenge_cause is None


def test_a_line_with_evidence_of_its_own_goes_by_that_again(
    silentspam: Silentspam, server: Server, calls: Path
) -> None:
    line_id = server.attack()
    call_id = server.dead_air(learn=False).call.call_id
    keep_fingerprint(server, call_id, calls / "clear0.ulaw")
    silentspam("lines", "permit", "clinic", "--call", call_id)
    out = silentspam("lines", "unlist", "clinic")[1]
    assert f"line memory: line {line_id} is ACTIVE by its evidence" in out
    assert "line memory" not in silentspam("lines", "unlist", "clinic")[1]
    assert server.dead_air().challenge_cause == "LINE"


def test_a_second_call_of_a_line_that_is_known_joins_it(
    silentspam: Silentspam, server: Server, calls: Path
) -> None:
    silentspam("lines", "enrol", "--name", "gang", calls / "narrow0.ulaw")
    record = server.dead_air(learn=False)
    keep_fingerprint(server, record.call.call_id, calls / "narrow1.ulaw")
    code, out, _ = silentspam("lines", "block", "--call", record.call.call_id)
    assert (code, "line gang is blocked; calls known of it: 2" in out) == (0, True)
    code, _, err = silentspam("lines", "block", "clinic", "--call", record.call.call_id)
    assert (code, "the call is of line gang" in err) == (1, True)
    out, err = silentspam("lines", "fraud", "--call", record.call.call_id, "--why", "vishing")[1:]
    assert ("line gang is blocked, marked as fraud" in out, err) == (True, "")
    code, _, err = silentspam("lines", "fraud", "gang", "--call", "nosuch", "--why", "vishing")
    assert (code, "the call log has no call nosuch yet" in err) == (0, True)


def test_a_permitted_call_suspends_its_line_and_leaves_its_callers_unasked(
    silentspam: Silentspam, server: Server, calls: Path
) -> None:
    line_id = server.attack()
    record = server.dead_air(learn=False)
    assert record.challenge_cause == "LINE"
    keep_fingerprint(server, record.call.call_id, calls / "clear0.ulaw")
    code, out, _ = silentspam("lines", "permit", "clinic", "--call", record.call.call_id)
    assert (code, "line clinic is permitted" in out) == (0, True)
    assert f"line {line_id} is SUSPENDED: nobody is challenged for it" in out
    assert server.dead_air().challenge_cause is None


def test_a_listing_for_some_called_numbers_leaves_line_memory_alone(
    silentspam: Silentspam, server: Server, calls: Path
) -> None:
    record = server.dead_air(learn=False)
    keep_fingerprint(server, record.call.call_id, calls / "narrow0.ulaw")
    options = ("lines", "block", "--call", record.call.call_id)
    assert "line memory" not in silentspam(*options, "--called", "5550100")[1]
    assert "line memory" not in silentspam(*options, "--no-memory")[1]
    assert server.lines() == []


def test_an_opening_like_other_peoples_is_left_out_of_line_memory(
    silentspam: Silentspam, server: Server, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People whose openings lie where this one does: a line there would raise every line's threshold."""
    record = server.dead_air(learn=False)
    keep_fingerprint(server, record.call.call_id, calls / "narrow0.ulaw")
    basis = assembly.line_basis(server.config)
    assert basis is not None
    assert record.embedding is not None
    here = unpack(record.embedding, len(basis.ground.space.origin))
    crowd = replace(basis, reference=np.vstack([basis.reference, np.tile(here, (len(basis.reference), 1))]))
    monkeypatch.setattr(assembly, "line_basis", lambda config: crowd)
    code, out, _ = silentspam("lines", "block", "--call", record.call.call_id)
    assert (code, "is like other callers'" in out, "is blocked" in out) == (0, True, True)
    assert server.lines() == []


def test_what_hinders_line_memory_is_said_and_the_listing_stands(
    silentspam: Silentspam, server: Server, calls: Path
) -> None:
    record = server.call(Recording(np.full(16000, 0xFF, np.uint8)), learn=False)
    keep_fingerprint(server, record.call.call_id, calls / "narrow0.ulaw")
    code, out, err = silentspam("lines", "block", "--call", record.call.call_id)
    assert (code, "is blocked" in out, "line memory stays as it is" in err) == (0, True, True)


def test_a_call_without_a_fingerprint_asks_for_its_recording(
    silentspam: Silentspam, server: Server, calls: Path
) -> None:
    record = server.dead_air(learn=False)
    code, _, err = silentspam("lines", "block", "--call", record.call.call_id)
    assert (code, "--file FILE" in err) == (1, True)
    code, out, _ = silentspam(
        "lines", "block", "gang", "--call", record.call.call_id, "--file", calls / "narrow0.ulaw"
    )
    assert (code, "line gang is blocked" in out, "its calls are challenged" in out) == (0, True, True)
    assert silentspam("lines", "block", "--call", "no such call")[0] == 1
