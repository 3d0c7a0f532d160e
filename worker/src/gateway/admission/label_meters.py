"""Meters of a label's values while Redis is away: as ``local_limits``, but of a bounded number.

A value whose meter this process does not have gets one, until there are as many as the project's
bound or as a process may keep; then it counts with all others beyond that. While Redis is away no
meter is dropped: a caller that names ever new values would be unlimited otherwise.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from gateway.admission import refusal
from gateway.admission.accounts import OTHER, Charges, LabelAccount
from gateway.admission.meters import Minute, MinuteMeter, MonthMeter
from gateway.admission.request import AdmissionRequest, LocalHold
from gateway.redis.calls import AdmitReply

MOST_METERS = 10_000
"""Of a process: about 8 MB at the worst."""


@dataclass(slots=True)
class LabelMeter:
    """One account's. ``log``: the Redis key of its requests; ``kind``: of its spending, as
    ``book.lua`` takes it."""

    log: str
    kind: str
    requests: MinuteMeter = field(default_factory=MinuteMeter)
    money: MonthMeter = field(default_factory=MonthMeter)


@dataclass(slots=True)
class LabelMeters:
    """By Redis's hash and the account in it. ``sizes``: how many each hash has here."""

    meters: OrderedDict[tuple[str, str], LabelMeter] = field(default_factory=OrderedDict)
    sizes: Counter[str] = field(default_factory=Counter)

    def heard(self, label: LabelAccount, reply: AdmitReply, now: float, *, counted: bool) -> None:
        """Redis admitted or refused a request of this value: remember the counts of its reply."""
        if not reply.label_account:
            return
        key = (label.accounts, reply.label_account)
        while key not in self.meters and len(self.meters) >= MOST_METERS:
            (accounts, _), _ = self.meters.popitem(last=False)
            self.sizes[accounts] -= 1
            if not self.sizes[accounts]:
                del self.sizes[accounts]
        meter = self._meter(label, is_own=reply.label_account == label.account)
        if label.limits.requests_per_minute is not None:
            requests = meter.requests
            requests.tell(reply.label_used + requests.unbooked.total(now), now)
            requests.used.add(int(counted), now)  # the told count contains it
        if reply.label_spent >= 0:
            meter.money.tell(reply.label_spent + meter.money.unbooked, now)

    def find(self, label: LabelAccount) -> LabelMeter:
        """The meter at which a value counts without Redis."""
        key = (label.accounts, label.account)
        is_known = key in self.meters or label.most < 0
        is_full = (
            (label.accounts, OTHER) in self.meters
            or self.sizes[label.accounts] >= label.most
            or len(self.meters) >= MOST_METERS
        )
        return self._meter(label, is_own=is_known or not is_full)

    def check_requests(
        self, label: LabelAccount, processes: int, now: float
    ) -> list[tuple[MinuteMeter, int]]:
        """The meter and the limit of its requests, if there is one. Raises ``LabelRateLimited``
        where this process's share is used up."""
        limit = label.limits.requests_per_minute
        if limit is None:
            return []
        meter = self.find(label).requests
        if meter.room(limit, processes, now) < 1:
            raise refusal.label_rate_limited_locally(label.limits, meter.wait(now))
        return [(meter, limit)]

    def check_money(
        self, label: LabelAccount, processes: int, lost_at: float, *, closed: bool
    ) -> None:
        """Raises ``BudgetUnknown`` (``closed``: what cannot be checked is refused) or
        ``LabelBudgetExceeded``."""
        budget = label.limits.budget_nanousd
        if budget is None:
            return
        if closed:
            raise refusal.budget_unknown()
        if self.find(label).money.room(budget, processes, lost_at) <= 0:
            raise refusal.label_budget_may_be_spent(label.limits)

    def hold(self, label: LabelAccount, request: AdmissionRequest) -> tuple[str, int]:
        """Count the cost of an admitted request as that of the account's last one, until it is
        charged. Returns what ``LocalHold`` keeps of it."""
        if label.limits.budget_nanousd is None or not request.is_charged:
            return "", 0
        meter = self.find(label)
        meter.money.held += meter.money.typical
        return self._account(label, meter), meter.money.typical

    def charge(self, accounts: str, charges: Charges, hold: LocalHold | None) -> MonthMeter | None:
        """The request is over: give up what it holds, and count its cost. Returns the meter that
        counted."""
        if hold is not None and (held := self.meters.get((accounts, hold.label))) is not None:
            held.money.held -= hold.label_cost
        meter = self.meters.get((accounts, charges["label_account"])) or self.meters.get(
            (accounts, OTHER)
        )
        if meter is None or not charges["cost"]:
            return None
        meter.money.use(charges["cost"])
        return meter.money

    def take_unbooked(self, now: float) -> list[tuple[str, str, int]]:
        """As ``LocalLimits.take_unbooked``."""
        taken = []
        for (accounts, _), meter in self.meters.items():
            if meter.requests.unbooked.buckets:
                taken.append((meter.log, "requests", meter.requests.unbooked.total(now)))
                meter.requests.unbooked = Minute()
            if meter.money.unbooked:
                taken.append((accounts, meter.kind, meter.money.unbooked))
                meter.money.unbooked = 0
        return taken

    def _account(self, label: LabelAccount, meter: LabelMeter) -> str:
        return label.account if meter.log == label.log else OTHER

    def _meter(self, label: LabelAccount, *, is_own: bool) -> LabelMeter:
        account = label.account if is_own else OTHER
        key = (label.accounts, account)
        meter = self.meters.get(key)
        if meter is None:
            log, most = (label.log, label.most) if is_own else (label.other_log, -1)
            meter = LabelMeter(log, f"label:{most}:{label.ttl_seconds}:{account}")
            self.meters[key] = meter
            self.sizes[label.accounts] += 1
        else:
            self.meters.move_to_end(key)
        return meter
