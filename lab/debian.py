"""Debian packages fetched and unpacked into a folder, without installing them.

`fetch` gives the root folder of an unpacked package list. apt runs on private state (its own source line,
lists and, for a closure, an empty dpkg status), so neither root nor the machine's package database is needed,
and a newer suite than the machine's own does no harm. The mirror is read from the machine's apt sources when
it is needed. apt checks every archive against the SHA-256 of its signed index; what is kept is checked again,
against `SHA256SUMS`, each time a folder is re-used.

`python -m lab.debian --suite forky asterisk` prints the folder.
"""

import argparse
import contextlib
import fcntl
import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

SUITES = ("bookworm", "trixie", "forky")
MERGED_FOLDERS = ("bin", "sbin", "lib", "lib64")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
CHECKSUMS = "SHA256SUMS"
COMMAND_SECONDS = 600.0

log = logging.getLogger(__name__)


class DebianError(Exception):
    """Packages could not be fetched, or what was kept of them is damaged."""


def cache_folder() -> Path:
    """The folder that outlives a checkout: `$SILENTSPAM_CACHE`, else `~/.cache/silentspam`."""
    return Path(os.environ.get("SILENTSPAM_CACHE") or Path.home() / ".cache" / "silentspam").absolute()


def fetch(packages: Sequence[str], suite: str, *, closure: bool = True) -> Path:
    """Return the root folder of `packages` of a Debian suite, unpacked; fetch them where they are not cached.

    `closure` takes all dependencies down to libc, so that programs run with their own loader
    (`program_command`); without it only the named packages are taken, for sounds and the like.
    Raises DebianError.
    """
    if suite not in SUITES:
        raise DebianError(f"suite {suite!r} is not one of {', '.join(SUITES)}")
    names = sorted(set(packages))
    for name in names:
        if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name):
            raise DebianError(f"{name!r} is not the name of a Debian package")
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / "debian" / _key(names, suite, closure=closure)
    folder.parent.mkdir(exist_ok=True)
    with _locked(folder.parent / f"{suite}.lock"):
        if _is_whole(folder):
            return folder / "root"
        shutil.rmtree(folder, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="fetching-", dir=folder.parent) as scratch:
            new = Path(scratch) / "new"
            (new / "archives" / "partial").mkdir(parents=True)
            _download(names, suite, new / "archives", folder.parent / "apt" / suite, closure=closure)
            _write_checksums(new / "archives")
            _unpack(new / "archives", new / "root")
            new.rename(folder)
    return folder / "root"


def program_command(root: Path, program: str) -> list[str]:
    """The command that runs `program` (a path below `root`) by the root's own loader and libraries.

    Children started by the program do not inherit the library path: they are the host's.
    """
    loaders = sorted(root.glob("usr/lib/*/ld-linux*.so.*")) + sorted(root.glob("usr/lib*/ld-linux*.so.*"))
    if not loaders:
        raise DebianError(f"{root} holds no dynamic loader: fetch the closure")
    library_folders = sorted({path.parent for path in root.glob("usr/lib/*/libc.so.6")})
    paths = ":".join(str(folder) for folder in library_folders)
    return [str(loaders[0]), "--library-path", paths, "--argv0", Path(program).name, str(root / program)]


def _key(names: Sequence[str], suite: str, *, closure: bool) -> str:
    text = "\n".join([suite, "closure" if closure else "named", *names])
    return f"{suite}-{names[0]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold `path` as a lock between processes; the lock goes with the process, however it ends."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _mirror() -> str:
    """The address of the machine's Debian archive, from its own apt sources."""
    given = os.environ.get("SILENTSPAM_DEBIAN_MIRROR")
    if given:
        return given
    listing = _run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"])
    for address in listing.split():
        if address.rstrip("/").endswith("/debian"):
            return address
    raise DebianError("apt's sources name no Debian archive; give its address in SILENTSPAM_DEBIAN_MIRROR")


def _apt_options(state: Path, suite: str) -> list[str]:
    for folder in ("lists/partial", "cache"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "empty-status").touch()
    (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n")
    settings = {
        "Dir::Etc::SourceList": state / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "empty-status",
        "Dir::State::extended_states": state / "extended_states",
        "Dir::Cache": state / "cache",
        # A frozen mirror serves a Release file whose date has passed; its signature still counts.
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Retries": "3",
        # As root apt would download as another user, who cannot write into this folder.
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
    }
    return [word for key, setting in settings.items() for word in ("-o", f"{key}={setting}")]


def _download(names: Sequence[str], suite: str, archives: Path, state: Path, *, closure: bool) -> None:
    log.info("fetching %s of Debian %s", " ".join(names), suite)
    options = _apt_options(state, suite)
    _run(["apt-get", *options, "-q", "update"])
    if closure:
        install = ["install", "-y", "-q", "--no-install-recommends", "--download-only", *names]
        # apt refuses to install for another machine's status unless told where the archives go.
        _run(["apt-get", *options, "-o", f"Dir::Cache::archives={archives}", *install])
    else:
        _run(["apt-get", *options, "-q", "download", *names], folder=archives)
    if not any(archives.glob("*.deb")):
        raise DebianError(f"apt downloaded nothing for {' '.join(names)} of {suite}")


def _unpack(archives: Path, root: Path) -> None:
    # All of Debian has /usr merged; an archive older than that must not replace the link by a folder.
    for folder in MERGED_FOLDERS:
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(Path("usr") / folder)
    for archive in sorted(archives.glob("*.deb")):
        _unpack_one(archive, root)


def _unpack_one(archive: Path, root: Path) -> None:
    """What `dpkg -x` does, but for the owners, which only the machine's own root can give."""
    extract = ["tar", "-x", "--no-same-owner", "--keep-directory-symlink", "-C", str(root)]
    with tempfile.TemporaryFile() as files:
        _run(["dpkg-deb", "--fsys-tarfile", str(archive)], into=files)
        files.seek(0)
        _run(extract, standard_input=files)


def _write_checksums(archives: Path) -> None:
    lines = [f"{_sha256(path)}  {path.name}\n" for path in sorted(archives.glob("*.deb"))]
    (archives / CHECKSUMS).write_text("".join(lines))


def _is_whole(folder: Path) -> bool:
    """Whether a kept folder still has every archive it was unpacked from, unchanged."""
    sums = folder / "archives" / CHECKSUMS
    if not sums.is_file() or not (folder / "root").is_dir():
        return False
    for line in sums.read_text().splitlines():
        digest, name = line.split("  ", 1)
        path = folder / "archives" / name
        if not path.is_file() or _sha256(path) != digest:
            log.warning("%s is damaged: fetching again", path)
            return False
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    standard_input: IO[bytes] | None = None,
    into: IO[bytes] | None = None,
) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=standard_input or subprocess.DEVNULL,
            stdout=into or subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
            timeout=COMMAND_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DebianError(f"{command[0]} could not be run: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-2000:]
        raise DebianError(f"{command[0]} failed ({done.returncode}): {said}")
    return "" if into else done.stdout.decode(errors="replace")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch the packages named on the command line and print their root folder."""
    parser = argparse.ArgumentParser(prog="python -m lab.debian", description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="+", metavar="PACKAGE")
    parser.add_argument("--suite", choices=SUITES, required=True)
    parser.add_argument("--no-dependencies", action="store_true", help="take only the named packages")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        print(fetch(options.packages, options.suite, closure=not options.no_dependencies))
    except DebianError as error:
        print(f"lab.debian: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
