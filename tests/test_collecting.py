"""Collection measures an opening and never judges it; what cannot be judged is told apart without a model."""

import sys
from pathlib import Path

import pytest

from silentspam import assembly
from silentspam.audio import Recording, write_ulaw
from silentspam.call import Mode, VerdictKind
from silentspam.collecting import NOT_JUDGED, OpeningMeter
from silentspam.config import Config, ModelSection
from silentspam.errors import AudioError
from tests.fakes import Switch, converse, joined, noise, running, silence, tone
from tests.installed import Site, action, complaint


def meter() -> OpeningMeter:
    return OpeningMeter(max_seconds=2.0, min_seconds=1.0, max_digital_silence_share=0.5)


@pytest.mark.parametrize("opening", [tone(), noise(level=8.0), joined(silence(0.9), noise(1.1))])
def test_an_opening_is_of_no_kind(opening: Recording, tmp_path: Path) -> None:
    write_ulaw(tmp_path / "a.ulaw", opening)
    verdict = meter().judge(tmp_path / "a.ulaw")
    assert (verdict.kind, verdict.spam_probability, verdict.model_id) == (None, None, None)
    assert verdict.reasons == (NOT_JUDGED,)
    assert verdict.seconds == 2.0
    assert verdict.digital_silence_share == opening.digital_silence_share


@pytest.mark.parametrize(
    "opening",
    [silence(0.0), silence(2.0), silence(2.0, 0x7F), noise(0.5), joined(silence(1.5), noise(0.5))],
    ids=["no media", "digital silence", "minus zero", "too short", "late media"],
)
def test_what_no_model_could_judge_is_inconclusive(opening: Recording, tmp_path: Path) -> None:
    write_ulaw(tmp_path / "a.ulaw", opening)
    verdict = meter().judge(tmp_path / "a.ulaw")
    assert verdict.kind is VerdictKind.INCONCLUSIVE
    assert verdict.reasons != (NOT_JUDGED,)


def test_a_recording_that_is_not_there_is_an_audio_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        meter().judge(tmp_path / "missing.ulaw")


def test_in_collect_mode_no_model_is_needed(tmp_path: Path) -> None:
    write_ulaw(tmp_path / "a.ulaw", tone())
    config = Config(mode=Mode.COLLECT, model=ModelSection(folder=str(tmp_path / "no-model")))
    judge = assembly.screener(config).judge
    judge.prepare()
    assert judge.judge(tmp_path / "a.ulaw").kind is None


def test_a_collected_call_loads_no_model_and_is_bridged(tmp_path: Path) -> None:
    """The real process, by what it has loaded at its end."""
    code = (
        "import sys, os; from silentspam import embedded; status = embedded.main('screen'); "
        "os.write(2, str('silentspam.model' in sys.modules).encode() + b'\\n')"
    )
    site, switch = Site(tmp_path, tmp_path / "no-model"), Switch(opening=noise(level=8.0).codes.tobytes())
    site.settings["mode"] = "collect"
    with running([sys.executable, "-I", "-c", code, site.command("")[-1]]) as process:
        converse(process, switch)
        assert set(complaint(process).split()) == {"False"}
    row = site.row()
    assert action(switch) == "BRIDGE"
    assert (row["mode"], row["verdict"], row["recorded_seconds"], row["failed_open"]) == (
        "collect",
        None,
        2.0,
        0,
    )
    assert Path(row["recording"]).read_bytes() == switch.opening


def test_dead_air_that_fails_a_challenge_by_lot_is_bridged_by_the_real_script(tmp_path: Path) -> None:
    site, switch = Site(tmp_path, tmp_path / "no-model"), Switch(opening=noise(level=8.0).codes.tobytes())
    site.settings["mode"] = "collect"
    site.settings["collection"] = {"challenge_share": 1.0, "caller_leg": True, "legs": str(tmp_path / "legs")}
    assert site.screen(switch) == 0
    row = site.row()
    assert action(switch) == "BRIDGE"
    assert (row["challenge_cause"], row["challenge_result"]) == ("EXPLORATION", "FAILED")
    monitored = [command for command in switch.commands if "MixMonitor" in command]
    assert monitored == [f'EXEC MixMonitor ",r({tmp_path}/legs/{row["call_id"]}.ulaw)"']
