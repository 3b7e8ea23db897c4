"""What belongs to an installation, and where Asterisk keeps it: shared by `install` and `check`."""

import pwd
import re
from dataclasses import dataclass
from pathlib import Path

from silentspam.config import Config

ETC = Path("/etc/asterisk")

DIALPLAN = "extensions_silentspam.conf"
SCRIPTS = ("silentspam.py", "silentspam_ended.py")


@dataclass(frozen=True)
class AsteriskPaths:
    """etc: configuration folder; agi: AGI scripts; user: whom it runs as; transmit_silence as set."""

    etc: Path
    agi: Path | None
    user: str
    transmit_silence: bool


def read_asterisk_conf(etc: Path = ETC) -> AsteriskPaths:
    """What `etc`/asterisk.conf says; the usual places where it says nothing or cannot be read."""
    try:
        text = (etc / "asterisk.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    settings = dict(re.findall(r"^\s*(\w+)\s*=>?\s*([^;\s]+)", text, re.MULTILINE))
    usual = (Path("/usr/share/asterisk/agi-bin"), Path("/var/lib/asterisk/agi-bin"))
    agi = Path(settings["astagidir"]) if "astagidir" in settings else next(filter(Path.is_dir, usual), None)
    return AsteriskPaths(
        etc=Path(settings.get("astetcdir", etc)),
        agi=agi,
        user=settings.get("runuser", "asterisk" if user_exists("asterisk") else ""),
        transmit_silence=settings.get("transmit_silence", "no").lower() in ("yes", "true", "1", "on"),
    )


def user_exists(name: str) -> bool:
    """Whether this machine knows the user."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def folders(config: Config) -> list[Path]:
    """Every folder that a call writes to; those for callers' sides and for lines only where they are used."""
    log = config.call_log
    paths = (
        Path(log.database).parent,
        Path(log.spool),
        Path(log.unlogged).parent,
        Path(config.recording.folder),
        Path(config.gate.folder),
        config.library_folder,
        *filter(None, [config.legs_folder]),
        *([Path(config.provenance.folder)] if config.provenance.enabled else []),
        *([Path(config.lines.folder)] if config.lines.enabled else []),
    )
    return sorted(set(paths))
