"""Labels as CSV: out as `silentspam train` reads them, in whole or not at all, and nothing in a cell runs."""

import csv
from pathlib import Path

import pytest

from silentspam.audio import write_ulaw
from silentspam.calllog.labels import Answer, Label, LabelledCall, LabelSource
from silentspam.labels.files import FIELDS, LabelFileError, _printable, checked, export, read_lines
from silentspam.training.dataset import read_labels
from tests.fakes import noise
from tests.labels.calls import a_call, a_label, a_row


def kept(folder: Path, call_id: str, answer: Answer = Answer.SPAM, **known: str | float) -> LabelledCall:
    """A labelled call with its recording."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{call_id}.ulaw"
    write_ulaw(path, noise(2.0, seed=len(list(folder.iterdir()))))
    return a_call(a_label(answer, call_id=call_id), call_id=call_id, recording=str(path), **known)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


# --- out ---------------------------------------------------------------------------------------------------


def test_a_line_has_what_training_reads_and_how_the_call_was_selected(tmp_path: Path) -> None:
    calls = [
        kept(tmp_path, "call-1", ani="5551", challenge_cause="EXPLORATION", challenge_probability=0.01),
        kept(tmp_path, "call-2", Answer.HAM, ani="5551", challenge_probability=0.01),
    ]
    exported = export(calls, tmp_path / "labels.csv", recordings=tmp_path)
    first, second = read(tmp_path / "labels.csv")
    assert first == {
        "recording": "call-1.ulaw",
        "label": "spam",
        "kind": "CALLER_SILENCE",
        "campaign": "",
        "source": "caller-1",
        "codec": "",
        "split": "",
        "selection": "EXPLORATION",
        "weight": "100",
        "call_id": "call-1",
        "label_source": "REVIEW",
    }
    assert tuple(first) == FIELDS
    assert (second["selection"], second["weight"], second["source"]) == ("none", "", "caller-1")
    assert exported.written == {Answer.SPAM: 1, Answer.HAM: 1}


def test_a_fax_that_failed_the_challenge_is_no_example_of_dead_air(tmp_path: Path) -> None:
    calls = [
        kept(tmp_path, "silence", verdict="CALLER_SILENCE", level_dbfs=-70.0),
        kept(tmp_path, "fax", verdict="CALLER_FAX", level_dbfs=-20.0),
        kept(tmp_path, "person", Answer.HAM, verdict="CALLER_FAX", level_dbfs=-20.0),
        kept(tmp_path, "loud", level_dbfs=-20.0),
        a_named("hum", kept(tmp_path, "named", verdict="CALLER_FAX")),
        a_named("CALLER_NOISE", kept(tmp_path, "other", verdict="CALLER_SILENCE")),
    ]
    exported = export(calls, tmp_path / "labels.csv", recordings=tmp_path)
    found = {line["call_id"]: line["kind"] for line in read(tmp_path / "labels.csv")}
    assert found == {"silence": "CALLER_SILENCE", "person": "call", "named": "hum"}
    assert exported.left_out == {
        "SPAM of CALLER_FAX": 1,
        "SPAM of no known kind": 1,
        "SPAM of CALLER_NOISE": 1,
    }
    export(calls, tmp_path / "fax.csv", recordings=tmp_path, kind="CALLER_FAX")
    assert [line["call_id"] for line in read(tmp_path / "fax.csv")] == ["fax", "person"]
    export(calls, tmp_path / "all.csv", recordings=tmp_path, kind=None)
    kinds = [line["kind"] for line in read(tmp_path / "all.csv")]
    assert kinds == ["CALLER_SILENCE", "CALLER_FAX", "call", "", "hum", "CALLER_NOISE"]


def a_named(kind: str, call: LabelledCall) -> LabelledCall:
    """The call with its label's kind said by whoever labelled it."""
    return LabelledCall(call.row, (a_label(call_id=str(call.row["call_id"]), kind=kind),))


