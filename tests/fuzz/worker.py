"""One target under atheris, in a process of its own: python -m tests.fuzz.worker NAME FOLDER [OPTION…].

Every finding is written once, by the kind of its error and the place where it came up, and fuzzing goes on:
one defect must not hide the others. What ends the process itself (a crash, a hang, memory) libFuzzer reports.
The options are libFuzzer's.
"""

import hashlib
import sys
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["silentspam", "asterisk", "yaml", "numpy.lib"]):
    from tests.fuzz.target import Target
    from tests.fuzz.targets import TARGETS


class Findings:
    """What came out of a target, each once."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._known: set[tuple[str, str, int | None]] = set()

    def try_on(self, content: bytes) -> None:
        """Hand the bytes to the target; note an error at a place where none was seen yet."""
        try:
            self._target.try_on(content)
        except Exception as error:  # noqa: BLE001  whatever it is, it is what we look for
            last = traceback.extract_tb(error.__traceback__)[-1]
            signature = (type(error).__name__, last.filename, last.lineno)
            if signature not in self._known:
                self._known.add(signature)
                self._write(content, error)

    def _write(self, content: bytes, error: Exception) -> None:
        name = f"{self._target.name}-{hashlib.sha256(content).hexdigest()[:12]}"
        (self._folder / name).write_bytes(content)
        (self._folder / f"{name}.txt").write_text(
            "".join(traceback.format_exception(error)), "utf-8", "replace"
        )


def main(argv: list[str]) -> None:
    """Fuzz until libFuzzer's options say that it is enough; never returns."""
    program, name, folder, *options = argv
    findings = Findings(TARGETS[name], Path(folder))
    atheris.Setup([program, *options], findings.try_on)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
