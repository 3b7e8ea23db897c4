"""The product under test as an admin would put it in place: its AGI scripts, dialplan, YAML and call log.

The lab knows of Silentspam only what is public: the command line, the configuration keys, the columns of the
table `calls`, and `line_queue`, the calls that line memory has still to learn from.
"""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lab.scenarios import Row

REPOSITORY = Path(__file__).parent.parent
PROMPTS = REPOSITORY / "ivr_prompts" / "en"
PROMPTS_PAUSE_SAMPLES = 2400
COMMAND_LINE = "import sys; from silentspam.cli import main; sys.exit(main())"
"""The console script `silentspam`, by the Python that runs the lab."""
SETTLING_SECONDS = 5.5
"""`silentspam speech` leaves a file alone until it has rested for 5 s."""
IN_FORCE_SECONDS = 2.5
"""What the command line changes is in force everywhere by then."""
NOT_EXECUTABLE = "not_executable.py"
BUDGET = 0.01
"""The share of people who may be challenged falsely. The model has half of it, line memory the other half; at
half of the shipped default the model would let the lab's own dead air pass."""


class ProductError(Exception):
    """Silentspam could not be installed, or its command line failed."""


def silentspam(*arguments: str, seconds: float = 60.0) -> str:
    """Run a verb of the command line and return what it prints. Raises ProductError."""
    command = [sys.executable, "-c", COMMAND_LINE, *arguments]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=seconds, check=False
    )
    if done.returncode != 0:
        raise ProductError(f"silentspam {' '.join(arguments)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def install(work: Path, config: Path) -> Path:
    """Put AGI scripts and dialplan into `work` by the product's own command; returns the dialplan file."""
    agi_folder, dialplan_folder = work / "agi-bin", work / "dialplan"
    agi_folder.mkdir()
    dialplan_folder.mkdir()
    folders = ["--agi-dir", str(agi_folder), "--dialplan-dir", str(dialplan_folder)]
    # The machine's own configuration and folders are left alone.
    folders += ["--asterisk-etc", str(work / "etc"), "--config", str(config)]
    silentspam("install", *folders, "--python", sys.executable)
    blunt = agi_folder / NOT_EXECUTABLE
    shutil.copyfile(agi_folder / "silentspam.py", blunt)
    blunt.chmod(0o644)
    return dialplan_folder / "extensions_silentspam.conf"


def make_prompts_twice(folder: Path) -> Path:
    """Prompts that ask twice, so that a caller can press into them; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for prompt in PROMPTS.glob("*.ulaw"):
        once = prompt.read_bytes()
        again = b"\xff" * PROMPTS_PAUSE_SAMPLES + once if prompt.name.startswith("press-") else b""
        (folder / prompt.name).write_bytes(once + again)
    return folder


def make_empty_prompts(folder: Path) -> Path:
    """Prompts of no length, as a full disk leaves them when they are copied; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for prompt in PROMPTS.glob("*.ulaw"):
        (folder / prompt.name).touch()
    return folder


def write_config(folder: Path, changes: Mapping[str, Any], names: Mapping[str, str]) -> Path:
    """Write a scenario's YAML into its folder, an installation of its own: what one learns, no other knows.

    `changes` override keys; `{name}` in their texts is replaced by `names[name]`.
    """
    document: dict[str, Any] = {
        "mode": "enforce",
        "call_log": {
            "database": str(folder / "calls.db"),
            "spool": str(folder / "spool"),
            "unlogged": str(folder / "unlogged.jsonl"),
        },
        "recording": {"folder": str(folder / "recordings")},
        "model": {"registry": str(folder / "models"), "max_false_challenge_rate": BUDGET},
        # Nobody is challenged by lot unless the scenario is about that.
        "lines": {"folder": str(folder / "lines"), "exploration_share": 0.0, "suspended_share": 0.0},
        "gate": {"folder": str(folder / "gate")},
        "challenge": {"contact_number": "2025550199"},
    }
    for section, keys in changes.items():
        if isinstance(keys, Mapping):
            filled = {key: _filled(value, names) for key, value in keys.items()}
            document[section] = {**document.get(section, {}), **filled}
        else:
            document[section] = keys
    path = folder / "silentspam.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def _filled(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, list):
        return [_filled(one, names) for one in value]
    return value.format(**names) if isinstance(value, str) else value


class KnownRecordings(Mapping[str, str]):
    """{recording} in what the command line is told: the only one, waited for as it may just be found; and
    {call}, the newest call of the call log."""

    def __init__(self, config: Path, *, seconds: float, names: Mapping[str, str]) -> None:
        self._config = config
        self._seconds = seconds
        self._names = names

    def __getitem__(self, name: str) -> str:
        known = {"recording": self._the_one, "call": self._newest_call}
        return known[name]() if name in known else self._names[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._names, "recording", "call"))

    def __len__(self) -> int:
        return len(self._names) + 2

    def _newest_call(self) -> str:
        # Screened here: a FreeSWITCH tells every server of all its calls' ends.
        newest = "SELECT call_id FROM calls WHERE screened_at IS NOT NULL ORDER BY started_at DESC LIMIT 1"
        rows = _query(database_of(self._config), newest)
        if not rows:
            raise ProductError("no call is known yet")
        return str(rows[0]["call_id"])

    def _the_one(self) -> str:
        deadline = time.monotonic() + self._seconds
        while True:
            listed = silentspam("recordings", "list", "--format", "json", "--config", str(self._config))
            found = [str(one["recording_id"]) for one in json.loads(listed)]
            if len(found) == 1:
                return found[0]
            if time.monotonic() > deadline:
                raise ProductError(f"{len(found)} recordings are known, where one should be")
            time.sleep(0.5)