def test_who_was_rejected_unasked_was_selected_by_no_challenge(tmp_path: Path) -> None:
    row = {"challenge_cause": "SUSPICION", "challenge_probability": 1.0, "decision": "REJECT"}
    call = kept(tmp_path, "call-1", verdict="CALLER_SILENCE", **row)
    export([call], tmp_path / "labels.csv", recordings=tmp_path)
    (line,) = read(tmp_path / "labels.csv")
    assert (line["selection"], line["weight"]) == ("none", "")


def test_training_reads_it(tmp_path: Path) -> None:
    calls = [kept(tmp_path / "r", f"call-{n}", Answer.HAM if n % 2 else Answer.SPAM) for n in range(24)]
    export(calls, tmp_path / "labels.csv", recordings=tmp_path / "r")
    rows = read_labels(tmp_path / "labels.csv", tmp_path / "r")
    assert [row.is_spam for row in rows] == [n % 2 == 0 for n in range(24)]


def test_recordings_are_copied_and_the_paths_are_below_the_copies(tmp_path: Path) -> None:
    call = kept(tmp_path / "elsewhere", "call-1")
    (tmp_path / "out").mkdir()
    export([call], tmp_path / "out" / "l.csv", recordings=tmp_path / "r", copy_to=tmp_path / "out")
    assert [line["recording"] for line in read(tmp_path / "out" / "l.csv")] == ["call-1.ulaw"]
    copied = (tmp_path / "out" / "call-1.ulaw").read_bytes()
    assert copied == (tmp_path / "elsewhere" / "call-1.ulaw").read_bytes()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["call-1.ulaw", "l.csv"]


def test_what_cannot_be_trained_on_is_left_out_and_counted(tmp_path: Path) -> None:
    elsewhere = kept(tmp_path / "elsewhere", "call-3")
    calls = [
        kept(tmp_path / "r", "call-1", Answer.UNSURE),
        a_call(a_label(), recording=str(tmp_path / "gone.ulaw")),
        elsewhere,
        a_call(a_label(), recording=None),
    ]
    exported = export(calls, tmp_path / "labels.csv", recordings=tmp_path / "r")
    assert not exported.written
    assert exported.left_out == {
        "unsure": 1,
        "the recording is gone": 2,
        f"the recording is not below {tmp_path / 'r'}": 1,
    }


@pytest.mark.parametrize("evil", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-2", '"\r\n=1', "\t=1"])
def test_no_cell_holds_a_text_that_somebody_else_chose(evil: str, tmp_path: Path) -> None:
    label = a_label(kind=evil, note=evil, call_id="call-1")
    call = kept(tmp_path, "call-1", ani=evil, caller_name=evil, caller_id=evil)
    export([LabelledCall(call.row, (label,))], tmp_path / "labels.csv", recordings=tmp_path)
    (line,) = read(tmp_path / "labels.csv")
    assert evil not in line.values()
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in line.values())


