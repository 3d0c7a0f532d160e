"""The accounts that requests are charged to: tokens a minute, money a month, open streams, and what
the value of a limited label has spent.

Redis keeps the accounts of a label's values in one hash a period, whose size is bounded
(``include/label_account.lua``): a value beyond the bound counts at ``OTHER``, together with all
others beyond it. A request without the label counts at the account of the unlabelled ones. So no
request is unlimited.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypedDict

from shared import labels, redis_keys
from shared.key_record import KeyRecord, LabelLimits

OTHER = "other"
"""The account of all label values beyond the bound."""
_ALWAYS_ITS_OWN = -1
_DAY = 86_400


class AccountKeys(TypedDict):
    """Redis keys of a project's tokens, money and open streams, as the scripts name them."""

    plan_tokens: str
    key_tokens: str
    project_spend: str
    key_spend: str
    label_accounts: str
    streams: str


@dataclass(frozen=True, slots=True)
class LabelAccount:
    """Where the value of a limited label counts.

    ``account``: the value's own. ``accounts``: the hash in Redis; ``log`` and ``other_log``: the
    requests of the last minute of its own account, and of ``OTHER``. ``most``: accounts of the
    hash, -1 where the value has its own in any case. ``ttl_seconds``: of the hash.
    """

    limits: LabelLimits
    account: str
    accounts: str
    log: str
    other_log: str
    most: int
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What an answer used: tokens, and their cost in nano-USD."""

    tokens: int = 0
    nanousd: int = 0


NOTHING_SPENT = Spent()


class Charges(TypedDict):
    """What ``commit.lua`` charges and gives up. ``tokens``: beyond those reserved."""

    plan_tpm: int
    key_tpm: int
    tokens: int
    cost: int
    label_account: str
    label_most: int
    label_ttl: int
    slot: str


def label_account(
    record: KeyRecord, given: Mapping[str, str] | None, started: float
) -> LabelAccount | None:
    """For a request with the labels ``given`` that came at ``started`` (unix time); ``None`` where
    its project limits no label."""
    limits = record.project.label_limits
    if limits is None:
        return None
    project, value = record.project_id, (given or {}).get(limits.label)
    daily = limits.period == "day"
    account, most = labels.UNLABELLED, _ALWAYS_ITS_OWN
    if value is not None:
        account = labels.account(record.project.data_key_salt, limits.label, value)
        most = max(0, limits.most_values)
    return LabelAccount(
        limits,
        account,
        accounts=redis_keys.label_accounts(
            project, limits.label, day(started) if daily else month(started)
        ),
        log=redis_keys.label_log(project, limits.label, account),
        other_log=redis_keys.label_log(project, limits.label, OTHER),
        most=most,
        ttl_seconds=3 * _DAY if daily else 40 * _DAY,
    )


def account_keys(record: KeyRecord, now: float, label: LabelAccount | None) -> AccountKeys:
    """The keys of the accounts that this record's requests are charged to at ``now``."""
    keys = _account_keys(record.project_id, record.key_id, month(now)).copy()
    if label is not None:
        keys["label_accounts"] = label.accounts
    return keys


@lru_cache(maxsize=1024)
def _account_keys(project: str, key_id: str, month: str) -> AccountKeys:
    return {
        "plan_tokens": redis_keys.token_log(project, "plan"),
        "key_tokens": redis_keys.token_log(project, key_id),
        "project_spend": redis_keys.spend(project, "project", month),
        "key_spend": redis_keys.spend(project, key_id, month),
        "label_accounts": redis_keys.no_label(project),
        "streams": redis_keys.streams(project),
    }


def charges(
    record: KeyRecord, tokens: int, nanousd: int, label: LabelAccount | None, slot: str = ""
) -> Charges:
    """What to charge: tokens minus those reserved (may be negative), cost, slot to release."""
    return {
        "plan_tpm": or_none(record.plan.tokens_per_minute),
        "key_tpm": or_none(record.key_limits.tokens_per_minute),
        "tokens": tokens,
        "cost": nanousd,
        "label_account": label.account if label else "",
        "label_most": label.most if label else 0,
        "label_ttl": label.ttl_seconds if label else 0,
        "slot": slot,
    }


def counts_money_or_tokens(record: KeyRecord) -> bool:
    """True when a limit makes the charge after the answer necessary."""
    own, label = record.key_limits, record.project.label_limits
    return any(
        limit is not None
        for limit in (
            record.plan.tokens_per_minute,
            own.tokens_per_minute,
            own.monthly_budget_nanousd,
            record.project.monthly_budget_nanousd,
            label.budget_nanousd if label else None,
        )
    )


def estimate_tokens(record: KeyRecord, characters: int, most_completion: int) -> int:
    """What to reserve: four characters a token, and all the completion that was allowed."""
    if record.plan.tokens_per_minute is None and record.key_limits.tokens_per_minute is None:
        return 0
    return characters // 4 + most_completion


def day(now: float) -> str:
    """``YYYYMMDD`` of a unix time, UTC."""
    return _day(int(now // 86_400))


def month(now: float) -> str:
    """``YYYYMM`` of a unix time, UTC."""
    return day(now)[:6]


@lru_cache(maxsize=64)
def _day(days: int) -> str:
    """Of the days since 1970: one request names it four times, a day of requests the same one."""
    moment = datetime.fromtimestamp(days * 86_400, UTC)
    return f"{moment.year}{moment.month:02}{moment.day:02}"


def or_none(value: int | None) -> int:
    """A limit as the scripts take it: -1 for none."""
    return -1 if value is None else value
