"""An operator's word on one call, done to line memory: on both databases."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from silentspam.calllog.database import Database
from silentspam.calllog.lines_by_call import Settled, release_call, settle_call
from silentspam.errors import LineError
from silentspam.lines.deeds import Deed, LineEvent
from silentspam.lines.line import Line, LineOrigin
from silentspam.verdict import LineState
from tests.calllog.test_lines import BASIS, GROUND, NOW, Site
from tests.lines.ground import line_calls, people


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Site:
    return Site(tmp_path, database)


def settle(site: Site, call_id: str, deed: Deed = Deed.CONFIRM) -> Settled:
    event = LineEvent(line_id="new", deed=deed, changed_at=NOW + 100, changed_by="ada", note="why")
    return settle_call(site.database, BASIS, call_id, event, publish=site.published.append)


def test_a_call_of_no_line_makes_one_that_its_next_call_is_challenged_on(site: Site) -> None:
    first, second = line_calls(2)
    settled = settle(site, site.call(first))
    line = settled.line
    assert line is not None
    assert (line.line_id, line.origin, line.state, line.pinned) == (
        "new",
        LineOrigin.OPERATOR,
        LineState.ACTIVE,
        True,
    )
    assert len(line.numbers) == 1
    assert settled.likeness >= settled.threshold
    match = site.published[-1].match(GROUND, second)
    assert match is not None
    assert (match.line_id, match.state) == ("new", LineState.ACTIVE)
    (event,) = site.lines.events("new")
    assert (event.deed, event.changed_by, event.note) == (Deed.CONFIRM, "ada", "why")


def test_a_call_of_a_line_that_is_known_speaks_for_that_one(site: Site) -> None:
    first, second = line_calls(2)
    site.silent(first)
    site.learn()
    (before,) = site.lines.lines()
    settled = settle(site, site.call(second), Deed.SUSPEND)
    assert settled.line is not None
    assert (settled.line.line_id, settled.line.state) == (before.line_id, LineState.SUSPENDED)
    assert len(site.lines.lines()) == 1
    assert [event.deed for event in site.lines.events(before.line_id)] == [Deed.SUSPEND]


def test_a_line_that_its_call_taught_is_meant_even_where_another_lies_nearer(site: Site) -> None:
    call_id = site.silent(line_calls(1)[0])
    site.learn()
    (line,) = site.lines.lines()
    with site.database.transaction(write=True) as connection:
        connection.execute("UPDATE lines SET state = 'EXPIRED', merged_into = 'stayed'")
        columns = (
            "line_id, space_id, origin, mean, count, first_seen, last_seen, state, failed, passed, spoken"
        )
        columns += ", numbers, passers, pinned"
        connection.execute(
            f"INSERT INTO lines ({columns}) SELECT 'stayed', {columns.partition(', ')[2]} FROM lines"
        )
        connection.execute("UPDATE lines SET state = 'ACTIVE', merged_into = NULL WHERE line_id = 'stayed'")
    settled = settle(site, call_id, Deed.SUSPEND)
    assert settled.line is not None
    assert (settled.line.line_id, line.line_id != "stayed") == ("stayed", True)


def release(site: Site, call_id: str) -> Line | None:
    event = LineEvent(line_id="", deed=Deed.RELEASE, changed_at=NOW + 200, changed_by="ada")
    return release_call(site.database, BASIS, call_id, event, publish=site.published.append)


def test_a_line_made_by_hand_is_given_up_when_that_is_taken_back(site: Site) -> None:
    first, second = line_calls(2)
    call_id = site.call(first)
    settle(site, call_id)
    line = release(site, call_id)
    assert line is not None
    assert (line.state, line.pinned) == (LineState.EXPIRED, False)
    assert site.published[-1].match(GROUND, second) is None
    assert [event.deed for event in site.lines.events("new")] == [Deed.CONFIRM, Deed.FORGET]
    assert release(site, call_id) is None


def test_a_line_with_evidence_goes_by_it_when_that_is_taken_back(site: Site) -> None:
    first, second = line_calls(2)
    site.silent(first)
    site.learn()
    call_id = site.call(second)
    assert release(site, call_id) is None
    settle(site, call_id, Deed.SUSPEND)
    line = release(site, call_id)
    assert line is not None
    assert (line.state, line.pinned) == (LineState.ACTIVE, False)


def test_an_opening_like_anybodys_makes_no_line(site: Site) -> None:
    person = people(1, seed=7)[0] + 0.5
    settled = settle(site, site.call(person))
    assert settled.line is None
    assert settled.likeness < settled.threshold
    assert site.lines.lines() == []
    assert site.published == []


@pytest.mark.parametrize("what", ["no such call", "no opening", "another model's"])
def test_calls_that_line_memory_has_no_place_for_are_refused(site: Site, what: str) -> None:
    call_id = {
        "no such call": lambda: "nothing",
        "no opening": lambda: site.call(None),
        "another model's": lambda: site.call(np.asarray(line_calls(1)[0]), space_id="old"),
    }[what]()
    with pytest.raises(LineError, match=call_id):
        settle(site, call_id)
    assert site.lines.lines() == []


def test_the_event_of_a_line_that_was_there_bears_its_name(site: Site) -> None:
    first, second = line_calls(2)
    settle(site, site.call(first))
    again = settle(site, site.call(second), Deed.RELEASE)
    assert again.line is not None
    assert replace(again.line, pinned=True).line_id == "new"
    assert not again.line.pinned
