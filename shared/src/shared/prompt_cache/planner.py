"""Where to put markers, and for how long.

1. The longest prefix with a live entry is read; its marker costs nothing.
2. Beyond it every boundary has a chance of being used again within each lifetime. Written with the
   lifetime x, its tokens cost p(x) read + (1 - p(x)) write(x) per use in the long run, unwritten 1.
   A search over two ends, of the part with the longer lifetime and of the part with the shorter
   one, finds the largest gain, or none.
3. Markers that are left go to boundaries within that other prompts may share.
4. The ledger bounds what a project can lose: what is written of prefixes that were not used twice
   before may cost, beyond the input price, no more than reads have saved, 2,000 tokens and 0.2 % of
   the input.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from shared.prompt_cache import life_table
from shared.prompt_cache.boundaries import PRIORS, Boundaries
from shared.prompt_cache.life_table import Hazards, prior, uses
from shared.prompt_cache.prompt import Prompt
from shared.prompt_cache.state import Ledger, Record, State

ALLOWED_TOKENS, ALLOWED_SHARE = 2000, 0.002
_PROVEN = 2
"""Uses after which a prefix is written beyond what may be lost: waiting until large tools and
system prompts have earned it costs agents more than it saves others."""
_PROJECT_STRENGTH, _ROOT_STRENGTH, _FAMILY_STRENGTH = 4.0, 12.0, 4.0
_HOUR_MARGIN = 0.02
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
    history now. ``expires``, ``lifetime``: of its entry; ``None`` where nothing changes."""

    prefix: str
    name: str
    expires: int | None = None
    lifetime: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """``markers``: block to lifetime in seconds. ``predicted``: tokens that should be read."""

    markers: dict[int, int]
    predicted: int
    touches: list[Touch]


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
        self._tokens = [int(size * ratio) for size in prompt.sizes]
        self._lifetimes = sorted(terms.write)
        known = state.records
        self._hit = max([at for at, record in known.items() if record.expires > now_ms], default=-1)
        self._chances: dict[int, list[float]] = {}
        self._hazards = {at: self._class_hazards(at) for at in found.classes}
        left = max([at for at in known if at != self._last], default=-1)
        if left > self._hit and left not in found.classes:
            # Here this prompt leaves a known one: an edit, or another try.
            self._hazards[left] = self._hazards[self._last]

    def plan(self, *, tune: bool) -> Plan:
        """See the module's docstring."""
        base = self._tokens[self._hit] if self._hit >= 0 else 0
        given = dict(self._prompt.markers)
        if self._tokens[-1] < self._terms.minimum:
            return Plan(given, 0, self._touches({}))
        if tune and given:
            given = _in_order({at: self._wanted(at) for at in given})
        markers = self._beside(given, self._place(base)) if given else self._place(base)
        return Plan(markers, base if markers else 0, self._touches(markers))

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
        hazards = self._hazards.get(at) or self._hazards[self._last]
        taken, missed = self._state.kept.get(self._tokens[at].bit_length(), (0.0, 0.0))
        kept = 1 - (missed + 0.1) / (taken + 20)
        found = [chance * kept for chance in uses(hazards, self._lifetimes)]
        self._chances[at] = found
        return found

    def _gains(self, chances: list[float]) -> list[float]:
        """By lifetime: what writing a token saves per use, in the long run."""
        write, read = self._terms.write, self._terms.read
        return [
            1 - (p * read + (1 - p) * write[lifetime]) - (_HOUR_MARGIN if lifetime >= 3600 else 0)
            for p, lifetime in zip(chances, self._lifetimes, strict=True)
        ]

    # --- places ---

    def _place(self, base: int) -> dict[int, int]:
        short, long = self._lifetimes[0], self._lifetimes[-1]
        allowed = [
            at
            for at in sorted(self._hazards)
            if self._tokens[at] >= self._terms.minimum
            and self._prompt.kinds[at] in self._terms.marked
        ]
        long_end, short_end = self._ends([at for at in allowed if at > self._hit], base)
        markers: dict[int, int] = {}
        if short_end >= 0:
            markers[short_end] = short if short_end > long_end else long
        if self._hit >= 0 and self._prompt.kinds[self._hit] in self._terms.marked:
            markers[self._hit] = long if long_end > self._hit else self._wanted(self._hit)
        if long_end >= 0:
            markers[long_end] = long
        self._share(markers, allowed, long_end, max(short_end, self._hit))
        return _in_order(markers)

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

    def _ends(self, open_places: list[int], base: int) -> tuple[int, int]:
        """The last blocks of the part with the longer and of that with the shorter lifetime."""
        gains: list[list[float]] = []
        best = [0.0] * len(self._lifetimes)
        for at in reversed(open_places):  # a use of a longer prefix is one of a shorter one
            best = [max(one, other) for one, other in zip(best, self._uses(at), strict=True)]
            gains.append(self._gains(best))
        gains.reverse()
        premiums = [self._terms.write[lifetime] - 1 for lifetime in self._lifetimes]
        left = may_be_lost(self._state.ledger)
        unproven = [self._used(at) < _PROVEN for at in open_places]
        tokens = [self._tokens[at] for at in open_places]
        parts = [size - before for size, before in zip(tokens, [base, *tokens], strict=False)]
        score, found = 0.0, (-1, -1)
        most = len(open_places) if len(self._lifetimes) > 1 else 0
        for long in range(-1, most):
            value = sum(parts[at] * gains[at][-1] for at in range(long + 1))
            risk = sum(parts[at] * premiums[-1] for at in range(long + 1) if unproven[at])
            for short in range(long, len(open_places)):
                if short > long:
                    value += parts[short] * gains[short][0]
                    risk += parts[short] * premiums[0] * unproven[short]
                if value > score and risk <= left:
                    score = value
                    found = (open_places[long] if long >= 0 else -1, open_places[short])
        return found

    def _used(self, at: int) -> int:
        """How often its prefix was used before."""
        record = self._state.records.get(at)
        return 0 if record is None else record.uses

    def _wanted(self, at: int) -> int:
        """The lifetime to ask for where an entry is taken to be alive."""
        gains = self._gains(self._uses(at))
        return self._lifetimes[gains.index(max(gains))]

    def _share(self, markers: dict[int, int], allowed: list[int], long_end: int, end: int) -> None:
        """Put what is left of the markers where other prompts may branch off."""

        def worth(at: int) -> float:
            return self._tokens[at] * (self._uses(at)[-1] if at > self._hit else 1.0)

        inside = sorted((at for at in allowed if at not in markers and at < end), key=worth)
        room = self._terms.markers - len(markers)
        for at in inside[::-1][: max(0, room)]:
            if at <= long_end:
                markers[at] = self._lifetimes[-1]
            else:
                markers[at] = self._wanted(at) if at <= self._hit else self._lifetimes[0]

    # --- what is written back ---

    def _touches(self, markers: dict[int, int]) -> list[Touch]:
        prefixes, records = self._prompt.prefixes, self._state.records
        waiting = [at for at, record in records.items() if record.waits]
        touches = []
        for at in sorted({*self._found.classes, *markers, *waiting}):
            expires = lifetime = None
            if at in markers and self._tokens[at] >= self._terms.minimum:
                lifetime = self._entry_lifetime(at, markers[at], records.get(at))
                expires = None if lifetime is None else self._now + lifetime * 1000
            name = self._found.classes.get(at, "-")
            touches.append(Touch(prefixes[at], name, expires, lifetime))
        return touches

    def _entry_lifetime(self, at: int, asked: int, record: Record | None) -> int | None:
        """Of the entry that stands at ``at`` after this request; ``None``: nothing changes."""
        if at > self._hit:
            return asked
        if record is not None and record.expires > self._now:
            return record.lifetime
        return None if self._terms.exact else min(asked, self._state.records[self._hit].lifetime)


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
    return ALLOWED_TOKENS + ALLOWED_SHARE * ledger.seen + ledger.saved - ledger.paid
