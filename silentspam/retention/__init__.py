"""What is kept of callers, in what form, how long, and what a caller may ask of us.

Everything here comes after a call, in a process that no caller waits for; nothing of it can cost a call or a
row. What fails leaves the recording as it was, in plain, and says so.
"""

from silentspam.errors import SilentSpamError


class RetentionError(SilentSpamError):
    """A recording, key or number cannot be treated as asked: the message names it, and what it wants."""
