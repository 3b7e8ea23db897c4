"""The faults of the event socket, for docs/faults.md: what callers notice, what the row and the logs say.

No FreeSWITCH is to be had where this project is built. What FreeSWITCH does was measured on 1.10.12 without
this program, or read in its source; what this program does then, its tests show.
"""

TITLE = "## FreeSWITCH"

ABOUT = """\
Not made by `make faults`: no FreeSWITCH can be had where this is built. What FreeSWITCH does in each
case was measured on FreeSWITCH 1.10.12 (Debian 12, SIP on loopback, once or twice a case) or, where
*(src)* stands, read in its source; what `silentspam serve` does then is shown by tests, on recordings
of fourteen real sessions and a peer that replays them. With a FreeSWITCH of yours, `python -m lab
--switch freeswitch` places such calls ([lab/freeswitch](../lab/freeswitch/README.md)).

*At once*: with the next action of the dialplan. *The guard*: `sched_transfer +15 …` before the `socket`
([freeswitch](freeswitch.md)). *Its note*: the line that the dialplan's fifth line leaves in
`call_log.unlogged`."""

HEADS = ("fault", "callers notice", "the row says", "the server's log says")

NEVER = "`the screener did not report back: it never had the call`"
BEGUN = "`the screener did not report back: it had begun with the call`"
HELD = "`event socket lost`, `event socket not heard`"
ALIVE = "from its hangup, which the process `hangups` hears"

ROWS = (
    (
        "`silentspam serve` does not run",
        "nothing: the agent at once",
        f"{NEVER}; from its note, or from its hangup where the server is back by then",
        "nothing",
    ),
    (
        "the server dies while a command is answered",
        "nothing: the agent at once",
        f"{BEGUN}, where hangups are heard or from its note",
        "`gone`, with the exit code, where its supervisor lives",
    ),
    (
        "… while ring tone or question plays",
        "the agent when the sound is over: 2 s, or the question's length",
        BEGUN,
        "the same",
    ),
    (
        "one worker hangs (SIGSTOP)",
        "ring tone 5 s longer at most, then the agent: the supervisor ends the worker",
        f"{BEGUN}, {ALIVE}",
        "`hung`, `gone`",
    ),
    (
        "the whole server hangs",
        "ring tone until the guard, 15 s after the call came; in a challenge, until that has had its longest",
        BEGUN,
        "nothing",
    ),
    (
        "a connection is accepted and ends before `connect` (a worker dies in that moment)",
        "ringing until the guard, 15 s; without the guard FreeSWITCH keeps the caller",
        f"{NEVER}, {ALIVE}",
        "`gone`",
    ),
    (
        "the server's host does not answer at all",
        "ringing until the guard, 15 s; without the guard about 135 s",
        NEVER,
        "nothing",
    ),
    (
        "no worker comes back",
        "6 s of ringing at most, then the agent: the supervisor says `connect` and closes",
        f"{NEVER}, {ALIVE}",
        "`gone`, `hung`",
    ),
    (
        "the server is full",
        "nothing: the agent at once",
        "`ServerBusy: all of server.calls_per_worker are in use`",
        "`decided`; `silentspam_refused_total`",
    ),
    (
        "an announcement that is none, late or too long; an address that is not allowed",
        "nothing: the agent at once; a late one after `server.greeting_seconds`",
        f"{NEVER}, {ALIVE}",
        "`silentspam_refused_total`: `slow greeting`, `cut off`, `no announcement`, `address not allowed`",
    ),
    (
        "the dialplan says `socket` without `async full`; `silentspam check` finds that",
        "not tried",
        "an error that names the command which FreeSWITCH refused",
        "`decided`",
    ),
    (
        "the guard fires while a slow server still screens",
        "the agent after 15 s; nothing more is done to the call, nobody is hung up",
        "`ChannelError: the dialplan has taken the call back`, `sched_del: the dialplan's guard is gone: …`",
        "`decided`",
    ),
    (
        "FreeSWITCH may not write into `recording.folder`, or it is missing",
        "2 s of ring tone, then the agent",
        "`ChannelError: record_session …: no file; may FreeSWITCH's user write there?`",
        "`decided`",
    ),
    (
        "the recordings' disk is full",
        "2 s of ring tone, then the agent",
        "`ChannelError: record_session: … of … bytes reached the disk: is it full?`",
        "`decided`",
    ),
    (
        "mod_tone_stream is not loaded",
        "two seconds of nothing in the place of ring tone, then as ever: the screener waits by `sleep`",
        "nothing of it",
        "nothing",
    ),
    (
        "prompts are not there as .wav",
        "no question: the agent",
        "`ChannelError: playback …`",
        "`decided`",
    ),
    (
        "FreeSWITCH hangs in the middle of a command",
        "whatever FreeSWITCH lets him hear; the agent when it goes on",
        "`ChannelError: …: FreeSWITCH gave no answer within …`",
        "`decided`",
    ),
    (
        "the event socket speaks garbage, or breaks off",
        "nothing: the agent at once",
        "`ChannelError: FreeSWITCH has closed the event socket, and the caller had not left`",
        "`decided`",
    ),
    (
        "FreeSWITCH dies or is restarted",
        "the end of the call",
        "what had been screened; its end a day later: `the switch reported no end`",
        HELD,
    ),
    (
        "FreeSWITCH's own event socket refuses us: password, `apply-inbound-acl`, port",
        "nothing",
        "what was screened; its end a day later",
        "`event socket not heard`, `FreeSWITCH refuses freeswitch.password: …`",
    ),
    (
        "FreeSWITCH is told to have no shell commands (`disable_system_api_commands`)",
        "nothing",
        "none for a call that came and went while the server was away: its note needs a shell *(src)*",
        "nothing",
    ),
)
"""Of each fault: itself, the caller, the row, the log."""

FOUND = """\
**A connection that is closed before `connect` costs the caller.** FreeSWITCH waits for that word
without end, and does not notice that the connection is gone. So the server says it to everybody, before
it reads anything or asks who it is, and the dialplan has its own guard.

**`socket_resume` is not for this.** It goes on at once where the default is stuck, but takes a call
back that is bridged already: with it the agent was cut off or dialled again when the program left
(measured). So it stays unset, and what it is good for the guard does.

**An application that is not there hangs the call up**, and `bgsystem` need not be there
(`disable_system_app_commands`). So nothing but `set`, `multiset`, `sched_transfer`, `socket`,
`sched_cancel` and, for the note alone, `execute_extension` stands in the way of a call, and what the
note needs runs when the caller has gone."""
