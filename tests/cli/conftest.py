"""A small installation for the command line: configuration, model and call log in a temporary folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from silentspam.cli import main


@pytest.fixture
def config_file(tmp_path: Path, model_folder: Path) -> Path:
    path = tmp_path / "silentspam.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "call_log": {
                    "database": str(tmp_path / "log" / "calls.db"),
                    "spool": str(tmp_path / "log" / "spool"),
                    "unlogged": str(tmp_path / "log" / "unlogged.jsonl"),
                },
                "recording": {"folder": str(tmp_path / "recordings")},
                "lines": {"folder": str(tmp_path / "lines")},
                "gate": {"folder": str(tmp_path / "gate")},
                "model": {"folder": str(model_folder), "registry": str(tmp_path / "registry")},
            }
        )
    )
    return path


@pytest.fixture
def silentspam(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, config_file: Path
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line; returns its exit code, output and errors."""
    monkeypatch.setenv("SILENTSPAM_CONFIG", str(config_file))

    def run(*argv: object) -> tuple[int, str, str]:
        try:
            code = main([str(argument) for argument in argv])
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run
