"""Limits while Redis is away: this process's share of each, and what has to be booked in Redis
later.

Every reply of Redis says how much of each limit is used. This process remembers those counts and
adds what it uses itself. While Redis does not answer, it admits its share of the rest (``meters``).
What was used meanwhile is booked in Redis when it is back (``booking``).

Rules of this file: plain data, no I/O, and no ``await`` between looking at a limit and using it.
Meters are named like the Redis keys that they stand for, so a month's meter ends with its month.
Their number is bounded: the least recently used one is dropped, with what is not booked of it.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.admission import refusal
from gateway.admission.accounts import AccountKeys, Charges, LabelAccount
from gateway.admission.label_meters import LabelMeters
from gateway.admission.meters import Minute, MinuteMeter, MonthMeter, StreamMeter
from gateway.admission.processes import Processes
from gateway.admission.request import AdmissionRequest, LocalHold
from gateway.redis.calls import AdmitReply
from shared.key_record import KeyRecord

MOST_MINUTES = 2_000
MOST_MONTHS = 20_000
"""Together about 10 MB of one process's memory at the worst."""

_REFUSED = frozenset(
    {
        *("RATE", "LABEL_RATE", "QUOTA", "OVER_QUOTA"),
        *("BUDGET", "LABEL_BUDGET", "TOKENS", "STREAMS"),
    }
)
_Meter = TypeVar("_Meter", MinuteMeter, MonthMeter, StreamMeter)


@dataclass(frozen=True, slots=True)
class Subjects:
    """Names of the Redis keys that a request counts at, beside its accounts; ``label``: where its
    value of the limited label counts."""

    plan_log: str
    key_log: str
    quota: str
    account: AccountKeys
    label: LabelAccount | None


