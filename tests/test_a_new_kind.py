"""A kind of SPAM that is added: one file, one row in the table, one prompt and one policy, and nothing else.

A process is given a new kind before anything of the package but the table is imported, as if the row stood
there; what then runs are the real AGI scripts and the real command line.
"""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

from silentspam import resources, variables
from tests.fakes import Switch, converse, running, tone
from tests.installed import Site, action, ended_status
from tests.kinds.signalling import burst, heard

THE_FILE = '''
"""Answering machines' beeps: 1000 Hz for some tenths of a second."""

from silentspam.kinds.finding import Finding
from silentspam.kinds.listening import SignalListener
from silentspam.kinds.tones import tones_of


def listener(sources):
    return SignalListener(beeps)


def beeps(sound):
    return [
        Finding(
            kind="CALLER_BEEP", signal="beep", probability=0.9, begin=tone.begin, end=tone.end,
            reason=f"a beep of {tone.lines[0].hz:.0f} Hz",
        )
        for tone in tones_of(sound)
        if abs(tone.lines[0].hz - 1000) < 20 and tone.purity > 0.8
    ]
'''

HANGS = """
from pathlib import Path
from silentspam.kinds.listening import SignalListener


def listener(sources):
    return SignalListener(lambda sound: Path(__file__).with_name("pipe").open().read())
"""

THE_ROW = (
    'SpamKind(name="CALLER_BEEP", key="beep", words="a beep", listener="beep:listener", prompt="press-beep")'
)

WITH_THE_KIND = """
import sys
sys.path.insert(0, {folder!r})
import silentspam.kinds.table as table
from silentspam.kinds.table import SpamKind
table.KINDS = ({row}, *table.KINDS)
"""

