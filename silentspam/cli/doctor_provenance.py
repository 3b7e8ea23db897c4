"""What `silentspam check` has to say of provenance: recording, listening, the store of lines, the claims."""

import importlib.util
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from silentspam.cli.doctor import GOOD, WARNING, Finding, Identity, fault
from silentspam.cli.doctor_collection import mixmonitor_is_out
from silentspam.config import Config
from silentspam.errors import ConfigError, SilentSpamError
from silentspam.listening.offering import OPENINGS
from silentspam.listening.waiting import SET_ASIDE

LATE_SECONDS = 3600.0
"""What has waited so long says that nobody listens [s]."""


def provenance(config: Config, identity: Identity, etc: Path | None) -> Iterator[Finding]:
    """Findings on the section `provenance`; none where it is not enabled. `etc` is Asterisk's, if any."""
    section = config.provenance
    if not section.enabled:
        return
    if importlib.util.find_spec("scipy") is None:
        yield fault(
            "provenance.enabled: scipy is not installed: no call is analysed, and sides pile up",
            "pip install 'silentspam[training]'",
        )
        return  # what follows reads the store of lines, with scipy
    if etc and (why := mixmonitor_is_out(etc / "modules.conf")):
        yield Finding(
            WARNING, f"{etc / 'modules.conf'}: {why}: no caller's side is recorded", "load app_mixmonitor"
        )
    yield _waiting(config)
    yield _store(Path(section.store), identity)
    if section.claims is not None:
        yield _claims(Path(section.claims), identity)
    if section.asterisk and shutil.which(section.asterisk[0]) is None:
        yield Finding(
            WARNING,
            f"provenance.asterisk: {section.asterisk[0]}: no such program: no channel is told, and sides are "
            "recorded to their calls' ends",
            "name Asterisk's own program, whose console the listener's user may use",
        )


def _waiting(config: Config) -> Finding:
    folders = (Path(config.collection.legs), Path(config.provenance.folder) / OPENINGS)
    ages, aside = [], 0
    for folder in folders:
        try:
            ages += [time.time() - path.stat().st_mtime for path in folder.glob("*.ulaw")]
            aside += len(list(folder.glob(f"*.ulaw{SET_ASIDE}")))
        except OSError:
            continue
    late = sum(age > LATE_SECONDS for age in ages)
    text = f"provenance: {len(ages)} sides and openings wait to be analysed, {aside} set aside"
    if late:
        remedy = "run `silentspam listen --watch 2`, unless `silentspam serve` runs here"
        return Finding(WARNING, f"{text}; {late} since more than an hour", remedy)
    return Finding(GOOD, text)


def _store(path: Path, identity: Identity) -> Finding:
    from silentspam.listening.knowledge import Knowledge
    from silentspam.provenance.line_store import LineStore

    try:
        known = Knowledge(LineStore(path), None).lines()
    except SilentSpamError as error:
        return fault(f"{error}", "calls are analysed, and no line is known, until you mend or move it")
    if known is None:
        return Finding(GOOD, f"provenance.store {path}: made with the first line (silentspam lines enrol)")
    if not identity.may(path, "w"):
        return fault(f"{path}: {identity.name} may not write it", f"chown {identity.name} {path}")
    frauds = sum(line.fraud for line in known.stored.values())
    return Finding(GOOD, f"provenance.store {path}: {len(known.stored)} lines, {frauds} marked for fraud")


def _claims(path: Path, identity: Identity) -> Finding:
    from silentspam.provenance.claim_files import load_claims

    try:
        table = load_claims(path)
    except ConfigError as error:
        return fault(
            f"provenance.claims: {error}", "calls are analysed, and no risk is told, until you mend it"
        )
    if not identity.may(path, "r"):
        return fault(f"provenance.claims {path}: {identity.name} may not read it", f"chmod a+r {path}")
    return Finding(
        GOOD,
        f"provenance.claims {path}: {len(table.numbers)} number ranges, {len(table.trunks)} trunks, "
        f"{len(table.customers)} customers",
    )
