"""A replay: the live decision and learning on a simulated clock, nothing known before its time."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from silentspam.call import ChallengeCause, ChallengeResult, Decision
from silentspam.config import ChallengeSection
from silentspam.replay.caller import REACTION_SECONDS, sound_seconds
from silentspam.replay.replay import KNOWN_AFTER_SECONDS, new_memory
from silentspam.replay.summary import call_document, challenged, summarise
from silentspam.verdict import Verdict
from tests.lines.ground import line_calls, people
from tests.replay.timelines import CONFIG, GROUND, REFERENCE, Timeline, with_lines


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


def test_an_attack_is_caught_by_a_burst_and_then_by_its_line(timeline: Timeline, tmp_path: Path) -> None:
    timeline.attack(range(0, 6000, 60), line_calls(100))
    timeline.crowd(range(30, 6030, 60), people(100, seed=21))
    replayed = timeline.replay(tmp_path)
    summary = summarise(replayed)
    (attack,) = summary.campaigns
    assert (attack.bridged_before, attack.bridged, attack.caught_by) == (3, 3, "BURST")
    assert (attack.seconds_until, attack.recall_after) == (180.0, 1.0)
    causes = [one.record.challenge_cause for one in replayed if one.call.campaign][3:]
    assert causes[0] is ChallengeCause.BURST
    assert set(causes[1:]) == {ChallengeCause.LINE}
    assert summary.false_challenges.hits == 0


def test_a_fate_is_known_only_after_the_challenge(timeline: Timeline, tmp_path: Path) -> None:
    """A suspect fails; who calls while it is being asked is not yet challenged, who calls after it is."""
    first, *others = line_calls(4)
    timeline.add(0.0, first, probability=0.95)
    (failed,) = timeline.replay(tmp_path)
    ends = failed.record.screened_at or 0.0
    assert failed.record.challenge_result is ChallengeResult.FAILED
    assert failed.record.decision is Decision.REJECT
    seconds = CONFIG.recording.seconds
    known = ends + KNOWN_AFTER_SECONDS - seconds
    for time, one in zip((1.0, known - 0.01, known), others, strict=True):
        timeline.add(time, one)
    assert [challenged(one) for one in timeline.replay(tmp_path)] == [True, False, False, True]


def test_a_challenge_lasts_as_long_as_a_real_one(timeline: Timeline, tmp_path: Path) -> None:
    person, machine = people(2, seed=22)
    timeline.add(0.0, person, passes=True, probability=0.95)
    timeline.add(1000.0, machine, probability=0.95)
    passed, failed = timeline.replay(tmp_path)
    prompts = CONFIG.challenge_settings().prompts
    digits = [sound_seconds(str(prompts / f"press-{digit}")) for digit in range(10)]
    assert all(1 < seconds < 8 for seconds in digits)
    after = [sound_seconds(str(prompts / name)) for name in ("passed", "no-key", "rejected")]
    key = CONFIG.challenge.key_seconds
    lasted = (passed.record.screened_at or 0) - 2.0 - after[0] - REACTION_SECONDS
    assert min(digits) <= lasted <= max(digits)
    lasted = (failed.record.screened_at or 0) - 1002.0 - after[1] - after[2] - 2 * key
    assert 2 * min(digits) <= lasted <= 2 * max(digits)
    assert passed.record.challenge_result is ChallengeResult.PASSED


def test_more_attempts_take_longer(timeline: Timeline, tmp_path: Path) -> None:
    timeline.add(0.0, people(1)[0], probability=0.95)
    three = msgspec.structs.replace(CONFIG, challenge=ChallengeSection(attempts=3))
    (two_attempts,), (three_attempts,) = timeline.replay(tmp_path), timeline.replay(tmp_path, three)
    assert len(three_attempts.record.challenge_attempts) == 3
    assert three_attempts.record.screened_at > two_attempts.record.screened_at + 5  # type: ignore[operator]


def test_a_person_who_passed_is_not_asked_again(timeline: Timeline, tmp_path: Path) -> None:
    one = people(1)[0]
    for time in (0.0, 3600.0, 30 * 3600.0):
        timeline.add(time, one, passes=True, ani="5550001", probability=0.95)
    assert [challenged(one) for one in timeline.replay(tmp_path)] == [True, False, True]


def test_what_cannot_be_judged_is_bridged(timeline: Timeline, tmp_path: Path) -> None:
    for time in range(50):
        timeline.add(float(time), None)
    replayed = timeline.replay(tmp_path, with_lines(exploration_share=1.0))
    assert {one.record.decision for one in replayed} == {Decision.BRIDGE}
    assert summarise(replayed).not_judged == 50


def test_lines_off_leaves_the_model_alone(timeline: Timeline, tmp_path: Path) -> None:
    config = with_lines(enabled=False)
    assert new_memory(config, GROUND, REFERENCE) is None
    assert new_memory(CONFIG, None, None) is None
    timeline.attack(range(9), line_calls(9))
    timeline.add(20.0, people(1)[0], probability=0.95)
    assert [challenged(one) for one in timeline.replay(tmp_path, config)] == [False] * 9 + [True]


def test_calls_in_any_order_are_replayed_by_time(timeline: Timeline, tmp_path: Path) -> None:
    timeline.attack(range(0, 600, 60), line_calls(10))
    forth = [(one.call, challenged(one)) for one in timeline.replay(tmp_path)]
    timeline.calls.reverse()
    assert [(one.call, challenged(one)) for one in timeline.replay(tmp_path)] == forth


def test_the_same_seed_gives_the_same_replay(timeline: Timeline, tmp_path: Path) -> None:
    timeline.attack(range(0, 3000, 30), line_calls(100))
    timeline.crowd(range(15, 3015, 30), people(100, seed=23))
    config = msgspec.structs.replace(CONFIG, lines=with_lines(exploration_share=0.3).lines)
    documents = [[call_document(one) for one in timeline.replay(tmp_path, config, seed=s)] for s in (1, 1)]
    assert documents[0] == documents[1]


def test_an_attacker_on_a_companys_trunk_costs_few_customers_a_challenge(
    timeline: Timeline, tmp_path: Path
) -> None:
    """40 calls fail on purpose on the line on which 200 customers call; then the customers come."""
    for number, one in enumerate(line_calls(40, seed=1)):
        timeline.add(float(30 * number), one, campaign="poisoner", probability=0.95)
    timeline.crowd(np.arange(200) * 60.0 + 2000, line_calls(200, seed=2))
    memory = new_memory(CONFIG, GROUND, REFERENCE)
    summary = summarise(timeline.replay(tmp_path, memory=memory))
    assert summary.campaigns[0].bridged == 0
    assert summary.false_challenges.hits <= 6
    assert memory is not None
    assert len(memory.lines) == 1


def test_a_network_with_comfort_noise_costs_its_people_few_challenges(
    timeline: Timeline, tmp_path: Path
) -> None:
    timeline.crowd(np.arange(300) * 60.0, line_calls(300))
    summary = summarise(timeline.replay(tmp_path, with_lines(exploration_share=0.0)))
    assert summary.false_by_cause["BURST"] == 1
    # Its 300 calls are asked by lot, ever more seldom with each person met.
    assert set(summary.false_by_cause) <= {"BURST", "EXPLORATION"}
    assert summary.false_challenges.hits <= 10
    assert summary.turned_away == 0


def test_a_model_that_suspects_everybody_is_held_back_by_the_budget(
    timeline: Timeline, tmp_path: Path
) -> None:
    timeline.crowd(np.arange(600) * 10.0, people(600, seed=24), probability=0.95)
    summary = summarise(timeline.replay(tmp_path))
    assert summary.false_challenges.hits <= 10 + 0.005 * 600 + 3
    assert summary.held_back["SUSPICION"] >= 580


def test_faxes_that_are_rejected_unasked_reach_nobody_and_are_no_challenges(
    timeline: Timeline, tmp_path: Path
) -> None:
    fax = Verdict(kind="CALLER_FAX", spam_probability=0.99, threshold=0.5, model_id="m")
    for number in range(4):
        timeline.add(10.0 * number, None, campaign="" if number == 3 else "faxes", passes=number == 3)
    timeline.verdicts = dict.fromkeys(timeline.verdicts, fax)
    config = msgspec.convert({"kinds": {"fax": {"treatment": "reject"}}}, type(CONFIG))
    replayed = timeline.replay(tmp_path, config)
    summary = summarise(replayed)
    (campaign,) = summary.campaigns
    assert (campaign.bridged, campaign.caught_by, campaign.caught_as) == (0, "SUSPICION", "CALLER_FAX")
    assert (summary.false_challenges.hits, summary.turned_away, summary.rejected_unasked) == (1, 1, 4)
    assert summary.challenged_by_kind == {"CALLER_FAX": 4}
    assert [call_document(one)["decision"] for one in replayed] == [Decision.REJECT] * 4
    assert not any(map(challenged, replayed))


def test_one_object_a_call(timeline: Timeline, tmp_path: Path) -> None:
    timeline.attack(range(0, 600, 60), line_calls(10))
    last = call_document(timeline.replay(tmp_path)[-1])
    assert (last["decision"], last["source"], last["result"], last["ends"]) == (
        Decision.CHALLENGE,
        ChallengeCause.LINE,
        ChallengeResult.FAILED,
        Decision.REJECT,
    )
    assert last["line_id"] == "line-0001"
    assert last["line_score"] >= last["line_threshold"]  # type: ignore[operator]
    assert last["failed_open_cause"] is None