RUN_SCRIPT = """
import runpy
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

RUN_COMMAND = """
from silentspam.cli import main
sys.exit(main(sys.argv[1:]))
"""

CNG = heard(burst([1100], 0.7, 1.2)).recording.codes.tobytes()
COUNT_A_CALL = """
from silentspam.call import Call, CallRecord, Decision
from silentspam.metrics import Registry, told
from silentspam.screening import Stage
from silentspam.serve.metering import WORKER_METRICS, Log, Meter
meter = Meter(Registry(), Log(stages=False, masked=False, write=lambda line: None))
call = Call(call_id="c", started_at=0.0)
meter.observe(Stage.DECIDED, CallRecord(call=call, verdict="CALLER_BEEP", decision=Decision.REJECT))
print(told(meter.registry.copy(), WORKER_METRICS))
"""

BEEP = heard(burst([1000], 0.5, 0.9)).recording.codes.tobytes()


class SiteWithBeeps(Site):
    """An installation whose table of kinds has one row more."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, resources.shipped_model())
        (folder / "beep.py").write_text(THE_FILE)
        self._start = WITH_THE_KIND.format(folder=str(folder), row=THE_ROW)

    def command(self, script: str) -> list[str]:
        *_, path, config = super().command(script)
        return [sys.executable, "-I", "-c", self._start + RUN_SCRIPT, path, config]

    def silentspam(self, *words: str) -> str:
        """What a verb of the command line prints."""
        return self.run(RUN_COMMAND, *words, "--config", str(self.folder / "silentspam.yaml"))

    def run(self, code: str, *words: str) -> str:
        """What a process with the new kind prints."""
        command = [sys.executable, "-I", "-c", self._start + code, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def site(tmp_path: Path) -> SiteWithBeeps:
    return SiteWithBeeps(tmp_path)


def played(switch: Switch) -> list[str]:
    return [
        command.split()[2].rpartition("/")[2] for command in switch.commands if command.startswith("STREAM")
    ]


def test_its_calls_are_judged_challenged_with_its_prompt_rejected_logged_and_counted(
    site: SiteWithBeeps,
) -> None:
    site.settings["kinds"] = {"beep": {"treatment": "challenge", "max_false_challenge_rate": 0.001}}
    switch = Switch(opening=BEEP)
    assert site.screen(switch) == 0
    assert (action(switch), switch.variables[variables.VERDICT]) == ("REJECT", "CALLER_BEEP")
    assert any(name.startswith("press-beep-") for name in played(switch))

    row = site.row()
    assert (row["verdict"], row["disposition"]) == ("CALLER_BEEP", "REJECTED_CALLER_BEEP")
    assert dict(json.loads(row["kind_probabilities"]))["CALLER_BEEP"] == 0.9
    assert "a beep of 1000 Hz" in row["reasons"]

    switch.variables |= {variables.AGI_STATUS: "SUCCESS", "CHANNEL(hangupsource)": "dialplan/builtin"}
    assert site.end(switch) == 0
    assert site.row()["disposition"] == "REJECTED_CALLER_BEEP"

    why = site.silentspam("calls", "why", row["call_id"])
    assert "verdict CALLER_BEEP" in why
    assert "a beep: probability 0.900 ≥ threshold 0.500" in why
    assert "rejected: a beep, and the challenge was failed" in why
    for option in (
        ["--kind", "beep"],
        ["--verdict", "CALLER_BEEP"],
        ["--disposition", "REJECTED_CALLER_BEEP"],
    ):
        assert row["call_id"] in site.silentspam("calls", *option)
    table2 = site.silentspam("report", "calls").partition("Table 2")[2]
    assert "CALLER_BEEP" in table2


def test_a_person_who_presses_the_key_is_bridged_and_is_no_beep_to_learn_from(site: SiteWithBeeps) -> None:
    class Listener(Switch):
        def reply(self, command: str) -> bytes:
            if "press-beep-" in command:
                self.keys = deque([command.split("press-beep-")[1][0]])
            return super().reply(command)

    switch = Listener(opening=BEEP)
    assert site.screen(switch) == 0
    assert (action(switch), site.row()["challenge_result"]) == ("BRIDGE", "PASSED")


@pytest.mark.parametrize(("treatment", "wanted"), [("bridge", "BRIDGE"), ("reject", "REJECT")])
def test_its_policy_is_that_of_the_configuration(site: SiteWithBeeps, treatment: str, wanted: str) -> None:
    # Nobody is asked by lot: else one rejection in ten is a question.
    site.settings |= {"kinds": {"beep": {"treatment": treatment}}, "collection": {"asked_share": 0}}
    switch = Switch(opening=BEEP)
    assert site.screen(switch) == 0
    assert (action(switch), played(switch)) == (wanted, [])


def test_the_resident_server_counts_it(site: SiteWithBeeps) -> None:
    assert 'silentspam_suspects_total{kind="CALLER_BEEP",outcome="REJECTED_UNASKED"} 1.0' in site.run(
        COUNT_A_CALL
    )


def test_its_spam_is_labelled_as_it_and_no_example_of_dead_air(site: SiteWithBeeps) -> None:
    assert site.screen(Switch(opening=BEEP)) == 0
    call_id = site.row()["call_id"]
    labels = site.folder / "theirs.csv"
    labels.write_text(f"call_id,label\n{call_id},spam\n")
    site.silentspam("labels", "import", str(labels))
    out = site.folder / "labels.csv"
    site.silentspam("labels", "export", "--kind", "beep", "--out", str(out))
    assert f",CALLER_BEEP,,caller-1,,,SUSPICION,1,{call_id},IMPORT" in out.read_text()
    with pytest.raises(subprocess.CalledProcessError):
        site.silentspam("labels", "export", "--out", str(out))


def test_other_calls_are_what_they_were(site: SiteWithBeeps) -> None:
    switch = Switch(opening=tone().codes.tobytes())
    assert site.screen(switch) == 0
    assert switch.variables[variables.VERDICT] == "HAM"


def test_a_listener_that_never_returns_ends_with_the_screenings_deadline_and_the_caller_is_bridged(
    site: SiteWithBeeps,
) -> None:
    """The alarm comes from here, when the listener has begun to wait, so that no test waits for a clock."""
    (site.folder / "beep.py").write_text(HANGS)
    os.mkfifo(site.folder / "pipe")
    switch = Switch(opening=BEEP)
    with running(site.command("silentspam.py")) as process:
        converse(process, switch, until="RECORD FILE")
        assert process.stdin
        assert process.stdout
        process.stdin.write(switch.reply(switch.commands.pop()))
        with (site.folder / "pipe").open("w"):
            process.send_signal(signal.SIGALRM)
            for line in process.stdout:
                process.stdin.write(switch.reply(line.decode().removesuffix("\n")))
            assert ended_status(process) == 0
    assert action(switch) == "BRIDGE"
    row = site.row()
    assert (row["failed_open"], row["verdict"], row["disposition"]) == (1, None, None)
    assert "DeadlineExceeded" in row["failed_open_cause"]


def test_one_that_breaks_costs_its_own_kind_and_the_call_says_so(site: SiteWithBeeps) -> None:
    (site.folder / "beep.py").write_text(THE_FILE.replace("tones_of(sound)", "[1 / 0]"))
    switch = Switch(opening=CNG)
    assert site.screen(switch) == 0
    assert (action(switch), site.row()["verdict"]) == ("REJECT", "CALLER_FAX")
    assert "CALLER_BEEP was not listened for: ZeroDivisionError" in site.row()["reasons"]
