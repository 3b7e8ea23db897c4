"""What the clerk counts; apart from it, so that the supervisor can name it without a database."""

from silentspam.metrics import Metric

ROWS = Metric("silentspam_rows_total", "counter", "Parts of rows taken into the database.")
SPOOL = Metric("silentspam_spool_files", "gauge", "Files of rows that wait for the database.")
OLDEST = Metric("silentspam_spool_oldest_seconds", "gauge", "Age of the oldest file that waits.")
DATABASE_UP = Metric("silentspam_database_up", "gauge", "1 when the last attempt to write rows succeeded.")
CHORE_FAULTS = Metric(
    "silentspam_chore_failures_total", "counter", "Work after calls that failed, by chore.", ("chore",)
)
SWITCH = Metric(
    "silentspam_switch", "gauge", "1 for what the switch says on this machine: ON, SHADOW, OFF.", ("state",)
)
GUARD = Metric("silentspam_guard_acted", "gauge", "1 while the rate guard has switched to shadow.")
GATE_USABLE = Metric(
    "silentspam_gate_usable",
    "gauge",
    "0 when calls cannot read lists and switch, and are screened as configured.",
)
RECORDINGS = Metric(
    "silentspam_recordings",
    "gauge",
    "Recordings in the call database, by standing; candidates wait for an operator.",
    ("standing",),
)
REPLAYS = Metric(
    "silentspam_replays_total",
    "counter",
    "Finished calls that play a recording, by its standing after them.",
    ("standing",),
)
CANDIDATES_FOUND = Metric(
    "silentspam_candidates_found_total",
    "counter",
    "Recordings found because different numbers played them.",
)
UNHEARD = Metric(
    "silentspam_openings_unheard_total",
    "counter",
    "Openings not compared with those of other calls, as too many came.",
)
CLERK_METRICS = (
    ROWS, SPOOL, OLDEST, DATABASE_UP, CHORE_FAULTS, SWITCH, GUARD, GATE_USABLE, RECORDINGS, REPLAYS,
    CANDIDATES_FOUND, UNHEARD,
)  # fmt: skip
