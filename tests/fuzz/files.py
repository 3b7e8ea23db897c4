"""Targets that read one file: recordings, configuration, waiting rows, snapshots, CSV that people write."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from silentspam.archive.lists import listed_names
from silentspam.audio import Recording, read_ulaw
from silentspam.audio_files import read_recording
from silentspam.call import CallRecord, Decision, VerdictKind
from silentspam.calllog.entry import Entry, screened
from silentspam.calllog.spool import SET_ASIDE, SUFFIX, Spool
from silentspam.config import load_config
from silentspam.installation import read_asterisk_conf
from silentspam.labels.files import read_lines
from silentspam.lines.snapshot import FILE_NAME, encode, read_snapshot
from silentspam.replay.timeline import read_timeline
from silentspam.resources import shipped
from silentspam.training.dataset import read_labels
from tests.fakes import a_call, noise, silence, tone
from tests.fuzz.target import Target, emptied, file_of, scratch
from tests.lines.ground import a_ground, line_calls
from tests.lines.test_snapshot import a_snapshot

GROUND = a_ground()
OPENING = line_calls(1)[0]


def ulaw(content: bytes) -> None:
    """Any bytes are mu-law: every property of a recording is what it says."""
    check(read_ulaw(file_of(content, "any.ulaw"), max_seconds=1.0))


def check(recording: Recording) -> None:
    assert recording.codes.dtype == np.uint8
    assert recording.codes.ndim == 1
    assert np.abs(recording.samples).max(initial=0.0) <= 1.0
    assert 0 <= recording.digital_silence_share <= 1
    assert len(recording.sounding.codes) <= len(recording.trimmed().codes) <= len(recording.codes)
    assert not recording.sounding.silent_frames.all() or not len(recording.sounding.silent_frames)


def named_raw(content: bytes) -> None:
    check(read_recording(file_of(content, "named.ulaw"), max_seconds=1.0))


def wav(content: bytes) -> None:
    check(read_recording(file_of(content, "any.wav"), max_seconds=1.0))


def config(content: bytes) -> None:
    """What is taken is within its limits, and a message says which file is meant and stays short."""
    path = file_of(content, "silentspam.yaml")
    loaded = load_config(path)
    loaded.challenge_settings()
    loaded.memory_settings()
    assert loaded.longest_screening() <= loaded.limits.screening_seconds


def entry(content: bytes) -> None:
    read = Entry.from_json(content.decode("utf-8"))
    # NaN is the one value that is not equal to itself.
    assert Entry.from_json(read.to_json()).to_json() == read.to_json()
    assert read.call_id


def entry_text(content: bytes) -> None:
    try:
        entry(content)
    except UnicodeDecodeError:
        return  # a spool file is decoded before: the next target


def spool(content: bytes) -> None:
    """A file is taken in whole or set aside, never left in the way of those after it."""
    folder = emptied("spool")
    name = "00000000000000000001-1-screened"
    (folder / f"{name}{SUFFIX}").write_bytes(content)
    read: list[Entry] = []
    taken = Spool(folder).take_in(read.append)
    assert taken == len(read)
    assert [path.name for path in folder.iterdir()] in ([], [f"{name}{SET_ASIDE}"])


def snapshot(content: bytes) -> None:
    folder = scratch() / "lines"
    folder.mkdir(exist_ok=True)
    (folder / FILE_NAME).write_bytes(content)
    found = read_snapshot(folder)
    assert found is not None
    for line in found.lines:
        assert line.line_id is not None
    match = found.match(GROUND, OPENING)
    assert match is None or match.score >= match.threshold


def snapshot_with_its_hash(content: bytes) -> None:
    """As written by a wrong program, not by a bad disk: the hash fits."""
    _, _, rest = content.partition(b"\n")
    snapshot(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)


def timeline(content: bytes) -> None:
    for call in read_timeline(file_of(content, "timeline.csv"), _recordings()):
        assert (_recordings() / call.recording).is_file()
        assert ".." not in Path(call.recording).parts


def labels(content: bytes) -> None:
    for row in read_labels(file_of(content, "labels.csv"), _recordings(), for_training=False):
        assert row.path.is_file()
        assert row.path.resolve().is_relative_to(_recordings().resolve())


def imported_labels(content: bytes) -> None:
    for line in read_lines(file_of(content, "import.csv")):
        assert line.call_id
        assert (line.kind + line.note).isprintable()


def listed(content: bytes) -> None:
    assert all(name and "\0" not in name for name in listed_names(file_of(content, "list.csv")))


def listed_parquet(content: bytes) -> None:
    assert all(name and "\0" not in name for name in listed_names(file_of(content, "list.parquet")))


def asterisk_conf(content: bytes) -> None:
    """Another program's file: whatever stands in it, a folder and a user are said."""
    path = file_of(content, "asterisk.conf")
    assert read_asterisk_conf(path.parent).etc


