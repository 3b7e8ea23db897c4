"""Where the lab's calls came from: the listener beside an installation, and whether it told what it should.

The listener is `silentspam listen --watch`, as an installation without `silentspam serve` runs it; what it
says goes to a log in its folder.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import yaml

from lab import product
from lab.scenarios import Origin, Row, Scenario

WATCH_SECONDS = 1
STOP_SECONDS = 30.0
ORIGIN_SECONDS = 30.0
"""After the end of a call, for its row of provenance: a side of fifteen seconds takes half a second."""
LOG = "listen.log"


def sections(folder: Path, scenario: Scenario) -> dict[str, Any]:
    """The sections of the YAML by which the calls of an installation are listened to; writes the claims."""
    own = {
        "enabled": True,
        "folder": str(folder / "provenance"),
        "store": str(folder / "lines.db"),
        **scenario.config.get("provenance", {}),
    }
    if scenario.claims:
        (folder / "claims.yaml").write_text(yaml.safe_dump(dict(scenario.claims)), encoding="utf-8")
        own["claims"] = str(folder / "claims.yaml")
    sides = {"legs": str(folder / "legs"), **scenario.config.get("collection", {})}
    return {"provenance": own, "collection": sides}


class Listener:
    """One `silentspam listen`; a context manager that starts it, and stops it by its process id."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._log: IO[bytes] | None = None
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Listener":
        words = ["listen", "--watch", str(WATCH_SECONDS), "--config", str(self._config)]
        self._log = (self._config.parent / LOG).open("ab")
        self._running = subprocess.Popen(
            [sys.executable, "-c", product.COMMAND_LINE, *words],
            cwd=product.REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(self, *_: object) -> None:
        running, log = self._running, self._log
        if running is not None:
            running.terminate()
            try:
                running.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
        if log is not None:
            log.close()


def told_of(config: Path, row: Row) -> Row | None:
    """What was told of where a call came from, waited for; None where nothing was."""
    return product.wait_for_origin(config, str(row["call_id"]), seconds=ORIGIN_SECONDS)


def faults(origin: Origin, told: Row | None, config: Path, row: Row) -> tuple[str, ...]:
    """Everything that was told otherwise than the table says, in words."""
    if told is None:
        return (f"nothing was told of where the call came from within {ORIGIN_SECONDS:.0f} s of its end",)
    return (*_row_faults(origin, told, row), *_word_faults(origin, told, config, str(row["call_id"])))


def in_short(told: Row | None) -> str:
    """What was told of a call in a few words: networks, the known line, kinds of alerts; "" of none."""
    if told is None:
        return ""
    words = ["+".join(_listed(told["signature"])) or "unknown path"]
    words += [f"line {told['line_name']}"] if told["line_name"] is not None else []
    words += [f"ALERT {kind}" for kind in sorted(_kinds(told))]
    return ", ".join(words)


def _kinds(told: Row) -> set[str]:
    return {alert.partition(":")[0] for alert in _listed(told["alerts"])}


def _row_faults(origin: Origin, told: Row, row: Row) -> Iterator[str]:
    if told["fault"] is not None:
        yield f"the call could not be listened to: {told['fault']}"
        return
    signature, alerts = _listed(told["signature"]), _listed(told["alerts"])
    if missing := [network for network in origin.networks if network not in signature]:
        yield f"networks are {', '.join(signature) or 'none'}, without {', '.join(missing)}"
    if origin.last_codec and told["last_codec"] != origin.last_codec:
        yield f"the last codec is {told['last_codec']}, not {origin.last_codec}"
    if told["line_name"] != origin.line:
        yield f"the line is {told['line_name']} (score {told['line_score']}), not {origin.line}"
    if _kinds(told) != set(origin.alerts):
        yield f"alerts are {'; '.join(alerts) or 'none'}: not of {', '.join(origin.alerts) or 'no kind'}"
    if origin.live and not _while_live(told, row):
        yield f"told at {told['analysed_at']}, when the call was over at {row['ended_at']}"


def _word_faults(origin: Origin, told: Row, config: Path, call_id: str) -> Iterator[str]:
    """An alert is in the log, and `calls why` says it too."""
    try:
        why = " ".join(product.silentspam("calls", "why", call_id, "--config", str(config)).split())
    except product.ProductError as error:
        yield str(error)
        return
    for alert in _listed(told["alerts"]):
        if " ".join(alert.split()) not in why:
            yield f"`calls why` does not say {alert!r}"
    if origin.alerts and not _was_logged(config.parent, call_id):
        yield "no log line of the alert"


def _was_logged(folder: Path, call_id: str) -> bool:
    lines = [line for log in folder.glob("*.log") for line in log.read_text(errors="replace").splitlines()]
    return any("alert" in line and call_id in line for line in lines)


def _while_live(told: Row, row: Row) -> bool:
    analysed, ended = told["analysed_at"], row["ended_at"]
    return isinstance(analysed, float) and isinstance(ended, float) and analysed < ended


def _listed(text: object) -> list[str]:
    return [str(one) for one in json.loads(str(text))] if text is not None else []
