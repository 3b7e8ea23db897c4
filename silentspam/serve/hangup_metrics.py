"""What the process that hears FreeSWITCH's hangups counts; apart, so that the supervisor need not load it."""

from silentspam.metrics import Metric

SOCKETS = Metric(
    "silentspam_event_sockets",
    "gauge",
    "FreeSWITCH's event sockets: all of the configuration, and those that are heard.",
    ("which",),
)
HANGUPS = Metric(
    "silentspam_hangups_total",
    "counter",
    "Hangups heard from FreeSWITCH, of calls that came to the screener or of other legs.",
    ("of",),
)
FAULTS = Metric(
    "silentspam_event_socket_faults_total",
    "counter",
    "Connections to FreeSWITCH's event sockets that failed or were lost, by error.",
    ("error",),
)
HANGUP_METRICS = (SOCKETS, HANGUPS, FAULTS)
