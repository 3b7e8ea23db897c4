"""What the screening needs of a telephone switch, free of anything that only one switch has.

Every command may raise ChannelHangup (the caller left) or ChannelError (the switch refused or garbled it).
Prompts and recordings are paths without a file extension: the switch knows its own formats.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from silentspam.call import CallRecord


class Channel(Protocol):
    """The caller's leg of one call."""

    def announce(self, call_id: str) -> None:
        """Tie our call id to the switch's call, before anything that can fail."""

    def answer(self) -> None:
        """Answer the call."""

    def start_ringing(self) -> None:
        """Let the caller hear ring tone until something else is played."""

    def record(self, path: Path, seconds: float, meanwhile: Callable[[], None]) -> None:
        """Record the caller as raw mu-law to `path` (it ends in .ulaw); run `meanwhile` while it lasts.

        A caller who sends nothing leaves an empty or short file: no error. ChannelError when what was
        recorded did not reach the disk.
        """

    def record_side(self, call_id: str) -> None:
        """Keep what the caller sends from now on, where that is wanted, to be measured after the call."""

    def play(self, sound: str, *, keys: str = "") -> str | None:
        """Play a sound to its end, or to one of `keys`, which is returned."""

    def wait_for_key(self, seconds: float) -> str | None:
        """The next key within `seconds`, or None."""

    def hand_back(self, record: CallRecord) -> None:
        """Tell the switch what was decided: bridge or reject. Anything but a rejection is bridged."""
