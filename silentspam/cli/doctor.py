"""Examines an installation as the switch's user meets it: pure findings, printed by `silentspam check`."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from silentspam import assembly, judging, resources
from silentspam.calllog.query import Filter
from silentspam.calllog.spool import Spool
from silentspam.challenge import DIGITS
from silentspam.config import Config
from silentspam.errors import CallLogError, ModelError
from silentspam.installation import AsteriskPaths, folders

GOOD, WARNING, FAULT = "ok", "warn", "FAULT"

SPOOL_MANY = 1
"""Rows waiting from which on the database deserves a look."""

PROMPTS = (*(f"press-{d}" for d in DIGITS), "wrong-key", "no-key", "passed", "rejected")
CONTACT_PROMPTS = ("rejected-contact", "goodbye", *(f"digit-{d}" for d in DIGITS))


@dataclass(frozen=True)
class Finding:
    """mark: GOOD, WARNING or FAULT; text: what was found; remedy: what to do about it."""

    mark: str
    text: str
    remedy: str = ""


def fault(text: str, remedy: str) -> Finding:
    """Something that keeps calls from being screened or logged."""
    return Finding(FAULT, text, remedy)


@dataclass(frozen=True)
class AsteriskPlaces:
    """What asterisk.conf says, the AGI folder and the folder of the dialplan, as the options have them."""

    asterisk: AsteriskPaths
    agi: Path | None
    etc: Path


def examine(
    config: Config,
    path: Path | None,
    *,
    user: str,
    asterisk: AsteriskPlaces | None = None,
    freeswitch: Path | None = None,
) -> list[Finding]:
    """Every check, in the order of a call. `path` is the file that `config` was read from, if any.

    asterisk, freeswitch (its configuration folder): None for a switch that is not examined.
    """
    from silentspam.cli.doctor_asterisk import dialplan, scripts
    from silentspam.cli.doctor_collection import collection
    from silentspam.cli.doctor_freeswitch import freeswitch as of_freeswitch
    from silentspam.cli.doctor_gate import gate
    from silentspam.cli.doctor_lines import lines
    from silentspam.cli.doctor_provenance import provenance
    from silentspam.cli.doctor_recordings import recordings
    from silentspam.cli.doctor_registry import registry
    from silentspam.cli.doctor_retention import retention
    from silentspam.cli.doctor_server import server

    identity = Identity(user)
    if (problem := identity.fault()) and problem.mark == FAULT:
        return [problem]
    etc = asterisk.etc if asterisk else None
    return [
        _configuration(config, path, identity),
        *([problem] if problem else []),
        *(scripts(asterisk.agi, identity) if asterisk else []),
        *(dialplan(asterisk.etc, asterisk.asterisk, identity) if asterisk else []),
        *(of_freeswitch(config, freeswitch, identity, beside=asterisk is not None) if freeswitch else []),
        *_folders(config, identity),
        *_model(config, identity),
        *registry(config, identity),
        *(_prompts(config, identity) if asterisk else []),
        *_contact(config),
        *_call_log(config, identity),
        *gate(config, identity),
        *lines(config, identity),
        *recordings(config, identity),
        *collection(config, etc),
        *provenance(config, identity, etc),
        *retention(config, identity),
        *(server(config, etc) if etc else []),
    ]


class Identity:
    """The switch's user, to ask what that user may do; ourselves where it is not known or we are not root."""

    def __init__(self, name: str) -> None:
        self.name = name or pwd.getpwuid(os.geteuid()).pw_name
        try:
            self._entry: pwd.struct_passwd | None = pwd.getpwnam(self.name)
        except KeyError:
            self._entry = None
        self.is_other = self._entry is not None and self._entry.pw_uid != os.geteuid()

    def fault(self) -> Finding | None:
        """Why this user cannot be asked."""
        if self._entry is None:
            return fault(f"user {self.name}: does not exist", "name the switch's user with --user")
        if self.is_other and os.geteuid() != 0:
            return Finding(
                WARNING, f"user {self.name}: rights cannot be tried as this user", "run it with sudo"
            )
        return None

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as that user."""
        options: dict[str, Any] = {}
        if self._entry and self.is_other and os.geteuid() == 0:
            groups = os.getgrouplist(self.name, self._entry.pw_gid)
            options = {"user": self._entry.pw_uid, "group": self._entry.pw_gid, "extra_groups": groups}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, cwd="/", check=False, **options
        )

    def may(self, path: Path, mode: str) -> bool:
        """Whether the user may read (r), write (w) or execute (x) a path."""
        return self.run("/usr/bin/test", f"-{mode}", str(path)).returncode == 0


def _configuration(config: Config, path: Path | None, identity: Identity) -> Finding:
    if path is not None and not identity.may(path.absolute(), "r"):
        return fault(
            f"configuration {path}: {identity.name} may not read it: no call is screened",
            f"chmod a+r {path}, and a+rx the folders above it",
        )
    return Finding(GOOD, f"configuration {path or '(defaults, there is no file)'}: mode {config.mode}")


def _folders(config: Config, identity: Identity) -> Iterator[Finding]:
    for folder in folders(config):
        if not folder.is_dir():
            yield fault(f"{folder}: missing", "silentspam install")
        elif not (identity.may(folder, "w") and identity.may(folder, "x")):
            yield fault(f"{folder}: {identity.name} may not write it", f"chown {identity.name} {folder}")
        else:
            yield Finding(GOOD, f"{folder}: writable by {identity.name}")


def model_remedy(folder: Path | None) -> str:
    """What makes calls be judged again when the active model, in `folder`, is damaged; None: its link is."""
    if folder is None:
        return "move the link away, then promote a model"
    if folder == resources.shipped_model():
        return "install the package again (pip install --force-reinstall), or promote a model of your own"
    return "silentspam models rollback, or add the same model again: that replaces a damaged copy"


def _model(config: Config, identity: Identity) -> Iterator[Finding]:
    from silentspam.model import load_model

    folder = None
    try:
        folder = judging.model_folder(config)
        model = load_model(folder)
    except ModelError as error:
        remedy = "name a good one in model.folder" if config.model.folder else model_remedy(folder)
        yield fault(f"model: {error}", f"calls are bridged unjudged until you do: {remedy}")
        return
    if not all(identity.may(path, "r") for path in folder.iterdir()):
        yield fault(f"model: {identity.name} may not read {folder}", f"chmod -R a+rX {folder}")
        return
    budget = config.model.max_false_challenge_rate
    threshold = model.card.threshold_for(budget) if config.model.threshold is None else config.model.threshold
    yield Finding(GOOD, f"model {model.model_id} in {folder}: threshold {threshold:g}")
    points = model.card.operating_points
    if points and budget < points[0].max_false_challenge_rate and config.model.threshold is None:
        smallest = points[0].max_false_challenge_rate
        yield Finding(
            WARNING,
            f"model.max_false_challenge_rate is {budget:g}, the model's smallest budget is {smallest:g}",
            f"its threshold for {smallest:g} is used: train on more people, or set model.threshold",
        )


def wanted_prompts(config: Config) -> tuple[str, ...]:
    """The sounds that a challenge of this configuration may play."""
    own = {f"{name}-{digit}" for name in config.prompts().values() for digit in DIGITS}
    contact = CONTACT_PROMPTS if config.challenge_settings().contact_number else ()
    return (*PROMPTS, *contact, *sorted(own - {*PROMPTS}))


def _prompts(config: Config, identity: Identity) -> Iterator[Finding]:
    settings = config.challenge_settings()
    wanted = wanted_prompts(config)
    good = {
        path.stem
        for path in settings.prompts.glob("*.*")
        if path.stem in wanted and path.stat().st_size and os.access(path, os.R_OK)
    }
    if missing := [name for name in wanted if name not in good]:
        yield Finding(
            WARNING,
            f"prompts in {settings.prompts}: {', '.join(missing)} missing or empty",
            "callers hear Asterisk's vm-press and digits instead, or nothing",
        )
    elif not identity.may(next(settings.prompts.glob("press-0.*")), "r"):
        yield fault(f"prompts: {identity.name} may not read {settings.prompts}", "give them to all to read")
    else:
        yield Finding(GOOD, f"prompts in {settings.prompts}: complete")


def _contact(config: Config) -> Iterator[Finding]:
    if not config.challenge_settings().contact_number:
        yield Finding(
            WARNING,
            "challenge.contact_number is empty: a person rejected by mistake hears no number to call",
            "set it in the configuration",
        )


def _shared_call_log(config: Config) -> Finding:
    """Whether PostgreSQL can be used from here."""
    database = assembly.database(config)
    try:
        with database.transaction(write=True):
            return Finding(GOOD, f"call log {database}: reached, schema up to date")
    except CallLogError as error:
        return fault(f"call log: {error}", "rows wait in the spool; mend the database")


def _call_log(config: Config, identity: Identity) -> Iterator[Finding]:
    spool = Spool(Path(config.call_log.spool))
    waiting = len(spool.waiting())
    if config.call_log.postgres is not None:
        yield _shared_call_log(config)
    elif not Path(config.call_log.database).exists():
        yield Finding(GOOD, f"call log {config.call_log.database}: created with the first call")
    elif not identity.may(Path(config.call_log.database), "w"):
        yield fault(
            f"call log {config.call_log.database}: {identity.name} may not write it",
            f"chown {identity.name} {config.call_log.database}*",
        )
    else:
        try:
            assembly.call_log(config).rows(Filter(limit=1))
            yield Finding(GOOD, f"call log {config.call_log.database}: readable")
        except CallLogError as error:
            yield fault(f"call log: {error}", "rows wait in the spool; mend the database")
    if aside := spool.aside():
        yield Finding(
            WARNING,
            f"spool: {len(aside)} files set aside, such as {aside[0]}",
            "look at them, then remove them",
        )
    if waiting >= SPOOL_MANY:
        yield Finding(WARNING, f"spool: {waiting} rows wait", "silentspam calls takes them in")
    if sys.platform != "linux":
        yield Finding(WARNING, f"platform {sys.platform}: only Linux is tested")
