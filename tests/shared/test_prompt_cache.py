"""The planner of prompt-cache markers: what it may never do, and when a write pays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import prompt_cache
from shared.prompt_cache import life_table
from shared.prompt_cache.boundaries import LOOKED_UP, PRIORS, boundaries
from shared.prompt_cache.life_table import LifeTable
from shared.prompt_cache.planner import Plan, Terms, may_be_lost, tokens_per_character
from shared.prompt_cache.prompt import Prompt, chain
from shared.prompt_cache.state import Ledger, Record, State

NOW = 1_790_000_000_000
KINDS = ("system", "user", "assistant", "tool_use", "tool_result", "unmarked")
MARKED = frozenset(("tools", "system", "user", "assistant", "tool_use", "tool_result"))
ANTHROPIC = Terms(
    write={300: 1.25, 3600: 2.0}, read=0.1, minimum=1024, markers=4, marked=MARKED, exact=False
)
OPENAI = Terms(
    write={1800: 1.25},
    read=0.1,
    minimum=1024,
    markers=4,
    marked=frozenset(("system", "user", "tool_result")),
    exact=True,
)


def prompt(*blocks: tuple[str, int]) -> Prompt:
    """Kinds and tokens; four characters are a token."""
    sizes, tokens = [], 0
    for _, more in blocks:
        tokens += more
        sizes.append(tokens * 4)
    texts = [f"{kind} {more}".encode() for kind, more in blocks]
    prefixes = chain(b"k" * 32, b"model", texts)
    return Prompt([kind for kind, _ in blocks], dict(enumerate(sizes)), dict(enumerate(prefixes)))


def planned(asked: Prompt, state: State, terms: Terms = ANTHROPIC) -> Plan:
    return prompt_cache.plan(asked, boundaries(asked.kinds), state, terms, NOW)


CHAT = prompt(("system", 4000), ("user", 100), ("assistant", 200), ("user", 100))
ALIVE = Record(uses=5, expires=NOW + 60_000, lifetime=300, waits=True)
SEEN = Record(uses=2, expires=0, lifetime=0, waits=True)


def test_prefixes_depend_on_key_start_and_everything_before():
    one = chain(b"a" * 32, b"", [b"x", b"y", b"z"])
    assert chain(b"a" * 32, b"", [b"x", b"y", b"other"])[:2] == one[:2]
    assert len({*one, *chain(b"b" * 32, b"", [b"x"]), *chain(b"a" * 32, b"m", [b"x"])}) == 5
    assert chain(b"a" * 32, b"", [b"other", b"y"])[1] != one[1]
    assert all(len(prefix) == 24 for prefix in one)


def test_boundaries_of_an_agents_prompt():
    kinds = ["tools", "system", "system", "user", "assistant", "tool_use", "tool_result"]
    assert boundaries(kinds).classes == {0: "T{}", 1: "S{}t", 2: "S{}t", 3: "H{}", 6: "Lr2t"}
    assert boundaries(["user"]).classes == {0: "Lu1"}
    assert boundaries(["tools", "user"]).classes == {0: "T{}", 1: "Lu1t"}


@given(st.booleans(), st.lists(st.sampled_from(KINDS), min_size=1, max_size=300))
def test_every_class_has_a_prior_and_a_request_reads_48_fields_at_most(
    tools: bool, kinds: list[str]
):
    kinds = ["tools", *kinds] if tools else kinds
    found = boundaries(kinds)
    assert {name.format(uses) for name in found.classes.values() for uses in (1, 2, 3)} <= {*PRIORS}
    assert set(found.classes) <= set(found.looked_up)
    assert len(found.looked_up) <= LOOKED_UP
    each = range(len(kinds))
    asked = Prompt(kinds, dict.fromkeys(each, 1), {at: str(at) for at in each})
    assert len(prompt_cache.fields(asked, found)) <= 48


def test_a_life_table_is_shrunk_towards_what_is_known_elsewhere():
    table = LifeTable((6, 0, 0, 0), (2, 0, 0, 0), (0, 0, 0, 0))
    hazards = table.shrunk([0.2, 0.1, 0.1, 0.1], 2)
    assert hazards[0] == pytest.approx((6 + 2 * 0.2) / (8 + 2))
    assert hazards[1] == pytest.approx(0.1)
    waiting = LifeTable((6, 0, 0, 0), (2, 0, 0, 0), (4, 0, 0, 0))
    assert waiting.shrunk([0.2, 0.1, 0.1, 0.1], 2)[0] == pytest.approx(6.4 / 12)


def test_chances_add_up_over_the_intervals():
    hazards = life_table.prior(0.5, 0.8)
    assert life_table.uses(hazards, [300, 3600]) == pytest.approx([0.5, 0.8])
    assert 0.5 < life_table.uses(hazards, [1800])[0] < 0.8


def test_nothing_is_written_for_a_question_that_comes_once():
    assert planned(prompt(("system", 4000), ("user", 3000)), State()).markers == {}


def test_what_was_used_before_is_written():
    plan = planned(CHAT, State(records={0: SEEN}))
    assert 0 in plan.markers


def test_a_live_entry_is_read_and_kept():
    plan = planned(CHAT, State(records={0: ALIVE, 1: ALIVE}))
    assert {1, 3} <= set(plan.markers)
    assert plan.predicted == 4100
    kept = {touch.prefix: touch.expires for touch in plan.lessons().touches}
    assert kept[CHAT.prefixes[1]] == NOW + 300_000


def test_a_short_prompt_gets_no_markers():
    short = prompt(("system", 800), ("user", 100))
    assert planned(short, State(records={0: ALIVE})).markers == {}


def test_nothing_new_is_written_once_writes_have_cost_too_much():
    agent = prompt(("tools", 3000), ("system", 1000), ("user", 100))
    assert planned(agent, State()).markers
    red = State(ledger=Ledger(paid=3000, saved=0, seen=4000, characters=16_000))
    assert planned(agent, red).markers == {}
    earned = State(ledger=Ledger(paid=3000, saved=9000, seen=4000, characters=16_000))
    assert planned(agent, earned).markers


def test_a_forbidden_write_is_planned_all_the_same_and_counts_what_it_would_have_saved():
    red = State(ledger=Ledger(paid=3000, seen=4000, characters=16_000))
    agent = prompt(("tools", 3000), ("system", 1000), ("user", 100))
    first = planned(agent, red)
    assert (first.markers, first.lessons().missed) == ({}, -(4000 + 25)), (
        "an hour costs 1.0 more, else 0.25"
    )
    would = {touch.prefix for touch in first.lessons().touches if touch.would_expire is not None}
    assert {agent.prefixes[1], agent.prefixes[2]} <= would
    known = State(records={1: Record(1, 0, 0, waits=True, would_expire=NOW + 9)}, ledger=red.ledger)
    second = planned(agent, known)
    assert second.markers == {}
    assert second.lessons().missed > 0.8 * 4000
    earned = Ledger(paid=3000, seen=4000, characters=16_000, missed=12_000)
    assert planned(agent, State(ledger=earned)).markers


def test_what_may_be_lost():
    assert may_be_lost(Ledger(missed=-9000)) == 2000
    assert may_be_lost(Ledger(seen=10_000, missed=1000)) == 2020, "a tenth of the input is luck"
    assert may_be_lost(Ledger(seen=10_000, missed=5000)) == 3020
    assert may_be_lost(Ledger()) == 2000
    assert may_be_lost(Ledger(paid=5000, saved=1000, seen=1_000_000)) == 0


def test_tokens_are_told_from_characters_by_the_projects_own_ratio():
    assert tokens_per_character(Ledger()) == 0.25
    assert tokens_per_character(Ledger(seen=6000, characters=12_000)) == 0.5


RECORDS = st.builds(
    Record,
    uses=st.integers(1, 9),
    expires=st.sampled_from((0, NOW - 1, NOW + 1000, NOW + 3_000_000)),
    lifetime=st.sampled_from((300, 3600)),
    waits=st.booleans(),
)


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 9000)), min_size=1, max_size=40),
    st.dictionaries(st.integers(0, 39), RECORDS),
    st.sampled_from((ANTHROPIC, OPENAI)),
)
def test_markers_keep_to_the_providers_rules(
    blocks: list[tuple[str, int]], records: dict[int, Record], terms: Terms
):
    asked = prompt(*blocks)
    found = boundaries(asked.kinds)
    known = {at: record for at, record in records.items() if at in found.looked_up}
    markers = planned(asked, State(records=known), terms).markers
    assert len(markers) <= terms.markers
    assert all(asked.kinds[at] in terms.marked for at in markers)
    assert all(lifetime in terms.write for lifetime in markers.values())
    lifetimes = [markers[at] for at in sorted(markers)]
    assert lifetimes == sorted(lifetimes, reverse=True), "a longer lifetime stands first"


def test_what_redis_holds_is_read():
    found = boundaries(CHAT.kinds)
    numbers = " ".join(map(str, range(12)))
    values = [f"S1:{numbers};S:{numbers}", None, "10 20 30 40", "12:3:1"]
    values += ["7 99 300 S3 root 5 1", *[None] * (len(found.looked_up) - 1)]
    state = prompt_cache.parse(found, values)
    assert state.records == {0: Record(7, 99, 300, waits=True)}
    assert life_table.parse(state.tables["S1"]) == LifeTable(
        (0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)
    )
    assert (state.ledger, state.kept) == (Ledger(10, 20, 30, 40), {12: (3, 1)})


GIVEN = Prompt(CHAT.kinds, CHAT.sizes, CHAT.prefixes, {0: 300, 3: 300})
SLOW = "2 60 60 30 100 40 10 4 0 0 0 0"
"""Used again, but after five minutes."""


def test_the_callers_markers_keep_their_places_and_lifetimes():
    state = State(records={0: ALIVE, 1: ALIVE}, tables={"S3": SLOW, "Lu2": SLOW})
    markers = planned(GIVEN, state).markers
    assert markers.items() >= {0: 300, 3: 300}.items()
    assert len(markers) <= 4
    assert markers[1] == 300, "ours stands between two of five minutes"


def test_tuning_changes_lifetimes_where_pauses_are_longer_than_five_minutes():
    state = State(records={0: SEEN}, tables={"S3": SLOW, "Lu2": SLOW})
    plan = prompt_cache.plan(GIVEN, boundaries(GIVEN.kinds), state, ANTHROPIC, NOW, tune=True)
    assert plan.markers.items() >= {0: 3600, 3: 3600}.items()


def test_four_markers_of_the_callers_are_enough():
    full = Prompt(CHAT.kinds, CHAT.sizes, CHAT.prefixes, dict.fromkeys(range(4), 300))
    state = State(records={0: ALIVE, 1: ALIVE})
    assert planned(full, state).markers == dict.fromkeys(range(4), 300)
