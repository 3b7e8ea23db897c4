"""Advisories of vulnerabilities from a file that somebody brought along, in the OSV format.

One advisory or a list of them as JSON, a folder of such files, or the zip that an OSV database exports
(openssf.org, Open Source Vulnerability schema 1.6; "Evaluation" there is the algorithm of `affects`).
"""

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from silentspam.errors import SilentSpamError

ECOSYSTEM = "PyPI"


class AuditError(SilentSpamError):
    """What was to be audited cannot be read."""


def advisories(path: Path) -> Iterator[Mapping[str, Any]]:
    """Every OSV advisory in a file, a folder or a zip. Raises AuditError for what cannot be read."""
    try:
        for text in _documents(path):
            document = json.loads(text)
            for one in document if isinstance(document, list) else [document]:
                if not isinstance(one, dict) or "id" not in one:
                    raise AuditError(f"{path}: not an advisory in the OSV format: {str(one)[:80]!r}")
                yield one
    except (OSError, ValueError, RecursionError, zipfile.BadZipFile) as error:
        raise AuditError(f"{path}: {error}") from error


def _documents(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        yield from (file.read_bytes() for file in sorted(path.rglob("*.json")))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist() if name.endswith(".json"))
    else:
        yield path.read_bytes()


def affects(advisory: Mapping[str, Any], name: str, version: str) -> bool:
    """Whether an OSV advisory says that this version of a package is affected; withdrawn ones are not."""
    if advisory.get("withdrawn"):
        return False
    for affected in advisory.get("affected", ()):
        package = affected.get("package", {})
        if package.get("ecosystem") != ECOSYSTEM or canonicalize_name(package.get("name", "")) != name:
            continue
        if version in affected.get("versions", ()):
            return True
        ranges = (one for one in affected.get("ranges", ()) if one.get("type") == "ECOSYSTEM")
        if any(_lies_within(version, one.get("events", ())) for one in ranges):
            return True
    return False


def _lies_within(version: str, events: Iterable[Mapping[str, str]]) -> bool:
    """Evaluate a range's events in their order (the OSV schema's algorithm)."""
    within = False
    for event in events:
        ((kind, bound),) = event.items()
        if kind == "introduced" and (bound == "0" or _at_least(version, bound)):
            within = True
        elif (kind == "fixed" and _at_least(version, bound)) or (
            kind == "last_affected" and not _at_least(bound, version)
        ):
            within = False
    return within


def _at_least(version: str, bound: str) -> bool:
    try:
        return Version(version) >= Version(bound)
    except InvalidVersion:
        return False
