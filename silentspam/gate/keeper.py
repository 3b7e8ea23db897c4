"""Asks the gate for a call: the file as it is at that moment, and the rules."""

import time
from collections.abc import Callable
from pathlib import Path

from silentspam.call import Call
from silentspam.errors import GateError
from silentspam.gate.file import FILE_NAME, GateFile
from silentspam.gate.passage import Passage
from silentspam.gate.rules import GateSettings, decide, without_file


class Gatekeeper:
    """Gives each call its passage; one serves many calls, in as many threads as there are."""

    def __init__(
        self, folder: Path, settings: GateSettings, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._file = GateFile(folder)
        self._folder = folder
        self._settings = settings
        self._clock = clock

    def __call__(self, call: Call) -> Passage:
        """The passage of a call; emergencies are known whatever has become of the file."""
        try:
            gate = self._file.read_if_changed()
        except GateError as error:
            return without_file(call, self._settings, str(error))
        if gate is None:
            return without_file(call, self._settings, f"there is no {self._folder / FILE_NAME} yet")
        return decide(call, gate, self._settings, now=self._clock())