def test_an_export_that_breaks_off_leaves_the_file_before_it(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    out.write_text("before")

    def broken():  # type: ignore[no-untyped-def]
        yield kept(tmp_path, "call-1")
        raise OSError("disk full")

    with pytest.raises(LabelFileError, match=r"labels\.csv: disk full"):
        export(broken(), out, recordings=tmp_path)
    assert out.read_text() == "before"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("name", ["labels.csv", "call-1.ulaw"])
def test_a_full_disk_is_named_with_the_file_and_nothing_half_written_is_left(
    tmp_path: Path, name: str
) -> None:
    call, out = kept(tmp_path / "r", "call-1"), tmp_path / "out"
    out.mkdir()
    (out / f".{name}.partial").symlink_to("/dev/full")
    with pytest.raises(LabelFileError, match=rf"out/\.?{name}(\.partial)?: No space left on device"):
        export([call], out / "labels.csv", recordings=tmp_path / "r", copy_to=out)
    assert not list(out.glob(".*"))
    assert not (out / name).exists()


# --- in ----------------------------------------------------------------------------------------------------


def taken_in(tmp_path: Path, text: str | bytes, known: tuple[str, ...] = ("call-1", "call-2")) -> list[Label]:
    path = tmp_path / "theirs.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    rows = {call_id: a_row(call_id=call_id) for call_id in known}
    rows["silent"] = a_row(call_id="silent", digital_silence_share=1.0, verdict="INCONCLUSIVE")
    return checked(read_lines(path), path, rows.get, by="ada", now=9.0)


def test_lines_become_labels_of_the_source_import(tmp_path: Path) -> None:
    labels = taken_in(tmp_path, "call_id,label,kind,note\ncall-1,SPAM,fan,heard it\ncall-2, ham ,,\n")
    assert labels[0] == Label(
        call_id="call-1",
        source=LabelSource.IMPORT,
        label=Answer.SPAM,
        labelled_at=9.0,
        labelled_by="ada",
        kind="fan",
        note="heard it",
    )
    assert labels[1].label is Answer.HAM


@pytest.mark.parametrize(
    "text",
    [
        "recording,label\ncall-1.ulaw,spam\n",
        "recording,label\nsome/folder/call-1.ulaw,spam\n",
        "\ufeffcall_id,label\r\ncall-1,spam\r\n",
        "label,call_id\nspam,call-1\nspam,call-1\n",
        'label,call_id,x\nspam,call-1,"a\nb"\n',
    ],
)
def test_the_forms_that_a_file_may_have(tmp_path: Path, text: str) -> None:
    assert [label.call_id for label in taken_in(tmp_path, text)] == ["call-1"]


def test_what_was_exported_comes_in_again(tmp_path: Path) -> None:
    export([kept(tmp_path, "call-1")], tmp_path / "labels.csv", recordings=tmp_path)
    (label,) = taken_in(tmp_path, (tmp_path / "labels.csv").read_bytes())
    assert (label.call_id, label.label) == ("call-1", Answer.SPAM)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "first line"),
        ("call_id\ncall-1\n", "first line"),
        ("label\nspam\n", "first line"),
        ("call_id,label\ncall-1,maybe\n", "line 2: label is 'maybe'"),
        ("call_id,label\ncall-1\n", "line 2: label is ''"),
        ("call_id,label\n,spam\n", "line 2: names no call"),
        ("call_id,label\ncall-1,spam\ncall-1,ham\n", "more than one way: 'call-1'"),
        ("call_id,label\ncall-1,spam\ncall-1,unsure\n", "more than one way: 'call-1'"),
        ("call_id,label\ncall-1,spam\nno-such,ham\n", "not in the call log: 'no-such'"),
        ("call_id,label\nsilent,spam\n", "digital silence"),
        (b"call_id,label\n\xff\xfe,spam\n", "utf-8"),
        ("call_id,label\n" + "x" * 200_000 + ",spam\n", "field larger"),
    ],
)
def test_a_file_with_a_mistake_is_refused_whole_and_the_mistake_named(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    with pytest.raises(LabelFileError, match=words) as caught:
        taken_in(tmp_path, text)
    assert len(str(caught.value)) < 600


def test_digital_silence_may_be_called_ham_or_unsure(tmp_path: Path) -> None:
    assert len(taken_in(tmp_path, "call_id,label\nsilent,ham\n")) == 1
    assert len(taken_in(tmp_path, "call_id,label\nsilent,unsure\n")) == 1


def test_many_wrong_calls_are_named_by_three_and_a_number(tmp_path: Path) -> None:
    lines = "".join(f"no-{n},spam\n" for n in range(50))
    with pytest.raises(LabelFileError, match="'no-0', 'no-1', 'no-2' and 47 more"):
        taken_in(tmp_path, f"call_id,label\n{lines}")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelFileError, match=r"gone\.csv"):
        read_lines(tmp_path / "gone.csv")


def test_an_imported_word_cannot_steer_a_terminal() -> None:
    assert _printable("\x1b[31mred\x07 word\n") == "[31mred word"
