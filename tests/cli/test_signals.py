"""`silentspam signals`: what it refuses before it measures."""

from silentspam.cli import main


def refusal(capsys, folder, target):
    """The exit code and the message of a call whose sources hold nothing: a measurement would fail first."""
    code = main(["signals", "--sources", str(folder), "--json", str(target)])
    return code, capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_told_before_anything_is_measured(tmp_path, capsys):
    (tmp_path / "taken").write_text("no folder")
    for target, why in (
        (tmp_path, "Is a directory"),
        (tmp_path / "taken" / "figures.json", "File exists"),
        (tmp_path / "taken" / "deeper" / "figures.json", "Not a directory"),
    ):
        code, told = refusal(capsys, tmp_path, target)
        assert code == 1
        assert f"silentspam: --json {target}: {why}" in told


def test_a_target_that_can_be_written_is_left_as_it_is_until_there_are_figures(tmp_path, capsys):
    target = tmp_path / "new" / "figures.json"
    code, told = refusal(capsys, tmp_path, target)
    assert code == 1
    assert "--json" not in told
    assert list(target.parent.iterdir()) == []
