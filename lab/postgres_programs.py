"""PostgreSQL's programs out of Debian's packages, ready to be run by whoever may run them.

PostgreSQL refuses to run as root: then it is run as `nobody`, from a copy that every user can read.
"""

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.debian import DebianError, cache_folder, fetch

VERSIONS = {"bookworm": 15, "trixie": 17, "forky": 18}
"""The PostgreSQL of each Debian release."""

USER = "silentspam"
"""The role that owns every database."""

LEFT_OUT = ("libLLVM*", "libz3*", "llvmjit*", "bitcode", "perl*", "gconv")
"""The just-in-time compiler, and what only Debian's scripts need: most of the size."""


@dataclass(frozen=True)
class Programs:
    """Where the server's programs are, and who runs them."""

    bin: Path
    libraries: Path
    template: Path
    """A folder made by initdb, to be copied."""

    @property
    def environment(self) -> dict[str, str]:
        """What the programs are run with: their libraries, and nothing of the caller's."""
        return {
            "LD_LIBRARY_PATH": str(self.libraries),
            "LC_ALL": "C.UTF-8",
            "PATH": "/usr/bin:/bin",
            "TZ": "UTC",
        }


def programs() -> Programs:
    """The server's programs, fetched and prepared where they are not yet. Raises DebianError."""
    suite = _machine_suite()
    root = fetch([f"postgresql-{VERSIONS[suite]}"], suite)
    home = _home(root)
    found = Programs(
        bin=home / f"usr/lib/postgresql/{VERSIONS[suite]}/bin",
        libraries=next(home.glob("usr/lib/*/libpq.so.5")).parent,
        template=home / "template",
    )
    if not found.template.exists():
        _initialise(found, home)
    return found


def _machine_suite() -> str:
    words = dict(line.partition("=")[::2] for line in Path("/etc/os-release").read_text().splitlines())
    suite = words.get("VERSION_CODENAME", "").strip('"')
    if suite not in VERSIONS:
        raise DebianError(
            f"no PostgreSQL for this machine's release {suite!r}: only for {', '.join(VERSIONS)}"
        )
    return suite


def _home(root: Path) -> Path:
    """Where the programs run from: a copy that `nobody` can read when we are root, else the cache itself."""
    if os.geteuid() != 0:
        home = cache_folder() / "postgres"
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "usr").exists():
            (home / "usr").symlink_to(root / "usr")
        return home
    home = Path("/var/tmp") / f"silentspam-{root.parent.name}"
    if home.is_symlink() or (home.exists() and home.stat().st_uid != 0):
        raise DebianError(f"{home} belongs to somebody else: remove it")
    if not home.exists():
        with tempfile.TemporaryDirectory(prefix="silentspam-copying-", dir="/var/tmp") as scratch:
            Path(scratch).chmod(0o755)
            copy = Path(scratch) / "copy"
            ignored = shutil.ignore_patterns(*LEFT_OUT)
            for part in ("usr/lib", "usr/share/postgresql"):
                shutil.copytree(root / part, copy / part, symlinks=True, ignore=ignored)
            with suppress(OSError):
                copy.rename(home)  # another process may have been faster
    return home


def _initialise(found: Programs, home: Path) -> None:
    """Make the template with initdb; of many processes at once the first one wins."""
    with tempfile.TemporaryDirectory(
        prefix="silentspam-initdb-", dir=home if os.geteuid() else "/var/tmp"
    ) as scratch:
        made = Path(scratch) / "template"
        made.mkdir(mode=0o700)
        if os.geteuid() == 0:
            Path(scratch).chmod(0o755)
            shutil.chown(made, "nobody", "nogroup")
        command = [*as_user(), str(found.bin / "initdb"), "-D", str(made), "-U", USER, "-A", "trust"]
        more = ["--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=1", "--no-sync"]
        done = subprocess.run(
            [*command, *more], env=found.environment, cwd=scratch, capture_output=True, check=False
        )
        if done.returncode:
            raise DebianError(f"initdb failed: {done.stderr.decode(errors='replace')[-2000:]}")
        with suppress(OSError):
            made.rename(found.template)


def as_user() -> list[str]:
    """Run as nobody when we are root; and end with us, however we end."""
    who = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *who, "--pdeathsig=QUIT"]
