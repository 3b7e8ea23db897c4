"""Clips: found by package layout, split by speaker and file, counted once."""

import shutil

import numpy as np
import pytest

from silentspam.errors import AudioError
from silentspam.training.gresource import read_gresource
from silentspam.training.sources import ClipKind, Split, find_clips, load_clip


def test_every_kind_is_found_on_both_sides(audio_folder):
    clips = find_clips([audio_folder])
    assert {(clip.kind, clip.split) for clip in clips} == {
        (kind, split) for kind in ClipKind for split in Split
    }


def test_no_speaker_place_or_tune_stands_on_both_sides(audio_folder):
    clips = find_clips([audio_folder])
    sides = [{clip.speaker for clip in clips if clip.split is split} for split in Split]
    assert not sides[0] & sides[1]
    assert all(clip.licence for clip in clips)


def test_a_file_that_is_there_twice_counts_once(audio_folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(audio_folder, copy)
    assert len(find_clips([audio_folder, copy])) == len(find_clips([audio_folder]))


def test_missing_audio_names_the_packages(tmp_path):
    with pytest.raises(AudioError, match="asterisk-core-sounds-en-wav"):
        find_clips([tmp_path])


def test_clips_are_heard_at_8_khz(audio_folder):
    for clip in find_clips([audio_folder]):
        sound = load_clip(clip)
        assert sound.ndim == 1
        assert 1.0 < len(sound) / 8000 < 5.0
        assert np.abs(sound).max() > 0.1


def test_a_gresource_gives_its_files_back(tmp_path, gresource):
    members = {"/a/one": b"1", "/a/two": b"22" * 500}
    path = tmp_path / "x.gresource"
    path.write_bytes(gresource(members))
    assert read_gresource(path) == members


@pytest.mark.parametrize("content", [b"", b"GVariant", b"PK" + b"\0" * 100, b"GVariant" + b"\xff" * 60])
def test_what_is_no_gresource_is_an_audio_error(tmp_path, content):
    path = tmp_path / "broken.gresource"
    path.write_bytes(content)
    with pytest.raises(AudioError, match="not a readable GResource"):
        read_gresource(path)