def database_of(config: Path) -> Path:
    """The database that a configuration names."""
    document = yaml.safe_load(config.read_text(encoding="utf-8"))
    return Path(document["call_log"]["database"])


def wait_for_row(
    config: Path,
    ani: str,
    *,
    seconds: float,
    row_waits: bool = False,
    columns: Sequence[str] = (),
    since: float = 0.0,
) -> Row | None:
    """The finished row of a number's call since then, or what there is of it when the time is up.

    `columns` are filled in later than the rest: the row is finished when they are there too. A row that waits
    outside the database (spool, Asterisk's own file) is taken in by reading the call log.
    """
    deadline = time.monotonic() + seconds
    while True:
        if row_waits:
            with contextlib.suppress(ProductError):  # there is no call log yet
                silentspam("calls", "--config", str(config))
        row = _row(database_of(config), ani, since)
        if (row is not None and _is_finished(row, columns)) or time.monotonic() > deadline:
            return row
        time.sleep(0.1)


def wait_for_origin(config: Path, call_id: str, *, seconds: float) -> Row | None:
    """What was told of where a call came from; None where nothing was when the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        found = _query(database_of(config), "SELECT * FROM provenance WHERE call_id = ?", call_id)
        if found or time.monotonic() > deadline:
            return found[0] if found else None
        time.sleep(0.1)


def wait_until_learnt(config: Path, *, seconds: float) -> None:
    """Wait until line memory has learnt from every call with a row. Raises ProductError when the time is up.

    The snapshot that the next call is judged with is in place before a call leaves the queue.
    """
    deadline = time.monotonic() + seconds
    while (waiting := _query(database_of(config), "SELECT call_id FROM line_queue")) != []:
        if time.monotonic() > deadline:
            raise ProductError(f"{len(waiting or ())} calls were not learnt from within {seconds:.0f} s")
        time.sleep(0.1)


def measure_speech(config: Path, *, seconds: float) -> None:
    """Measure the callers' sides of a scenario when none waits any more. Raises ProductError."""
    deadline = time.monotonic() + seconds
    time.sleep(SETTLING_SECONDS)
    while (said := silentspam("speech", "--config", str(config))) and ", 0 waits" not in said:
        if time.monotonic() > deadline:
            raise ProductError(f"silentspam speech: {said.strip()}")
        time.sleep(1.0)


def _is_finished(row: Row, columns: Sequence[str]) -> bool:
    """Both halves are there; a screener that failed leaves only the handler's."""
    halves = row["ended_at"] is not None and bool(row["screened_at"] is not None or row["failed_open"])
    return halves and all(row.get(column) is not None for column in columns)


def _row(database: Path, ani: str, since: float) -> Row | None:
    statement = "SELECT * FROM calls WHERE ani = ? AND COALESCE(started_at, ?) >= ?"
    found = _query(database, statement, ani, since, since) or []
    if len(found) > 1:
        raise ProductError(f"{len(found)} rows for one call of {ani}: {json.dumps(found)}")
    return found[0] if found else None


def _query(database: Path, statement: str, *values: str | float) -> list[Row] | None:
    """Rows of the call database; None where it is not made yet."""
    if not database.is_file():
        return None
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=2.0)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, values)]
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return None
