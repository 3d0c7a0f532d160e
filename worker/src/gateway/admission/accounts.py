"""The accounts that requests are charged to: tokens a minute, money a month, open streams."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypedDict

from shared import redis_keys
from shared.key_record import KeyRecord


class AccountKeys(TypedDict):
    """Redis keys of a project's tokens, money and open streams, as the scripts name them."""

    plan_tokens: str
    key_tokens: str
    project_spend: str
    key_spend: str
    streams: str


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
    slot: str


def account_keys(record: KeyRecord, now: float) -> AccountKeys:
    """The keys of the accounts that this record's requests are charged to at ``now``."""
    project = record.project_id
    return {
        "plan_tokens": redis_keys.token_log(project, "plan"),
        "key_tokens": redis_keys.token_log(project, record.key_id),
        "project_spend": redis_keys.spend(project, "project", month(now)),
        "key_spend": redis_keys.spend(project, record.key_id, month(now)),
        "streams": redis_keys.streams(project),
    }


def charges(record: KeyRecord, tokens: int, nanousd: int, slot: str = "") -> Charges:
    """What to charge: tokens minus those reserved (may be negative), cost, slot to release."""
    return {
        "plan_tpm": or_none(record.plan.tokens_per_minute),
        "key_tpm": or_none(record.key_limits.tokens_per_minute),
        "tokens": tokens,
        "cost": nanousd,
        "slot": slot,
    }


def counts_money_or_tokens(record: KeyRecord) -> bool:
    """True when a limit makes the charge after the answer necessary."""
    own = record.key_limits
    return any(
        limit is not None
        for limit in (
            record.plan.tokens_per_minute,
            own.tokens_per_minute,
            own.monthly_budget_nanousd,
            record.project.monthly_budget_nanousd,
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
