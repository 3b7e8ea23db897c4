"""The errors of Silentspam: one root, one class for each part that can fail.

A message names the value, the limit and the key. Nothing here may cost a caller the call: whoever runs a
call catches `SilentSpamError` and fails open.
"""


class SilentSpamError(Exception):
    """Root of every error that Silentspam raises on purpose."""


class ConfigError(SilentSpamError):
    """The configuration cannot be used: the message gives the file and the key's path."""


class AudioError(SilentSpamError):
    """A recording cannot be read, or is not what it says it is."""


class ModelError(SilentSpamError):
    """A model folder is missing, damaged, or made for other parameters."""


class LineError(SilentSpamError):
    """A line, or an embedding of one, is not what it says it is, or belongs to another model."""


class LineStoreError(SilentSpamError):
    """The store of lines known by their provenance cannot be read or written, or refuses what it is given."""


class NoLineStoreError(LineStoreError):
    """There is no store of lines yet: it is made with the first line."""


class LibraryError(SilentSpamError):
    """The library of recordings cannot be read or written, or a recording is none."""


class GateError(SilentSpamError):
    """The gate's file cannot be read or written, or a listing is none."""


class TimelineError(SilentSpamError):
    """A timeline of calls to replay cannot be read, or a line of it is wrong."""


class CallLogError(SilentSpamError):
    """The call log cannot be read or written."""


class NoCallLogError(CallLogError):
    """There is no call log yet: it is made with the first row."""


class ValueRefusedError(CallLogError):
    """The database works, but can never hold this value: trying again is of no use."""


class ChannelError(SilentSpamError):
    """The switch refused or garbled a command."""


class ChannelHangup(ChannelError):
    """The caller left: an end of the call, not a fault."""


class DeadlineExceeded(SilentSpamError):
    """A screening took longer than `limits.screening_seconds`."""


class ServerBusy(SilentSpamError):
    """The resident server has no room for another call: it is bridged unscreened."""
