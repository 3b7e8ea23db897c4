"""What the listener counts; apart from it, so that a supervisor can name it without numpy or a database."""

from silentspam.metrics import Metric

CALLS = Metric(
    "silentspam_provenance_calls_total",
    "counter",
    "Calls analysed for their provenance, by audio.",
    ("basis",),
)
ALERTS = Metric(
    "silentspam_provenance_alerts_total", "counter", "Alerts of calls' provenance, by kind.", ("kind",)
)
SECONDS = Metric("silentspam_provenance_seconds", "histogram", "Time that the analysis of one call took.")
WAITING = Metric(
    "silentspam_provenance_waiting",
    "gauge",
    "Sides that are long enough or over, and openings, that wait to be analysed.",
    ("basis",),
)
ASIDE = Metric(
    "silentspam_provenance_set_aside_total", "counter", "Sides and openings that could not be analysed."
)
MARKS = Metric("silentspam_provenance_fraud_marks_total", "counter", "Lines marked for fraud after a call.")
TOLD = Metric(
    "silentspam_provenance_notifications_total",
    "counter",
    "Alerts told, by way (webhook, channel, freeswitch) and result (sent, skipped, failed, dropped).",
    ("way", "result"),
)
FAULTS = Metric(
    "silentspam_provenance_failures_total",
    "counter",
    "Work of the listener that failed, by chore.",
    ("chore",),
)
LISTENER_METRICS = (CALLS, ALERTS, SECONDS, WAITING, ASIDE, MARKS, TOLD, FAULTS)
