"""`make audit` without a network: what it finds, what it does not claim; and the lock of deployments."""

import base64
import configparser
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lab.advisories import AuditError, advisories, affects
from lab.audit import LOCK, changed_files, main, read_lock

HASH = "--hash=sha256:" + "0a" * 32
LOCKED_EXTRAS = ("postgres", "encryption")
"""What a carrier's server needs beside the call path."""


# --- requirements.lock -------------------------------------------------------------------------------------


def wanted() -> list[Requirement]:
    """What setup.cfg asks for: the call path, and the extras of a server."""
    parser = configparser.ConfigParser()
    parser.read(LOCK.parent / "setup.cfg", encoding="utf-8")
    extras = parser["options.extras_require"]
    texts = [parser["options"]["install_requires"], *(extras[name] for name in LOCKED_EXTRAS)]
    lines = (line.strip() for text in texts for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_the_lock_has_a_version_within_the_range_of_every_requirement() -> None:
    locked = {one.name: one.version for one in read_lock(LOCK)}
    for requirement in wanted():
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(Version(version)), requirement


def test_the_lock_names_no_host_and_no_path_of_a_machine() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
    assert "/" not in text.replace("-r requirements", "")


def test_pip_takes_the_lock_for_requirements_with_hashes(tmp_path: Path) -> None:
    """As far as that goes without a network: the file is understood, and only the packages are missed."""
    done = subprocess.run(
        pip_install(LOCK, "--no-index", "--find-links", str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "No matching distribution found" in done.stderr
    assert "Invalid requirement" not in done.stderr
    without = tmp_path / "without.lock"
    without.write_text(
        "".join(line for line in LOCK.read_text().splitlines(True) if "--hash" not in line).replace("\\", "")
    )
    with pytest.raises(AuditError, match="hashes are wanted"):
        read_lock(without)


@pytest.mark.skipif(os.environ.get("SILENTSPAM_TEST_FETCH") != "1", reason="nothing is fetched")
def test_pip_finds_every_package_of_the_lock_as_a_wheel_with_one_of_its_hashes() -> None:
    """No package runs code of its own to be installed."""
    done = subprocess.run(
        pip_install(LOCK, "--only-binary", ":all:"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.lower().replace("_", "-")
    assert all(f"{one.name}-{one.version}" in said for one in read_lock(LOCK) if one.is_for_here)


def pip_install(lock: Path, *options: str) -> list[str]:
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--dry-run",
        "--ignore-installed",
    ]
    return [*pip, "--no-deps", "--require-hashes", *options, "-r", str(lock)]


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy>=1",
        "numpy==2.*",
        "numpy==2.0",
        f"numpy>=2 {HASH}",
        f"numpy==2,!=3 {HASH}",
        f"== {HASH}",
        "a==1 --hash=sha256:0a",
        "a==1 --hash=md5:0a",
    ],
)
def test_a_requirement_without_one_version_and_a_hash_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(f"six==1.0 {HASH}\n{line}\n")
    with pytest.raises(AuditError, match="lock"):
        read_lock(tmp_path / "lock")


def test_a_package_for_other_machines_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(
        f'# a comment\nsix==1.0 ; python_version < "3" \\\n    {HASH}\n    # via x\n'
    )
    (one,) = read_lock(tmp_path / "lock")
    assert (one.name, one.version, one.hashes, one.is_for_here) == ("six", "1.0", 1, False)


# --- installed files ---------------------------------------------------------------------------------------


def test_a_changed_and_a_missing_file_of_a_package_are_found(tmp_path: Path) -> None:
    record = []
    for name in ("good.py", "changed.py", "gone.py"):
        content = name.encode()
        (tmp_path / name).write_bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record.append(f"{name},sha256={digest},{len(content)}")
    info = tmp_path / "x-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1\n")
    (info / "RECORD").write_text("\n".join([*record, "x-1.dist-info/RECORD,,"]) + "\n")
    (tmp_path / "changed.py").write_bytes(b"import os")
    (tmp_path / "gone.py").unlink()
    assert changed_files(PathDistribution(info)) == ["changed.py", "gone.py (gone)"]


# --- advisories --------------------------------------------------------------------------------------------


def advisory(*events: dict[str, str], name: str = "Six", **more: Any) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}]
    return {
        "id": "OSV-1",
        "affected": [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges}],
    } | more


