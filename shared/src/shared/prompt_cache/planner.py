"""Where to put markers, and for how long.

1. The longest prefix with a live entry is read; its marker costs nothing.
2. Beyond it every boundary has a chance of being used again within each lifetime. Written with the
   lifetime x, its tokens cost p(x) read + (1 - p(x)) write(x) per use in the long run, unwritten 1.
   A search over two ends, of the part with the longer lifetime and of the part with the shorter
   one, finds the largest gain, or none.
3. Markers that are left go to boundaries within that other prompts may share.
4. The ledger bounds what a project can lose: writes may cost, beyond the input price, no more than
   reads have saved, 2,000 tokens and 0.2 % of the input. What it forbids is planned all the same,
   and what that would have saved raises the bound (``may_be_lost``).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from shared.prompt_cache import life_table
from shared.prompt_cache.boundaries import PRIORS, Boundaries
from shared.prompt_cache.life_table import Hazards, prior, uses
from shared.prompt_cache.prompt import Prompt
from shared.prompt_cache.state import Ledger, Record, State

ALLOWED_TOKENS, ALLOWED_SHARE = 2000, 0.002
_PROJECT_STRENGTH, _ROOT_STRENGTH, _FAMILY_STRENGTH = 4.0, 12.0, 4.0
_RISKED_SHARE, _SURE_SHARE = 0.25, 0.1
"""Large prompts could never be written within the bound. So where writing without one would have
saved more than a tenth of the input, a quarter of the rest may be lost as well."""
_HOUR_MARGIN = 0.06
"""An hour costs much where it was wrong: it has to gain this much more per token."""
_TOKENS_PER_CHARACTER = 0.25
_KNOWN_TOKENS = 5_000
"""From so many tokens on a project's own ratio holds."""
_HAZARDS = {name: prior(*chances) for name, chances in PRIORS.items()}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a provider charges and allows for a model.

    ``write``: lifetime in seconds to price, shortest first, and ``read``, both in units of the
    input price. ``minimum``: tokens of the shortest prefix. ``markers``: how many there may be.
    ``marked``: kinds of blocks that can carry one. ``exact``: entries are found at markers only, so
    one inside a hit is not written.
    """

    write: Mapping[int, float]
    read: float
    minimum: int
    markers: int
    marked: frozenset[str]
    exact: bool


class Touch(NamedTuple):
    """One use of a prefix, as it is written back. ``name``: its class, or ``-`` for what is only
    history now. ``expires``, ``lifetime``: of its entry; ``would_expire``: of one that
    the ledger did not allow; ``None`` where nothing changes."""

    prefix: str
    name: str
    expires: int | None = None
    lifetime: int | None = None
    would_expire: int | None = None


class Lessons(NamedTuple):
    """What a request teaches once it is answered. ``missed``: tokens that would be saved beyond
    those of its plan, had the ledger never forbidden a write."""

    touches: list[Touch]
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """``markers``: block to lifetime in seconds. ``predicted``: tokens that should be read.
    ``lessons``: computed when called, which is after the answer."""

    markers: dict[int, int]
    predicted: int
    lessons: Callable[[], Lessons]


def plan(
    prompt: Prompt,
    found: Boundaries,
    state: State,
    terms: Terms,
    now_ms: int,
    *,
    tune: bool = False,
) -> Plan:
    """The markers for ``prompt``, which begins at ``now_ms`` (unix), the caller's own included.

    Those keep their places and count towards the limit; their lifetimes change only with ``tune``.
    """
    return _Planner(prompt, found, state, terms, now_ms).plan(tune=tune)


class _Planner:
    def __init__(
        self, prompt: Prompt, found: Boundaries, state: State, terms: Terms, now_ms: int
    ) -> None:
        self._prompt, self._found, self._state, self._terms = prompt, found, state, terms
        self._now = now_ms
        self._last = len(prompt.kinds) - 1
        ratio = tokens_per_character(state.ledger)
        self._tokens = {at: int(size * ratio) for at, size in prompt.sizes.items()}
        self._lifetimes = sorted(terms.write)
        # By lifetime: what a use saves of a written token, and what writing it costs.
        self._stakes = [
            (terms.write[each] - terms.read, terms.write[each] - 1 + _HOUR_MARGIN * (each >= 3600))
            for each in self._lifetimes
        ]
        known = state.records
        self._hit = max([at for at, record in known.items() if record.expires > now_ms], default=-1)
        would = [at for at, record in known.items() if record.would_expire > now_ms]
        self._would_hit = max(self._hit, *would) if would else self._hit
        self._chances: dict[int, list[float]] = {}
        self._hazards: dict[int, Hazards] = {}
        self._places = [*found.classes]
        left = max([at for at in known if at != self._last], default=-1)
        if left > self._hit and left not in found.classes:
            # Here this prompt leaves a known one: an edit, or another try.
            self._places.append(left)

    def plan(self, *, tune: bool) -> Plan:
        """See the module's docstring."""
        given = dict(self._prompt.markers)
        if self._tokens[self._last] < self._terms.minimum:
            return Plan(given, 0, partial(self._lessons, _Placed({}, 0.0, limited=False)))
        ours = self._place(self._hit, may_be_lost(self._state.ledger))
        if given:
            if tune:
                given = _in_order({at: self._wanted(at) for at in given})
            ours = _Placed(self._beside(given, ours.markers), 0.0, limited=False)
        predicted = self._tokens[self._hit] if ours.markers and self._hit >= 0 else 0
        return Plan(ours.markers, predicted, partial(self._lessons, ours))

    # --- chances ---

    def _class_hazards(self, at: int) -> Hazards:
        name = self._found.classes[at].format(min(self._used(at) + 1, 3))
        tables, own = self._state.tables, self._state.root_tables
        hazards = _HAZARDS[name]
        family = tables.get(name[0])
        if family is not None:
            # Its later intervals know more than those of one class.
            later = life_table.parse(family).shrunk(hazards, _FAMILY_STRENGTH)
            hazards = [hazards[0], *later[1:]]
        for table, strength in (
            (tables.get(name), _PROJECT_STRENGTH),
            (own.get(name), _ROOT_STRENGTH),
        ):
            if table is not None:
                hazards = life_table.parse(table).shrunk(hazards, strength)
        return hazards

    def _uses(self, at: int) -> list[float]:
        known = self._chances.get(at)
        if known is not None:
            return known
        place = at if at in self._found.classes else self._last
        hazards = self._hazards.get(place)
        if hazards is None:
            hazards = self._hazards[place] = self._class_hazards(place)
        taken, missed = self._state.kept.get(self._tokens[at].bit_length(), (0.0, 0.0))
        kept = 1 - (missed + 0.1) / (taken + 20)
        found = [chance * kept for chance in uses(hazards, self._lifetimes)]
        self._chances[at] = found
        return found

    def _gains(self, chances: list[float]) -> list[float]:
        """By lifetime: what writing a token saves per use, in the long run."""
        return [
            chance * read - cost for chance, (read, cost) in zip(chances, self._stakes, strict=True)
        ]

    # --- places ---

    def _place(self, hit: int, may_be_lost: float) -> "_Placed":
        """Markers where the longest entry is that of block ``hit``; -1: none."""
        short, long = self._lifetimes[0], self._lifetimes[-1]
        allowed = [
            at
            for at in sorted(self._places)
            if self._tokens[at] >= self._terms.minimum
            and self._prompt.kinds[at] in self._terms.marked
        ]
        base = self._tokens[hit] if hit >= 0 else 0
        long_end, short_end, limited = self._ends(
            [at for at in allowed if at > hit], base, may_be_lost
        )
        markers: dict[int, int] = {}
        saves = 0.0
        if short_end >= 0:
            markers[short_end] = short if short_end > long_end else long
        if hit >= 0 and self._prompt.kinds[hit] in self._terms.marked:
            markers[hit] = long if long_end > hit else self._lifetime(hit)
        if markers:
            saves = (1 - self._terms.read) * base
        for lifetime, end in ((long, long_end), (short, short_end)):
            if end > hit and self._tokens[end] > base:
                saves -= (self._terms.write[lifetime] - 1) * (self._tokens[end] - base)
                base = self._tokens[end]
        if long_end >= 0:
            markers[long_end] = long
        self._share(markers, allowed, long_end, max(short_end, hit), hit)
        return _Placed(_in_order(markers), saves, limited)

    def _beside(self, given: dict[int, int], ours: dict[int, int]) -> dict[int, int]:
        """The caller's markers, and as many of ours as there is room for: first the entry that is
        read, then the longest prefixes. None of ours may break the order of the lifetimes."""
        markers = dict(given)
        room = max(0, self._terms.markers - len(given))
        wanted = sorted((at for at in ours if at not in given), reverse=True)
        wanted.sort(key=lambda at: at != self._hit)
        for at in wanted[:room]:
            least = max((given[other] for other in given if other > at), default=0)
            most = min((given[other] for other in given if other < at), default=ours[at])
            if least <= most:
                markers[at] = min(most, max(least, ours[at]))
        return markers

    def _ends(self, open_places: list[int], base: int, may_be_lost: float) -> tuple[int, int, bool]:
        """The last blocks of the part with the longer and of that with the shorter lifetime, and
        whether others are better that could lose more than may be lost."""
        short_premium, long_premium = (
            self._terms.write[lifetime] - 1
            for lifetime in (self._lifetimes[0], self._lifetimes[-1])
        )
        gains: list[list[float]] = []
        best = [0.0] * len(self._lifetimes)
        for at in reversed(open_places):  # a use of a longer prefix is one of a shorter one
            best = [*map(max, best, self._uses(at))]
            gains.append(self._gains(best))
        gains.reverse()
        tokens = [base, *[self._tokens[at] for at in open_places]]
        parts = [size - before for before, size in pairwise(tokens)]
        score, refused, found = 0.0, 0.0, (-1, -1)
        long_value = long_risk = 0.0
        for long in range(-1, len(parts) if len(self._lifetimes) > 1 else 0):
            if long >= 0:
                long_value += parts[long] * gains[long][-1]
                long_risk += parts[long] * long_premium
            value, risk = long_value, long_risk
            for short in range(long, len(parts)):
                if short > long:
                    value += parts[short] * gains[short][0]
                    risk += parts[short] * short_premium
                if risk > may_be_lost:
                    refused = max(refused, value)
                elif value > score:
                    score = value
                    found = (open_places[long] if long >= 0 else -1, open_places[short])
        return *found, refused > score

    def _used(self, at: int) -> int:
        """How often its prefix was used before."""
        record = self._state.records.get(at)
        return 0 if record is None else record.uses

    def _lifetime(self, at: int) -> int:
        """The lifetime to ask for where an entry is taken to be alive: its own."""
        lifetime = self._state.records[at].lifetime
        return lifetime if lifetime in self._terms.write else self._lifetimes[0]

    def _wanted(self, at: int) -> int:
        """The lifetime to ask for where the caller has put a marker."""
        gains = self._gains(self._uses(at))
        return self._lifetimes[gains.index(max(gains))]

    def _share(
        self, markers: dict[int, int], allowed: list[int], long_end: int, end: int, hit: int
    ) -> None:
        """Put what is left of the markers where other prompts may branch off."""

        def worth(at: int) -> float:
            return self._tokens[at] * (self._uses(at)[-1] if at > hit else 1.0)

        inside = sorted((at for at in allowed if at not in markers and at < end), key=worth)
        room = self._terms.markers - len(markers)
        for at in inside[::-1][: max(0, room)]:
            if at <= long_end:
                markers[at] = self._lifetimes[-1]
            else:
                markers[at] = self._lifetime(hit) if at <= hit else self._lifetimes[0]

    # --- what is written back ---

    def _lessons(self, ours: "_Placed") -> Lessons:
        fits = self._tokens[self._last] >= self._terms.minimum and not self._prompt.markers
        if not fits or not (ours.limited or self._would_hit > self._hit):
            return Lessons(self._touches(ours.markers, {}))
        free = self._place(self._would_hit, math.inf)
        missed = round(free.saves - ours.saves)
        return Lessons(self._touches(ours.markers, free.markers), missed)

    def _touches(self, markers: dict[int, int], free: dict[int, int]) -> list[Touch]:
        """``free``: where markers would be without a bound."""
        prefixes, records = self._prompt.prefixes, self._state.records
        waiting = [at for at, record in records.items() if record.waits]
        touches = []
        for at in sorted({*self._found.classes, *markers, *free, *waiting}):
            expires = lifetime = would = None
            if at in markers and self._tokens[at] >= self._terms.minimum:
                lifetime = self._entry_lifetime(at, markers[at], records.get(at))
                expires = None if lifetime is None else self._now + lifetime * 1000
            if at in free and self._tokens[at] >= self._terms.minimum:
                would = self._now + free[at] * 1000
            name = self._found.classes.get(at, "-")
            touches.append(Touch(prefixes[at], name, expires, lifetime, would))
        return touches

    def _entry_lifetime(self, at: int, asked: int, record: Record | None) -> int | None:
        """Of the entry that stands at ``at`` after this request; ``None``: nothing changes."""
        if at > self._hit:
            return asked
        if record is not None and record.expires > self._now:
            return record.lifetime
        return None if self._terms.exact else min(asked, self._state.records[self._hit].lifetime)


class _Placed(NamedTuple):
    """``saves``: tokens, at once: what is read less what is written beyond the input price.
    ``limited``: something better could have lost more than may be lost."""

    markers: dict[int, int]
    saves: float
    limited: bool


def _in_order(markers: dict[int, int]) -> dict[int, int]:
    """A longer lifetime stands before a shorter one."""
    ordered = {}
    least = 0
    for at in sorted(markers, reverse=True):
        ordered[at] = least = max(least, markers[at])
    return ordered


def tokens_per_character(ledger: Ledger) -> float:
    """As the project's prompts so far had it."""
    if ledger.seen < _KNOWN_TOKENS or ledger.characters <= 0:
        return _TOKENS_PER_CHARACTER
    return min(1.0, max(0.05, ledger.seen / ledger.characters))


def may_be_lost(ledger: Ledger) -> float:
    """Tokens by which writes may cost more than reads have saved, beyond what they did so far."""
    saved = ledger.saved - ledger.paid
    sure = saved + ledger.missed - _SURE_SHARE * ledger.seen
    return ALLOWED_TOKENS + ALLOWED_SHARE * ledger.seen + saved + max(0.0, _RISKED_SHARE * sure)
