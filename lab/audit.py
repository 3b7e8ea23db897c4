"""`make audit`: what can be said of the dependencies without a network, and no more than that.

    packages    pip check: does what is installed fit together
    files       is every installed file of the locked packages the one whose hash its RECORD has
    lock        does requirements.lock name one version and its hashes, and is that what is installed
    model       are the shipped model's files those of its SHA256SUMS
    advisories  is a locked or installed version in a file of advisories that the admin brought along

The file of advisories is in the OSV format (`lab.advisories`). Without one nothing is known of
vulnerabilities, and the command says so.
"""

import argparse
import base64
import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lab.advisories import AuditError, advisories, affects
from silentspam import resources
from silentspam.errors import SilentSpamError
from silentspam.hashed import SUMS_NAME, verified_files

LOCK = Path(__file__).parent.parent / "requirements.lock"
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)")


@dataclass(frozen=True, kw_only=True)
class Locked:
    """One package of the lock: its canonical name, version, how many hashes, and where it is needed."""

    name: str
    version: str
    hashes: int
    is_for_here: bool = True


def read_lock(path: Path) -> list[Locked]:
    """The packages of a requirements file made with hashes.

    Raises AuditError for a file that cannot be read, and for a requirement without one version or a hash.
    """
    try:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"{path}: {error}") from error
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    return [_locked(line, path) for line in lines if line and not line.startswith("#")]


def _locked(line: str, path: Path) -> Locked:
    hashes = len(_HASH.findall(line))
    try:
        requirement = Requirement(line.partition("--hash")[0].strip())
    except InvalidRequirement as error:
        raise AuditError(f"{path}: {line[:80]!r}: {error}") from error
    pinned = [one.version for one in requirement.specifier if one.operator == "=="]
    if len(pinned) != 1 or len(requirement.specifier) != 1 or "*" in pinned[0] or not hashes:
        raise AuditError(f"{path}: {line[:80]!r}: one version with == and its sha256 hashes are wanted")
    return Locked(
        name=canonicalize_name(requirement.name),
        version=pinned[0],
        hashes=hashes,
        is_for_here=requirement.marker is None or requirement.marker.evaluate(),
    )


def changed_files(package: Distribution) -> list[str]:
    """The installed files of a package that are not what its RECORD says, or are gone."""
    changed = []
    for file in package.files or ():
        if file.hash is None:
            continue  # RECORD itself, and what Python compiled
        try:
            content = Path(str(file.locate())).read_bytes()
        except OSError:
            changed.append(f"{file} (gone)")
            continue
        digest = hashlib.new(file.hash.mode, content).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            changed.append(str(file))
    return changed


def installed_version(name: str) -> str | None:
    """The version that is installed here; None for none."""
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None


def audit(lock: Path, known: Path | None, *, deployed: bool) -> tuple[list[str], list[str]]:
    """What is wrong, and what is worth a note; another version than the lock's is wrong where deployed."""
    findings = _unfit_packages()
    notes: list[str] = []
    packages = [one for one in read_lock(lock) if one.is_for_here]
    for one in packages:
        version = installed_version(one.name)
        if version != one.version:
            text = f"{one.name} {version or 'is not installed'}: the lock has {one.version}"
            (findings if deployed else notes).append(text)
        if version:
            findings += [
                f"{one.name}: changed since it was installed: {file}"
                for file in changed_files(distribution(one.name))
            ]
    findings += _changed_model()
    if known is None:
        notes.append("no advisories were looked at: bring a file along (--advisories)")
        return findings, notes
    versions = {(one.name, one.version) for one in packages}
    versions |= {(one.name, found) for one in packages if (found := installed_version(one.name))}
    for advisory in advisories(known):
        findings += [
            f"{name} {version}: {advisory['id']}"
            for name, version in sorted(versions)
            if affects(advisory, name, version)
        ]
    return findings, notes


def _unfit_packages() -> list[str]:
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    return [f"pip check: {line}" for line in done.stdout.splitlines()] if done.returncode else []


def _changed_model() -> list[str]:
    folder = resources.shipped_model()
    try:
        sums = (folder / SUMS_NAME).read_text(encoding="utf-8")
        verified_files(folder, [line[66:] for line in sums.splitlines()], ())
    except (SilentSpamError, OSError) as error:
        return [f"the shipped model: {error}"]
    return []


def main(argv: list[str] | None = None) -> int:
    """Print the findings; returns 1 when there are any, 2 when something could not be read."""
    parser = argparse.ArgumentParser(prog="python -m lab.audit", description="Audits dependencies offline.")
    parser.add_argument(
        "--lock", type=Path, default=LOCK, help="requirements with hashes (requirements.lock)"
    )
    parser.add_argument(
        "--advisories", type=Path, metavar="OSV", help="advisories: JSON, a folder of it, or a zip"
    )
    parser.add_argument("--deployed", action="store_true", help="other versions than the lock's are findings")
    args = parser.parse_args(argv)
    try:
        findings, notes = audit(args.lock, args.advisories, deployed=args.deployed)
    except AuditError as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    for note in notes:
        print(f"note     {note}")
    for finding in findings:
        print(f"FINDING  {finding}")
    print(f"{len(findings)} findings, {len(notes)} notes")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