FROM_1_TO_2 = ({"introduced": "1.0"}, {"fixed": "2.0"})


@pytest.mark.parametrize(
    ("found", "version", "affected"),
    [
        (advisory(*FROM_1_TO_2), "1.5", True),
        (advisory(*FROM_1_TO_2), "2.0", False),
        (advisory(*FROM_1_TO_2), "0.9", False),
        (advisory({"introduced": "0"}), "9", True),
        (advisory({"introduced": "0"}, {"last_affected": "1.5"}), "1.5", True),
        (advisory({"introduced": "0"}, {"last_affected": "1.5"}), "1.6", False),
        (advisory(*FROM_1_TO_2, {"introduced": "3"}), "3.1", True),
        (advisory(*FROM_1_TO_2, name="seven"), "1.5", False),
        (advisory(*FROM_1_TO_2, withdrawn="2026-01-01T00:00:00Z"), "1.5", False),
        (
            {"id": "x", "affected": [{"package": {"ecosystem": "npm", "name": "six"}, "versions": ["1.5"]}]},
            "1.5",
            False,
        ),
        (
            {"id": "x", "affected": [{"package": {"ecosystem": "PyPI", "name": "six"}, "versions": ["1.5"]}]},
            "1.5",
            True,
        ),
        ({"id": "x"}, "1.5", False),
    ],
)
def test_an_advisory_affects_the_versions_it_says(
    found: dict[str, Any], version: str, affected: bool
) -> None:
    assert affects(found, "six", version) is affected


def test_advisories_come_from_a_file_a_list_a_folder_and_a_zip(tmp_path: Path) -> None:
    one = json.dumps(advisory(*FROM_1_TO_2))
    (tmp_path / "one.json").write_text(one)
    (tmp_path / "list.json").write_text(f"[{one}, {one}]")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("a.json", one)
    counts = [len(list(advisories(tmp_path / name))) for name in ("one.json", "list.json", ".", "all.zip")]
    assert counts == [1, 2, 3, 1]


@pytest.mark.parametrize("content", ["", "{", "{}", "[1]", "null", "[" * 100_000])
def test_what_is_no_advisory_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(AuditError, match=r"bad\.json"):
        list(advisories(tmp_path / "bad.json"))


# --- the command -------------------------------------------------------------------------------------------


def a_lock(folder: Path, version: str) -> Path:
    path = folder / "lock"
    path.write_text(f"pytest=={version} {HASH}\n")
    return path


def test_without_advisories_nothing_is_claimed_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--lock", str(a_lock(tmp_path, pytest.__version__))])
    assert "no advisories were looked at" in capsys.readouterr().out


def test_an_advisory_of_an_installed_version_is_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "osv.json").write_text(json.dumps(advisory({"introduced": "0"}, name="pytest")))
    options = [
        "--lock",
        str(a_lock(tmp_path, pytest.__version__)),
        "--advisories",
        str(tmp_path / "osv.json"),
    ]
    assert main(options) == 1
    assert f"FINDING  pytest {pytest.__version__}: OSV-1" in capsys.readouterr().out


def test_another_version_than_the_locks_is_a_finding_where_it_is_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--lock", str(a_lock(tmp_path, "0.1"))]
    main(options)
    assert "note     pytest" in capsys.readouterr().out
    assert main([*options, "--deployed"]) == 1
    assert "FINDING  pytest" in capsys.readouterr().out


def test_a_lock_that_cannot_be_read_is_exit_status_2(tmp_path: Path) -> None:
    assert main(["--lock", str(tmp_path / "none")]) == 2