@dataclass(slots=True)
class LocalLimits:
    """``budgets_closed``: requests with a budget are refused while Redis is away.

    ``lost_at``: since when Redis is away for this process; ``None`` while it answers. ``owes``:
    some meter counted use that has not been booked in Redis.
    """

    processes: Processes
    budgets_closed: bool = False
    lost_at: float | None = None
    owes: bool = False
    minutes: OrderedDict[str, MinuteMeter] = field(default_factory=OrderedDict)
    months: OrderedDict[str, MonthMeter] = field(default_factory=OrderedDict)
    streams: OrderedDict[str, StreamMeter] = field(default_factory=OrderedDict)
    labels: LabelMeters = field(default_factory=LabelMeters)

    def heard(
        self, record: KeyRecord, on: Subjects, reply: AdmitReply, tokens: int, now: float
    ) -> None:
        """Redis admitted or refused a request: remember the counts of its reply.

        ``tokens``: what the request reserved; the counts of the reply do not include them yet.
        """
        self.lost_at = None
        counted = reply.verdict not in _REFUSED
        plan, own, account = record.plan, record.key_limits, on.account
        for name, limit, used in (
            (on.plan_log, plan.requests_per_minute, reply.plan_used),
            (on.key_log, own.requests_per_minute, reply.key_used),
        ):
            if limit is not None:
                meter = self._minute(name)
                meter.tell(used + meter.unbooked.total(now), now)
                meter.used.add(int(counted), now)  # the told count contains it
        for name, limit, used in (
            (account["plan_tokens"], plan.tokens_per_minute, reply.plan_tokens),
            (account["key_tokens"], own.tokens_per_minute, reply.key_tokens),
        ):
            if limit is not None and used >= 0:
                meter = self._minute(name, tokens=True)
                meter.tell(used + meter.unbooked.total(now), now)
                meter.use(tokens if counted else 0, now)
        for name, limit, used in _months(record, on, reply):
            if limit is not None and used >= 0:
                month = self._month(name)
                month.tell(used + month.unbooked, now)
        if plan.concurrent_streams is not None and reply.streams_open >= 0:
            self._streams(account["streams"]).tell(reply.streams_open, now)
        if on.label is not None:
            self.labels.heard(on.label, reply, now, counted=counted)

    def admit(
        self,
        record: KeyRecord,
        on: Subjects,
        request: AdmissionRequest,
        now: float,
        *,
        run_there: bool,
    ) -> LocalHold:
        """Admit by this process's share, or raise the error of the limit that refuses.

        Looks in the order of ``admit.lua``; what is refused uses nothing. ``run_there``: Redis may
        have counted the request before the call timed out, so it is not booked again.
        """
        if self.lost_at is None:
            self.lost_at = now
        plan, own = record.plan, record.key_limits
        requests = [
            (self._minute(name), limit)
            for name, limit in (
                (on.plan_log, plan.requests_per_minute),
                (on.key_log, own.requests_per_minute),
            )
            if limit is not None
        ]
        for meter, limit in requests:
            if meter.room(limit, self.processes.count, now) < 1:
                raise refusal.rate_limited_locally(meter.wait(now))
        if on.label is not None:
            requests += self.labels.check_requests(on.label, self.processes.count, now)
        quota = None
        if plan.monthly_requests is not None:
            quota = self._month(on.quota)
            if quota.room(plan.monthly_requests, self.processes.count, self.lost_at) < 1:
                raise refusal.quota_unknown()
        hold = LocalHold()
        if request.asks_provider:
            hold = self._admit_upstream(record, on, request, now)
        for meter, _ in requests:
            meter.use(1, now)
            self._owe(meter, 0 if run_there else 1, now)
        if quota is not None:
            quota.use(1)
            self._owe(quota, 0 if run_there else 1, now)
        return hold

    def charge(
        self,
        record: KeyRecord,
        account: AccountKeys,
        charges: Charges,
        hold: LocalHold | None,
        *,
        booked: bool,
        now: float,
    ) -> None:
        """The request is over. ``charges``: what it is charged in Redis. ``booked``: Redis has
        applied these charges, or may have; if false, tokens and cost are kept for later booking.
        """
        used = tokens = charges["tokens"]
        cost = charges["cost"]
        if hold is not None:
            used -= hold.tokens
            for name, held in hold.costs:
                self._month(name).held -= held
        for minute, _ in self._token_meters(record, account):
            minute.use(used, now)
            self._owe(minute, 0 if booked else tokens, now)
        for name, limit in _budgets(record, account):
            if limit is not None and cost:
                month = self._month(name)
                month.use(cost)
                self._owe(month, 0 if booked else cost, now)
        if charges["label_account"]:
            money = self.labels.charge(account["label_accounts"], charges, hold)
            if money is not None:
                self._owe(money, 0 if booked else cost, now)

    def take_unbooked(self, now: float) -> list[tuple[str, str, int]]:
        """Name, kind (``requests``, ``tokens``, ``month``) and amount of each use that Redis does
        not know of. They are forgotten here: the caller has to book them.
        """
        self.owes = False
        taken = []
        for name, minute in self.minutes.items():
            if minute.unbooked.buckets:
                amount = minute.unbooked.total(now)
                minute.unbooked = Minute()
                taken.append((name, "tokens" if minute.tokens else "requests", amount))
        for name, month in self.months.items():
            taken.append((name, "month", month.unbooked))
            month.unbooked = 0
        taken += self.labels.take_unbooked(now)
        return [one for one in taken if one[2] > 0]

    def _owe(self, meter: MinuteMeter | MonthMeter, amount: int, now: float) -> None:
        if not amount:
            return
        self.owes = True
        if isinstance(meter, MonthMeter):
            meter.unbooked += amount
        else:
            meter.unbooked.add(amount, now)

    def _admit_upstream(
        self, record: KeyRecord, on: Subjects, request: AdmissionRequest, now: float
    ) -> LocalHold:
        processes, lost_at = self.processes.count, self.lost_at or now
        account = on.account
        costs = []
        for name, limit in _budgets(record, account):
            if limit is None:
                continue
            if self.budgets_closed:
                raise refusal.budget_unknown()
            money = self._month(name)
            if money.room(limit, processes, lost_at) <= 0:
                raise refusal.budget_may_be_spent()
            costs.append((name, money.typical if request.is_charged else 0))
        if on.label is not None:
            self.labels.check_money(on.label, processes, lost_at, closed=self.budgets_closed)
        estimate = request.wants.tokens
        tokens = self._token_meters(record, account)
        for meter, limit in tokens:
            if estimate > meter.room(limit, processes, now):
                raise refusal.tokens_limited_locally(meter.wait(now))
        limit = record.plan.concurrent_streams
        if request.wants.slot and limit is not None:
            self.check_streams(account["streams"], limit, now)
        for meter, _ in tokens:
            meter.use(estimate, now)
        for name, held in costs:
            self._month(name).held += held
        label = self.labels.hold(on.label, request) if on.label is not None else ("", 0)
        return LocalHold(estimate, tuple(costs), *label)

    def check_streams(self, name: str, limit: int, now: float) -> None:
        """Raises ``StreamsLimited`` when this process may open none of the project's streams."""
        if self._streams(name).room(limit, self.processes.count, now) < 1:
            raise refusal.streams_limited(limit)

    def stream_open(self, name: str, slot: str, until: float) -> None:
        """A stream of this process is open, and counts until then."""
        self._streams(name).hold(slot, until)

    def stream_ended(self, name: str, slot: str) -> None:
        """It counts no longer."""
        if name in self.streams:
            self.streams[name].release(slot)

    def _token_meters(
        self, record: KeyRecord, account: AccountKeys
    ) -> list[tuple[MinuteMeter, int]]:
        limits = (
            (account["plan_tokens"], record.plan.tokens_per_minute),
            (account["key_tokens"], record.key_limits.tokens_per_minute),
        )
        return [
            (self._minute(name, tokens=True), most) for name, most in limits if most is not None
        ]

    def _minute(self, name: str, *, tokens: bool = False) -> MinuteMeter:
        meter = _kept(self.minutes, name)
        return meter or _new(self.minutes, name, MinuteMeter(tokens), MOST_MINUTES)

    def _month(self, name: str) -> MonthMeter:
        return _kept(self.months, name) or _new(self.months, name, MonthMeter(), MOST_MONTHS)

    def _streams(self, name: str) -> StreamMeter:
        return _kept(self.streams, name) or _new(self.streams, name, StreamMeter(), MOST_MINUTES)


def _kept(meters: "OrderedDict[str, _Meter]", name: str) -> _Meter | None:
    meter = meters.get(name)
    if meter is not None:
        meters.move_to_end(name)
    return meter


def _new(meters: "OrderedDict[str, _Meter]", name: str, meter: _Meter, most: int) -> _Meter:
    if len(meters) >= most:
        meters.popitem(last=False)
    meters[name] = meter
    return meter


def _months(
    record: KeyRecord, on: Subjects, reply: AdmitReply
) -> tuple[tuple[str, int | None, int], ...]:
    (project, project_limit), (key, key_limit) = _budgets(record, on.account)
    return (
        (on.quota, record.plan.monthly_requests, reply.quota_used),
        (project, project_limit, reply.project_spent),
        (key, key_limit, reply.key_spent),
    )


def _budgets(record: KeyRecord, account: AccountKeys) -> tuple[tuple[str, int | None], ...]:
    return (
        (account["project_spend"], record.project.monthly_budget_nanousd),
        (account["key_spend"], record.key_limits.monthly_budget_nanousd),
    )