def _recordings() -> Path:
    folder = scratch() / "recordings"
    if not folder.is_dir():
        folder.mkdir()
        for name in ("a.ulaw", "b.ulaw"):
            (folder / name).write_bytes(noise(0.1).codes.tobytes())
    return folder


SOUNDS = (("WAV", "PCM_16"), ("WAV", "ULAW"), ("WAV", "FLOAT"), ("WAVEX", "PCM_24"), ("AIFF", "PCM_16"))


def _wav_seeds() -> Sequence[bytes]:
    import soundfile

    found = []
    for suffix, subtype in SOUNDS:
        buffer = io.BytesIO()
        soundfile.write(buffer, tone(0.05).samples, 8000, format=suffix, subtype=subtype)
        found.append(buffer.getvalue())
    return found


def _entries() -> Sequence[bytes]:
    record = CallRecord(call=a_call(), decision=Decision.BRIDGE, verdict=VerdictKind.HAM, reasons=("ä",))
    line = screened(record).to_json().encode()
    return line, b'{"part": "ended", "columns": {"call_id": "x", "ended_at": 1.5, "hangup_cause": 16}}'


def _snapshots() -> Sequence[bytes]:
    return tuple(encode(a_snapshot(n_lines, space_id=GROUND.space_id)) for n_lines in (0, 1, 2))


def _parquets() -> Sequence[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = []
    for compression in ("none", "zstd"):
        buffer = io.BytesIO()
        pq.write_table(pa.table({"recording": ["a.ulaw", "b.ulaw"]}), buffer, compression=compression)
        found.append(buffer.getvalue())
    return found


def _raw() -> Sequence[bytes]:
    parts = (noise(0.1), silence(0.1), silence(0.06, 0x7F), tone(0.05), Recording(np.zeros(0, np.uint8)))
    return (*(part.codes.tobytes() for part in parts), b"RIFF\0\0\0\0WAVE", b"text with spaces " * 4)


TARGETS = (
    Target(name="ulaw", read=ulaw, seeds=_raw),
    Target(name="recording-raw", read=named_raw, seeds=_raw),
    Target(name="recording-wav", read=wav, seeds=_wav_seeds),
    Target(
        name="config",
        read=config,
        seeds=lambda: (
            (shipped("config") / "silentspam.yaml").read_bytes(),
            b"mode: enforce\nmodel: {threshold: 0.5, folder: /m}\nlimits:\n  screening_seconds: 90\n",
            b"a: &a [1, 2]\nb: *a\nc: {<<: {x: 1}, y: !!binary aGk=}\n",
        ),
        longest=16384,
        share=0.3,
    ),
    Target(name="entry", read=entry_text, seeds=_entries),
    Target(name="spool", read=spool, seeds=lambda: (*_entries(), b"\n".join(_entries()) + b"\n")),
    Target(name="lines-snapshot", read=snapshot, seeds=_snapshots),
    Target(name="lines-snapshot-hashed", read=snapshot_with_its_hash, seeds=_snapshots),
    Target(
        name="timeline",
        read=timeline,
        seeds=lambda: (
            b"time,recording,ani,passes,campaign\n0.5,a.ulaw,15550100,no,x\n1,b.ulaw,,yes,\n",
            b'\xef\xbb\xbfpasses,ani,recording,time\nYES,"a,b",a.ulaw,1e3\n',
        ),
    ),
    Target(
        name="labels",
        read=labels,
        seeds=lambda: (
            b"recording,label,kind,campaign\na.ulaw,spam,x,1\nb.ulaw,HAM,,\n",
            b"label,recording\n",
        ),
    ),
    Target(
        name="labels-import",
        read=imported_labels,
        seeds=lambda: (
            b"call_id,label,kind,note\na,spam,k,n\nb,unsure,,\n",
            b"recording,label\nx/y.ulaw,ham\n",
        ),
    ),
    Target(name="list-csv", read=listed, seeds=lambda: (b"recording,label\na.ulaw,spam\n", b"recording\n\n")),
    Target(name="list-parquet", read=listed_parquet, seeds=_parquets, share=0.3),
    Target(
        name="asterisk-conf",
        read=asterisk_conf,
        seeds=lambda: (b"[directories]\nastetcdir => /etc\nastagidir = /x ; y\n[options]\nrunuser = a\n",),
        share=0.2,
    ),
)
