"""The dashboard's panels, row by row: what each shows, and what a reader should make of it."""

from dataclasses import dataclass

HERE = '{job="$job",instance=~"$instance"'
"""The beginning of a selector: more labels and the closing brace follow."""

SHARE, SECONDS, PER_SECOND, COUNT = "percentunit", "s", "reqps", "short"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel. asks: legend → expression; about: what a reader should make of it."""

    title: str
    asks: dict[str, str]
    about: str
    kind: str = "timeseries"
    unit: str = COUNT
    stacked: bool = False
    width: int = 8
    height: int = 8


def _rate(metric: str, by: str, more: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{HERE}{more}}}[$__rate_interval]))"


def _quantile(share: float, by: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    more = "" if by else ',stage="decide"'
    return f"histogram_quantile({share:g}, {_rate('silentspam_stage_seconds_bucket', labels, more)})"


ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Now",
        (
            Panel(
                title="Calls in progress", kind="stat", width=4, height=4,
                asks={"": f"sum(silentspam_calls_in_progress{HERE}}})"},
                about="Calls being screened; server.workers × server.calls_per_worker is the limit.",
            ),
            Panel(
                title="Calls a second", kind="stat", width=4, height=4, unit=PER_SECOND,
                asks={"": f"sum(rate(silentspam_screened_total{HERE}}}[5m]))"},
                about="Screenings that were over, of the last five minutes.",
            ),
            Panel(
                title="Challenged", kind="stat", width=4, height=4, unit=SHARE,
                asks={"": 'silentspam:challenged_share:rate15m{job="$job"}'},
                about="Of the openings judged in the last 15 minutes, for what they sounded like.",
            ),
            Panel(
                title="Failed open", kind="stat", width=4, height=4, unit=SHARE,
                asks={"": 'silentspam:failed_open_share:rate5m{job="$job"}'},
                about="Bridged because the screening failed. No caller is lost, but these are not screened.",
            ),
            Panel(
                title="Workers", kind="stat", width=4, height=4,
                asks={"": f'sum(silentspam_processes{HERE},role="worker"}})'},
                about="Worker processes that answer.",
            ),
            Panel(
                title="Switch", kind="stat", width=4, height=4,
                asks={
                    "{{state}}": f"sum by (state) (silentspam_switch{HERE}}}) > 0",
                    "rate guard": f"sum(silentspam_guard_acted{HERE}}}) > 0",
                },
                about="Servers by what their switch says. SHADOW: none is challenged. OFF: none is screened.",
            ),
        ),
    ),
    (
        "What became of calls",
        (
            Panel(
                title="Screenings by decision", unit=PER_SECOND, stacked=True,
                asks={"{{decision}}": _rate("silentspam_screened_total", "decision")},
                about="BRIDGE goes to the agent, REJECT is ended, ABANDONED left while being screened.",
            ),
            Panel(
                title="Calls that ended, by disposition", unit=PER_SECOND, stacked=True,
                asks={"{{disposition}}": _rate("silentspam_calls_total", "disposition")},
                about="As hangup handlers report it (docs/operating.md has each disposition's meaning).",
            ),
            Panel(
                title="Decided before any audio", unit=PER_SECOND, stacked=True,
                asks={"{{cause}}": _rate("silentspam_gate_total", "cause")},
                about="Emergencies, lists, callers who passed before, the switch.",
            ),
        ),
    ),
    (
        "Judgement",
        (
            Panel(
                title="Verdicts by kind", unit=PER_SECOND, stacked=True,
                asks={"{{kind}}": _rate("silentspam_verdicts_total", "kind")},
                about="INCONCLUSIVE: no media, digital silence, or too short.",
            ),
            Panel(
                title="Suspects by kind, and what became of them", unit=PER_SECOND, stacked=True,
                asks={"{{kind}} {{outcome}}": _rate("silentspam_suspects_total", "kind, outcome")},
                about="PASSED are people, taken for that kind. BRIDGED: by configuration, mode or trust.",
            ),
            Panel(
                title="Kinds that could not be listened for", unit=PER_SECOND, stacked=True,
                asks={"{{kind}}": _rate("silentspam_unheard_total", "kind")},
                about="A detector that fails costs its kind alone; the reasons of each call say why.",
            ),
            Panel(
                title="Challenges by cause and result", unit=PER_SECOND, stacked=True,
                asks={"{{cause}} {{result}}": _rate("silentspam_challenges_total", "cause, result")},
                about="PASSED are people: those of SUSPICION, LINE and BURST count against the budget.",
            ),
            Panel(
                title="People challenged, and the budget", unit=SHARE,
                asks={
                    "of the last day": 'silentspam:false_challenge_share:rate1d{job="$job"}',
                    "allowed": f"sum(max by (kind) (silentspam_false_challenge_rate_allowed{HERE}}}))",
                },
                about="Callers who passed a challenge for suspicion, of all judged who did not fail one.",
            ),
            Panel(
                title="Share challenged", unit=SHARE,
                asks={
                    "last 15 minutes": 'silentspam:challenged_share:rate15m{job="$job"}',
                    "newest calls of {{instance}}": (
                        f'sum by (instance) (silentspam_recent_calls{HERE},which="challenged"}}) / '
                        f'sum by (instance) (silentspam_recent_calls{HERE},which="judged"}})'
                    ),
                },
                about="A jump is an attack, or a model gone wrong: the next panels tell which.",
            ),
            Panel(
                title="Held back by the budget", unit=PER_SECOND, stacked=True,
                asks={"{{cause}}": _rate("silentspam_held_back_total", "cause")},
                about="Suspects who were bridged because the budget of false challenges was spent.",
            ),
            Panel(
                title="Models that judge", stacked=True,
                asks={"{{model_id}}": f"sum by (model_id) (silentspam_model_info{HERE}}})"},
                about="Workers by the model they judge with; two at once only while one is promoted.",
            ),
        ),
    ),
    (
        "Recordings",
        (
            Panel(
                title="Recordings, by standing",
                asks={"{{standing}}": f"max by (standing) (silentspam_recordings{HERE}}})"},
                about="CANDIDATE: found, and nobody has decided (silentspam recordings list).",
            ),
            Panel(
                title="Calls that play one, by its standing", unit=PER_SECOND, stacked=True,
                asks={"{{standing}}": _rate("silentspam_replays_total", "standing")},
                about="Finished calls. Only those of CONFIRMED recordings were suspected for it.",
            ),
            Panel(
                title="Found, and not compared", unit=PER_SECOND,
                asks={
                    "candidates found": _rate("silentspam_candidates_found_total", "job"),
                    "not compared {{instance}}": _rate("silentspam_openings_unheard_total", "instance"),
                },
                about="Not compared: more calls than a tenth of a core compares; re-plays are found later.",
            ),
        ),
    ),
    (
        "How long it takes",
        (
            Panel(
                title="From recording to decision", unit=SECONDS,
                asks={"median": _quantile(0.5), "99 of 100": _quantile(0.99)},
                about="What a caller who is not challenged waits for the screener, once recorded.",
            ),
            Panel(
                title="Stages, 99 of 100", unit=SECONDS,
                asks={"{{stage}}": _quantile(0.99, "stage")},
                about="answer and record are Asterisk's, judge is this machine's processor.",
            ),
            Panel(
                title="Calls in progress",
                asks={
                    "{{instance}}": f"sum by (instance) (silentspam_calls_in_progress{HERE}}})",
                    "greetings {{instance}}": f"sum by (instance) (silentspam_connections_greeting{HERE}}})",
                },
                about="Greetings: the AGI environment is not whole yet; many that stay are an attack.",
            ),
        ),
    ),
    (
        "What went wrong",
        (
            Panel(
                title="Failed open, by cause", unit=PER_SECOND, stacked=True,
                asks={"{{cause}}": _rate("silentspam_failed_open_total", "cause")},
                about="ServerBusy: no room. ModelError: no model. ChannelError: the switch.",
            ),
            Panel(
                title="Connections not served, by reason", unit=PER_SECOND, stacked=True,
                asks={"{{reason}}": _rate("silentspam_refused_total", "reason")},
                about="full and flood were handed back for want of room; the rest never was a call.",
            ),
            Panel(
                title="Processes started again",
                asks={"{{role}} {{instance}}": f"increase(silentspam_restarts_total{HERE}}}[15m])"},
                about="A worker's end cuts its calls; they are bridged.",
            ),
        ),
    ),
    (
        "Where calls come from",
        (
            Panel(
                title="Alerts, by kind", unit=PER_SECOND, stacked=True,
                asks={"{{kind}}": _rate("silentspam_provenance_alerts_total", "kind")},
                about="blocked, fraud, not_permitted: by the line. claim, risk: metadata is contradicted.",
            ),
            Panel(
                title="Calls analysed, set aside, and lines marked", unit=PER_SECOND,
                asks={
                    "{{basis}}": _rate("silentspam_provenance_calls_total", "basis"),
                    "set aside": _rate("silentspam_provenance_set_aside_total", "job"),
                    "marked": _rate("silentspam_provenance_fraud_marks_total", "job"),
                    "seconds of work": _rate("silentspam_provenance_seconds_sum", "job"),
                },
                about="A side takes half a second of a core; 1 second of work a second is all that one does.",
            ),
            Panel(
                title="What waits, and what was not told",
                asks={
                    "{{basis}}": f"sum by (basis) (silentspam_provenance_waiting{HERE}}})",
                    "{{way}} {{result}}": _rate("silentspam_provenance_notifications_total", "way, result"),
                    "{{chore}} fails": _rate("silentspam_provenance_failures_total", "chore"),
                },
                about="Openings wait until their calls are over. More and more: it does not keep up.",
            ),
        ),
    ),
    (
        "FreeSWITCH",
        (
            Panel(
                title="Event sockets heard, of all", width=12,
                asks={"{{which}}": f"sum by (which) (silentspam_event_sockets{HERE}}})"},
                about="As long as one is not heard, calls there end without an end in the call log.",
            ),
            Panel(
                title="Hangups heard, and connections that failed", unit=PER_SECOND, width=12,
                asks={
                    "{{of}}": _rate("silentspam_hangups_total", "of"),
                    "{{error}}": _rate("silentspam_event_socket_faults_total", "error"),
                },
                about="other: agents' legs and calls that never came here.",
            ),
        ),
    ),
    (
        "Rows",
        (
            Panel(
                title="Oldest row that waits", unit=SECONDS,
                asks={"{{instance}}": f"silentspam_spool_oldest_seconds{HERE}}}"},
                about="Seconds are usual; minutes mean that the call database is away. Nothing is lost.",
            ),
            Panel(
                title="Files of rows that wait",
                asks={
                    "{{instance}}": f"silentspam_spool_files{HERE}}}",
                    "in memory alone {{instance}}": f"silentspam_rows_unwritten{HERE}}}",
                },
                about="In memory alone: the spool's disk refuses them. Make room before a restart.",
            ),
            Panel(
                title="Rows taken in, and work that fails", unit=PER_SECOND,
                asks={
                    "rows {{instance}}": _rate("silentspam_rows_total", "instance"),
                    "{{chore}} fails": _rate("silentspam_chore_failures_total", "chore"),
                },
                about="Parts of rows: a call has one when screened, and one when it ended.",
            ),
            Panel(
                title="Servers", kind="table", width=24, height=6,
                asks={
                    "version": f"silentspam_build_info{HERE}}}",
                    "mode": f"silentspam_mode{HERE}}}",
                    "database": f"silentspam_database_up{HERE}}}",
                    "gate": f"silentspam_gate_usable{HERE}}}",
                },
                about="1 is well. database: the last writing of rows. gate: lists and switch can be read.",
            ),
        ),
    ),
)  # fmt: skip
