"""What `silentspam check` has to say of Asterisk: its scripts and its dialplan."""

import re
from collections.abc import Iterator
from pathlib import Path

from silentspam import resources
from silentspam.cli.doctor import GOOD, WARNING, Finding, Identity, fault
from silentspam.installation import DIALPLAN, SCRIPTS, AsteriskPaths


def scripts(agi: Path | None, identity: Identity) -> Iterator[Finding]:
    """Whether Asterisk's user can run the AGI scripts."""
    if agi is None:
        yield fault("AGI folder: not found", "name it with --agi-dir (astagidir in asterisk.conf)")
        return
    for script in SCRIPTS:
        path = agi / script
        if not path.is_file():
            yield fault(f"{path}: missing", "silentspam install")
        elif not identity.may(path, "x"):
            yield fault(f"{path}: {identity.name} may not execute it", f"chmod 755 {path}")
        else:
            yield _interpreter(path, identity)


def _interpreter(script: Path, identity: Identity) -> Finding:
    command = (
        script.read_text(encoding="utf-8", errors="replace").partition("\n")[0].removeprefix("#!").split()
    )
    try:
        tried = identity.run(*command, "-c", "import silentspam.embedded, numpy, asterisk.agi, yaml, msgspec")
    except OSError as error:
        return fault(
            f"{script}: interpreter {command[:1]}: {error.strerror} for {identity.name}",
            "silentspam install --python PATH, with an interpreter outside private home folders",
        )
    if tried.returncode:
        last = (tried.stderr.strip().splitlines() or ["no message"])[-1]
        return fault(
            f"{script}: {command[0]} cannot import silentspam: {last}",
            "install the package for that interpreter, or silentspam install --python PATH",
        )
    return Finding(GOOD, f"{script}: runs as {identity.name} with {command[0]}")


def _lines(conf: Path) -> list[str]:
    """The lines of a configuration file that are no comments."""
    lines = (line.strip() for line in conf.read_text("utf-8", "replace").splitlines())
    return [line for line in lines if not line.startswith(";")]


def dialplan(etc: Path, asterisk: AsteriskPaths, identity: Identity) -> Iterator[Finding]:
    """Whether the dialplan's file is in place, and screening called."""
    path = etc / DIALPLAN
    if not path.is_file():
        yield fault(f"{path}: missing", "silentspam install")
    elif path.read_text("utf-8", "replace") != (resources.shipped("dialplan") / DIALPLAN).read_text("utf-8"):
        yield Finding(WARNING, f"{path}: differs from this version's", "compare, then silentspam install")
    else:
        yield Finding(GOOD, f"{path}: this version's")
    if path.is_file() and not identity.may(path, "r"):
        yield fault(f"{path}: {identity.name} may not read it", f"chmod a+r {path}")
    lines = [line for conf in sorted(etc.glob("*.conf")) if conf != path for line in _lines(conf)]
    if not any(re.match(rf'#include\s+["<]?\S*{re.escape(DIALPLAN)}', line) for line in lines):
        yield fault(f"{etc}: no file includes {DIALPLAN}", f"add to extensions.conf: #include {DIALPLAN}")
    if not any("Gosub(silentspam" in line for line in lines):
        remedy = "before your Dial or Queue: same => n,TryExec(Gosub(silentspam,s,1))"
        yield Finding(WARNING, f"{etc}: no line calls the screening", remedy)
    if asterisk.transmit_silence:
        yield Finding(
            WARNING,
            "asterisk.conf: transmit_silence = yes puts silence over the ring tone while recording",
            "set it to no, unless your callers' network needs it",
        )
