"""A turn of `silentspam retain` through real folders: what goes, what is sealed, what nobody may touch."""

import os
import resource
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from silentspam.audio import read_ulaw
from silentspam.call import Call
from silentspam.errors import AudioError, CallLogError
from silentspam.retention import RetentionError, names, shelf
from silentspam.retention.keys import read_public_key, write_key_pair
from silentspam.retention.openings import Openings, openings
from silentspam.retention.rules import DAY, Policy, Rules
from silentspam.retention.settling import Over, retain, retain_many
from silentspam.retention.sweep import RESTED_SECONDS, Known, Sweep, Tally

NOW = 1_800_000_000.0
NOBODY = 65534
OLD, YOUNG = NOW - 31 * DAY, NOW - 2 * DAY


class Folder:
    """A folder of recordings and the rows of their calls."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.rows: dict[str, Known] = {}
        self.marked: list[str] = []
        self.settings: dict[str, object] = {"rules": Rules(days=30)}

    def put(self, at: float, *, suffix: str = "", row: bool = True, challenged: bool = False) -> Path:
        """One recording of a call at that time."""
        call_id = Call.new_id()
        path = self.path / f"{call_id}.ulaw{suffix}"
        path.write_bytes(b"\xfe" * 16_000)
        os.utime(path, (at, at))
        if row:
            self.rows[call_id] = Known(at, challenged)
        return path

    def rows_of(self, call_ids: Sequence[str]) -> Mapping[str, Known]:
        return {call_id: self.rows[call_id] for call_id in call_ids if call_id in self.rows}

    def mark(self, call_ids: Sequence[str], at: float) -> None:
        assert at == NOW
        assert not [one for one in call_ids if names.is_there(self.path / f"{one}.ulaw")]
        self.marked += call_ids

    def sweep(self, **settings: object) -> Tally:
        merged = {"rows_of": self.rows_of, "mark": self.mark, "clock": lambda: NOW} | self.settings | settings
        return Sweep(**merged).run(self.path)  # type: ignore[arg-type]

    def files(self) -> set[str]:
        return {path.name for path in self.path.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "recordings")


def test_what_is_older_than_its_days_goes_and_its_rows_are_told(folder: Folder) -> None:
    old, young = folder.put(OLD), folder.put(YOUNG)
    old_sealed, aside = folder.put(OLD, suffix=".sealed"), folder.put(OLD, suffix=".unreadable")
    tally = folder.sweep()
    assert folder.files() == {young.name}
    assert (tally.deleted, tally.deleted_bytes, tally.seen) == (3, 48_000, 4)
    assert set(folder.marked) == {names.parsed(path.name)[0] for path in (old, old_sealed, aside)}  # type: ignore[index]


def test_young_openings_that_nobody_settled_go_by_the_policy_and_nothing_else_does(folder: Folder) -> None:
    """What is sealed was kept, what is older than two days too; half a row does not say enough."""
    hour_ago = NOW - 3600
    unsettled, half = folder.put(hour_ago), folder.put(hour_ago)
    folder.rows[half.name[:36]] = Known(hour_ago, False, screened=False)
    stays = {
        half.name,
        folder.put(hour_ago, challenged=True).name,
        folder.put(hour_ago, suffix=".sealed").name,
        folder.put(hour_ago, row=False).name,
        folder.put(NOW - RESTED_SECONDS / 2).name,
        folder.put(YOUNG).name,
    }
    rules = Rules(policy=Policy.CHALLENGED)
    assert folder.sweep(rules=rules).deleted == 0
    assert folder.sweep(rules=rules, settle=True).deleted == 1
    assert folder.files() == stays
    assert folder.marked == [unsettled.name[:36]]


def test_the_calls_time_counts_and_the_files_only_where_there_is_no_row(folder: Folder) -> None:
    restored, unknown, unknown_old = (
        folder.put(YOUNG),
        folder.put(YOUNG, row=False),
        folder.put(OLD, row=False),
    )
    folder.rows[restored.name[:36]] = Known(OLD, False)
    folder.sweep()
    assert folder.files() == {unknown.name}
    assert set(folder.marked) == {restored.name[:36], unknown_old.name[:36]}


def test_nothing_that_has_not_rested_is_touched_whatever_its_row_says(folder: Folder) -> None:
    live = folder.put(NOW - RESTED_SECONDS + 1)
    half = folder.put(NOW - 5, suffix=".sealed.0a1b2c3d.partial")
    ahead = folder.put(NOW + 3600)
    folder.rows = {path.name[:36]: Known(OLD, False) for path in (live, half, ahead)}
    tally = folder.sweep(rules=Rules(days=30, policy=Policy.NONE), by_policy=True)
    assert folder.files() == {live.name, half.name, ahead.name}
    assert tally.resting == 2


def test_files_that_are_not_ours_links_and_folders_are_passed_by(folder: Folder, tmp_path: Path) -> None:
    precious = tmp_path / "precious.ulaw"
    precious.write_bytes(b"x")
    link, below = folder.path / f"{Call.new_id()}.ulaw", folder.path / f"{Call.new_id()}.ulaw.sealed"
    link.symlink_to(precious)
    below.mkdir()
    notes = folder.path / "notes.ulaw"
    notes.write_text("mine")
    for path in (precious, notes):
        os.utime(path, (OLD, OLD))
    os.utime(link, (OLD, OLD), follow_symlinks=False)
    tally = folder.sweep()
    assert folder.files() == {link.name, below.name, notes.name}
    assert precious.exists()
    assert (tally.seen, tally.foreign) == (0, 2)


def test_a_dry_run_says_the_same_and_does_nothing(folder: Folder) -> None:
    folder.put(OLD), folder.put(OLD), folder.put(YOUNG), folder.put(OLD, suffix=".sealed.0a1b2c3d.partial")
    before = folder.files()
    dry = folder.sweep(dry_run=True)
    assert folder.files() == before
    assert folder.marked == []
    assert dry == folder.sweep()


def test_days_of_nought_keep_for_ever(folder: Folder) -> None:
    path = folder.put(0.0)
    assert folder.sweep(rules=Rules(days=0)).deleted == 0
    assert folder.files() == {path.name}


def test_by_policy_goes_what_it_would_not_have_kept_and_only_where_a_row_tells(folder: Folder) -> None:
    challenged, person = folder.put(YOUNG, challenged=True), folder.put(YOUNG)
    unknown = folder.put(YOUNG, row=False)
    rules = Rules(days=30, policy=Policy.CHALLENGED)
    assert folder.sweep(rules=rules).deleted == 0, "a policy that changes deletes no archive by itself"
    assert folder.sweep(rules=rules, by_policy=True).deleted == 1
    assert folder.files() == {challenged.name, unknown.name}
    assert folder.marked == [person.name[:36]]


def test_a_turn_does_as_much_as_it_may_and_the_next_goes_on(folder: Folder) -> None:
    for _ in range(7):
        folder.put(OLD)
    tallies = [folder.sweep(at_most=3) for _ in range(3)]
    assert [tally.deleted for tally in tallies] == [3, 3, 1]
    assert [tally.broken_off for tally in tallies] == [True, True, False]
    assert folder.files() == set()


def test_more_files_than_are_held_at_once(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("silentspam.retention.sweep.AT_ONCE", 4)
    asked: list[int] = []
    for _ in range(23):
        folder.put(OLD)

    def rows_of(call_ids: Sequence[str]) -> Mapping[str, Known]:
        asked.append(len(call_ids))
        return folder.rows_of(call_ids)

    folder.sweep(rows_of=rows_of)
    assert folder.files() == set()
    assert max(asked) <= 4


# --- what breaks off ---------------------------------------------------------------------------------------


def test_what_a_crash_left_on_its_way_out_is_finished(folder: Folder) -> None:
    """A turn that could not tell the rows leaves files that nobody reads, and the next ends it."""
    path = folder.put(OLD)

    def down(_ids: Sequence[str], _at: float) -> None:
        raise CallLogError("the database is down")

    with pytest.raises(CallLogError):
        folder.sweep(mark=down)
    assert folder.files() == {names.going_name(path.name[:36])}
    with pytest.raises(AudioError, match="deleted since"):
        Openings().read(path)
    assert folder.sweep().swept == 1
    assert (folder.files(), folder.marked) == (set(), [path.name[:36]])


def test_a_half_written_seal_is_swept_when_it_has_rested(folder: Folder) -> None:
    folder.put(OLD, suffix=".sealed.0a1b2c3d.partial")
    assert folder.sweep().swept == 1
    assert folder.files() == set()


def test_a_crash_between_seal_and_plain_leaves_both_and_the_next_turn_one(
    folder: Folder, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder.put(YOUNG)
    unlink = os.unlink
    with monkeypatch.context() as patched:
        patched.setattr(
            os, "unlink", lambda *_args, **_options: (_ for _ in ()).throw(OSError(5, "I/O error"))
        )
        tally = folder.sweep(key=read_public_key(keys[0]))
    assert unlink is os.unlink
    assert (tally.failed, folder.files()) == (1, {path.name, f"{path.name}.sealed"})
    assert len(Openings().read(path).codes) == 16_000, "the plain one needs no key"
    assert folder.sweep(key=read_public_key(keys[0])).sealed == 1
    assert folder.files() == {f"{path.name}.sealed"}
    assert len(openings([keys[1]]).read(path).codes) == 16_000


def test_a_folder_that_is_read_only_is_said_and_nothing_is_told() -> None:
    with tempfile.TemporaryDirectory() as below:
        Path(below).chmod(0o755)
        folder = Folder(Path(below) / "recordings")
        folder.put(OLD)
        before = folder.files()
        folder.path.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(NOBODY)
        try:
            tally = folder.sweep()
        finally:
            if is_root:
                os.seteuid(0)
            folder.path.chmod(0o755)
        assert (tally.failed, tally.deleted, folder.marked, folder.files()) == (1, 0, [], before)
        assert "Permission denied" in tally.why[0]


def test_a_folder_that_is_not_there_is_named(folder: Folder) -> None:
    with pytest.raises(RetentionError, match="nowhere"), shelf.opened(folder.path / "nowhere"):
        pass


# --- sealing -----------------------------------------------------------------------------------------------


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return write_key_pair(tmp_path / "calls")


def test_plain_openings_are_sealed_with_their_time_and_their_rights(
    folder: Folder, keys: tuple[Path, Path]
) -> None:
    path = folder.put(YOUNG)
    path.chmod(0o644)
    codes = path.read_bytes()
    assert folder.sweep(key=read_public_key(keys[0])).sealed == 1
    sealed = names.sealed_beside(path)
    assert folder.files() == {sealed.name}
    assert (sealed.stat().st_mtime, stat.S_IMODE(sealed.stat().st_mode)) == (YOUNG, 0o640)
    assert codes not in sealed.read_bytes()
    for where in (path, sealed):
        assert openings([keys[1]]).read(where).codes.tobytes() == codes
    assert openings([keys[1]]).read(path, max_seconds=0.5).seconds == 0.5


def test_a_sealed_recording_without_its_key_or_damaged_is_an_audio_error_that_names_it(
    folder: Folder, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    path = folder.put(YOUNG)
    folder.sweep(key=read_public_key(keys[0]))
    sealed = names.sealed_beside(path)
    with pytest.raises(AudioError, match=f"{sealed.name}: sealed to key .*--key FILE"):
        Openings().read(path)
    other = write_key_pair(tmp_path / "other")
    with pytest.raises(AudioError, match="named: "):
        openings([other[1]]).read(path)
    renamed = sealed.with_name("call.ulaw.sealed")
    sealed.rename(renamed)
    with pytest.raises(AudioError, match="keeps the name of its call"):
        openings([keys[1]]).read(renamed)
    renamed.rename(sealed)
    sealed.write_bytes(sealed.read_bytes()[:-1])
    with pytest.raises(AudioError, match=f"{sealed.name}: damaged or cut short"):
        openings([keys[1]]).read(path)


# --- one call ----------------------------------------------------------------------------------------------


def test_a_call_that_is_not_kept_is_marked_when_nobody_can_read_it_any_more(folder: Folder) -> None:
    path = folder.put(NOW)
    retain(Over(path, True), Rules(policy=Policy.NONE), mark=lambda ids: folder.mark(ids, NOW))
    assert (folder.files(), folder.marked) == (set(), [path.name[:36]])


def test_many_calls_are_told_together_and_one_that_fails_costs_no_other(folder: Folder) -> None:
    paths = [folder.put(NOW) for _ in range(3)]
    gone = folder.put(NOW)
    gone.unlink()
    turns: list[int] = []

    def mark(call_ids: Sequence[str]) -> None:
        turns.append(len(call_ids))
        folder.mark(call_ids, NOW)

    overs = [Over(path, False) for path in (*paths, gone, folder.path / "x.ulaw")]
    (trouble,) = retain_many(overs, Rules(policy=Policy.NONE), mark=mark)
    assert "x.ulaw" in str(trouble)
    assert (turns, folder.files()) == ([3], set())


def test_a_call_that_is_kept_is_for_owner_and_group(folder: Folder) -> None:
    path = folder.put(NOW)
    path.chmod(0o644)
    retain(Over(path, False), Rules())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert read_ulaw(path).seconds == 2.0


@pytest.mark.parametrize("missing", ["key", "library"])
def test_what_cannot_be_sealed_stays_in_plain(
    folder: Folder, keys: tuple[Path, Path], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder.put(NOW)
    if missing == "library":
        monkeypatch.setitem(__import__("sys").modules, "nacl.public", None)
    else:
        keys[0].unlink()
    with pytest.raises(RetentionError, match=r"calls\.pub|PyNaCl"):
        retain(Over(path, False), Rules(encrypt_to=keys[0]))
    assert read_ulaw(path).seconds == 2.0


def test_on_a_full_disk_an_opening_stays_in_plain_and_nothing_half_written_is_left(
    folder: Folder, keys: tuple[Path, Path]
) -> None:
    """A limit on the size of files refuses a write as a full disk does."""
    path = folder.put(YOUNG)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        tally = folder.sweep(key=read_public_key(keys[0]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tally.sealed, tally.failed) == (0, 1)
    assert "too large" in tally.why[0]
    assert folder.files() == {path.name}
    assert read_ulaw(path).seconds == 2.0


def test_no_other_file_is_taken_for_a_calls_recording(folder: Folder) -> None:
    for name in ("x.ulaw", f"{Call.new_id()}.ulaw.sealed", f"{Call.new_id()}.wav"):
        (folder.path / name).write_bytes(b"x")
        with pytest.raises(RetentionError, match="left as it is"):
            retain(Over(folder.path / name, False), Rules(policy=Policy.NONE))
    assert len(folder.files()) == 3


def test_a_link_in_a_recordings_place_is_not_followed(
    folder: Folder, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    link = folder.path / f"{Call.new_id()}.ulaw"
    link.symlink_to(secret)
    with pytest.raises(OSError, match="symbolic links"):
        retain(Over(link, False), Rules(encrypt_to=keys[0]))
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    retain(Over(link, False), Rules(policy=Policy.NONE))
    assert secret.read_text() == "x"
