"""Timelines: what a file must hold, and which line of it is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.errors import TimelineError
from silentspam.replay.timeline import TimelineCall, is_sorted, read_timeline, write_timeline

HEAD = "time,recording,ani,passes,campaign\n"


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    (tmp_path / "calls").mkdir()
    for name in ("a.ulaw", "b.ulaw"):
        (tmp_path / "calls" / name).write_bytes(b"\xff" * 16)
    return tmp_path / "calls"


def written(recordings: Path, text: str) -> Path:
    path = recordings.parent / "calls.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_calls_as_they_stand(recordings: Path) -> None:
    text = "\ufeff" + HEAD + "12.5,a.ulaw,5551,yes,\n3,b.ulaw,,No,x\n"
    calls = read_timeline(written(recordings, text), recordings)
    assert calls == [
        TimelineCall(time=12.5, recording="a.ulaw", ani="5551", passes=True),
        TimelineCall(time=3.0, recording="b.ulaw", ani="", passes=False, campaign="x"),
    ]
    assert not is_sorted(calls)


def test_a_campaign_is_optional(recordings: Path) -> None:
    path = written(recordings, "passes,ani,recording,time\nno,5551,a.ulaw,0\n")
    assert read_timeline(path, recordings)[0].campaign == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: no column time, recording, ani, passes"),
        ("time,recording,ani\n", "line 1: no column passes; it has 'time', 'recording', 'ani'"),
        (HEAD, "no calls"),
        (HEAD + "1,a.ulaw,5551,yes,\nsoon,a.ulaw,5551,yes,\n", "line 3: time is 'soon'"),
        (HEAD + "nan,a.ulaw,5551,yes,\n", "line 2: time is 'nan'"),
        (HEAD + "1e999,a.ulaw,5551,yes,\n", "line 2: time is '1e999'"),
        (HEAD + "1,a.ulaw,5551,maybe,\n", "line 2: passes is 'maybe': yes or no"),
        (HEAD + "1,c.ulaw,5551,yes,\n", "line 2: recording is 'c.ulaw': no such file"),
        (HEAD + "1,,5551,yes,\n", "line 2: recording is ''"),
        (HEAD + "1,../calls/a.ulaw,5551,yes,\n", "line 2: recording is '../calls/a.ulaw': a path below"),
        (HEAD + "1,/etc/passwd,5551,yes,\n", "line 2: recording is '/etc/passwd': a path below"),
        (HEAD + "1,a.ulaw,5551\n", "line 2: not as many values"),
        (HEAD + "1,a.ulaw,5551,yes,x,y\n", "line 2: not as many values"),
        (HEAD + f"1,a.ulaw,{'5' * 300},yes,\n", "line 2: ani has 300 characters"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(recordings: Path, text: str, words: str) -> None:
    with pytest.raises(TimelineError, match=words):
        read_timeline(written(recordings, text), recordings)


def test_a_file_that_is_no_text_or_not_there(recordings: Path) -> None:
    path = recordings.parent / "calls.csv"
    with pytest.raises(TimelineError, match="No such file"):
        read_timeline(path, recordings)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TimelineError):
        read_timeline(path, recordings)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=20).map(str.strip)


@given(st.lists(st.tuples(st.integers(0, 10**7), TEXT, st.booleans(), TEXT), min_size=1, max_size=5))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, str, bool, str]]
) -> None:
    folder = tmp_path_factory.mktemp("calls")
    (folder / "a.ulaw").write_bytes(b"")
    given_calls = [
        TimelineCall(time=hundredths / 100, recording="a.ulaw", ani=ani, passes=passes, campaign=campaign)
        for hundredths, ani, passes, campaign in calls
    ]
    write_timeline(folder / "calls.csv", given_calls)
    assert read_timeline(folder / "calls.csv", folder) == given_calls
