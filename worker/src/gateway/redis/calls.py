"""Typed calls of the Lua scripts: made by `python -m lua_calls` from the headers in `lua/`.

Each raises ``StoreUnavailable``. What parameters and answers mean stands in the script's header.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.redis.scripts import Script
from gateway.redis.store import Store

ADMIT = Script("admit")
ADVANCE_CUTOFF = Script("advance_cutoff")
BOOK = Script("book")
COMMIT = Script("commit")
COMMIT_INDEXED = Script("commit_indexed")
COUNT_EVIDENCE = Script("count_evidence")
ENROLL = Script("enroll")
FOLLOW = Script("follow")
GIVE_VERDICT = Script("give_verdict")
HOLD = Script("hold")
JOURNAL_FORGET = Script("journal_forget")
JOURNAL_READ = Script("journal_read")
JOURNAL_SAVE = Script("journal_save")
LOOK_UP = Script("look_up")
LOOK_UP_PAIR = Script("look_up_pair")
PROMPT_CACHE = Script("prompt_cache")
PROMPT_HEADS = Script("prompt_heads")
RENEW = Script("renew")
SPOOL_FORGET = Script("spool_forget")
SPOOL_LEAD = Script("spool_lead")
SPOOL_READ = Script("spool_read")
SPOOL_SAVE = Script("spool_save")
STATS = Script("stats")


class AdmitReply(NamedTuple):
    """What ``admit`` answers; see the script's header."""

    verdict: str
    now_ms: int
    plan_used: int
    plan_oldest_ms: int
    key_used: int
    key_oldest_ms: int
    quota_used: int
    lease_left_ms: int
    plan_tokens: int
    plan_tokens_oldest_ms: int
    key_tokens: int
    key_tokens_oldest_ms: int
    project_spent: int
    key_spent: int
    streams_open: int
    label_account: str
    label_used: int
    label_oldest_ms: int
    label_spent: int
    candidates: list[tuple[int, str]]
    evidence: list[str]
    project_evidence: list[str]
    entries: list[str | None]
    prompt_values: list[str | None]


async def admit(
    store: Store,
    *,
    revision: str,
    plan_log: str,
    key_log: str,
    quota: str,
    cutoffs: str,
    lock: str,
    plan_tokens: str,
    key_tokens: str,
    project_spend: str,
    key_spend: str,
    label_accounts: str,
    streams: str,
    label_log: str,
    other_log: str,
    stats: str,
    entries: Sequence[str],
    record_revision: int,
    plan_rpm: int,
    key_rpm: int,
    monthly_requests: int,
    hits_past_quota: bool,
    model_field: str,
    namespace_field: str,
    max_age_ms: int,
    lock_token: str,
    lease_ms: int,
    plan_tpm: int,
    key_tpm: int,
    project_budget: int,
    key_budget: int,
    label_account: str,
    label_most: int,
    label_ttl: int,
    label_rpm: int,
    label_budget: int,
    estimated_tokens: int,
    no_upstream: bool,
    slot: str,
    concurrent_streams: int,
    slot_ms: int,
    semantic_prefix: str,
    code: str,
    probes: str,
    most_distance: int,
    candidates: int,
    evidence: str,
    project_evidence: str,
    prompt_state: str,
    prompt_fields: Sequence[str],
) -> AdmitReply:
    """Admits a request: rate limits, the month's quota, budgets, the look-up in the cache and
    leadership of a single flight, in one round trip.
    """
    keys = [
        revision,
        plan_log,
        key_log,
        quota,
        cutoffs,
        lock,
        plan_tokens,
        key_tokens,
        project_spend,
        key_spend,
        label_accounts,
        streams,
        label_log,
        other_log,
        stats,
        *entries,
    ]
    arguments: list[str | int] = [
        record_revision,
        plan_rpm,
        key_rpm,
        monthly_requests,
        int(hits_past_quota),
        model_field,
        namespace_field,
        max_age_ms,
        lock_token,
        lease_ms,
        plan_tpm,
        key_tpm,
        project_budget,
        key_budget,
        label_account,
        label_most,
        label_ttl,
        label_rpm,
        label_budget,
        estimated_tokens,
        int(no_upstream),
        slot,
        concurrent_streams,
        slot_ms,
        semantic_prefix,
        code,
        probes,
        most_distance,
        candidates,
        evidence,
        project_evidence,
        prompt_state,
        *prompt_fields,
    ]
    return AdmitReply(*await store.run(ADMIT, keys, arguments))


async def advance_cutoff(
    store: Store, *, cutoffs: str, field: str, age_ms: int, ttl_seconds: int
) -> int:
    """Purges: every entry of a scope that was created until now is dead, everywhere. Answers
    the cutoff, unix ms; it never moves back.
    """
    keys = [cutoffs]
    arguments: list[str | int] = [field, age_ms, ttl_seconds]
    answer: int = await store.run(ADVANCE_CUTOFF, keys, arguments)
    return answer


async def book(
    store: Store, *, booking: str, accounts: Sequence[str], amounts: Iterable[tuple[str, int]]
) -> int:
    """Books what processes counted by themselves while Redis was away. A booking that is sent
    again, because its answer was lost, counts once. Answers 0 when it was made before.
    """
    keys = [booking, *accounts]
    arguments: list[str | int] = [*(part for each in amounts for part in each)]
    answer: int = await store.run(BOOK, keys, arguments)
    return answer


async def commit(
    store: Store,
    *,
    lock: str,
    plan_tokens: str,
    key_tokens: str,
    project_spend: str,
    key_spend: str,
    label_accounts: str,
    streams: str,
    journal: str,
    journal_due: str,
    entries: Sequence[str],
    lock_token: str,
    tombstone_ms: int,
    plan_tpm: int,
    key_tpm: int,
    tokens: int,
    cost: int,
    label_account: str,
    label_most: int,
    label_ttl: int,
    slot: str,
    row_id: str,
    row: str,
    most_rows: int,
    values: Iterable[tuple[int, str]],
) -> int:
    """Writes entries, gives up the lock and the stream's slot, charges tokens and cost, and
    keeps the request's usage row. Answers 1 when the row is kept.
    """
    keys = [
        lock,
        plan_tokens,
        key_tokens,
        project_spend,
        key_spend,
        label_accounts,
        streams,
        journal,
        journal_due,
        *entries,
    ]
    arguments: list[str | int] = [
        lock_token,
        tombstone_ms,
        plan_tpm,
        key_tpm,
        tokens,
        cost,
        label_account,
        label_most,
        label_ttl,
        slot,
        row_id,
        row,
        most_rows,
        *(part for each in values for part in each),
    ]
    answer: int = await store.run(COMMIT, keys, arguments)
    return answer


async def commit_indexed(
    store: Store,
    *,
    lock: str,
    plan_tokens: str,
    key_tokens: str,
    project_spend: str,
    key_spend: str,
    label_accounts: str,
    streams: str,
    journal: str,
    journal_due: str,
    entry: str,
    lock_token: str,
    plan_tpm: int,
    key_tpm: int,
    tokens: int,
    cost: int,
    label_account: str,
    label_most: int,
    label_ttl: int,
    slot: str,
    row_id: str,
    row: str,
    most_rows: int,
    ttl_ms: int,
    value: str,
    prefix: str,
    code: str,
    entry_id: str,
    record: str,
    most_entries: int,
) -> int:
    """The same as commit.lua for one entry, which is also filed in the semantic index. Answers
    1 when the row is kept.
    """
    keys = [
        lock,
        plan_tokens,
        key_tokens,
        project_spend,
        key_spend,
        label_accounts,
        streams,
        journal,
        journal_due,
        entry,
    ]
    arguments: list[str | int] = [
        lock_token,
        plan_tpm,
        key_tpm,
        tokens,
        cost,
        label_account,
        label_most,
        label_ttl,
        slot,
        row_id,
        row,
        most_rows,
        ttl_ms,
        value,
        prefix,
        code,
        entry_id,
        record,
        most_entries,
    ]
    answer: int = await store.run(COMMIT_INDEXED, keys, arguments)
    return answer


async def count_evidence(
    store: Store, *, evidence: str, project_evidence: str, bin_number: int, wrong: int
) -> int:
    """Counts one pair of prompts whose answers were compared. Answers the wrong ones of the
    namespace's bin.
    """
    keys = [evidence, project_evidence]
    arguments: list[str | int] = [bin_number, wrong]
    answer: int = await store.run(COUNT_EVIDENCE, keys, arguments)
    return answer


async def enroll(store: Store, *, processes: str, name: str, lease_ms: int) -> int:
    """Counts the processes of the edge, this one included. Answers how many there are."""
    keys = [processes]
    arguments: list[str | int] = [name, lease_ms]
    answer: int = await store.run(ENROLL, keys, arguments)
    return answer


class FollowReply(NamedTuple):
    """What ``follow`` answers; see the script's header."""

    entry: str | None
    state: str
    now_ms: int


async def follow(
    store: Store,
    *,
    cutoffs: str,
    lock: str,
    entry: str,
    model_field: str,
    namespace_field: str,
    lock_token: str,
    lease_ms: int,
) -> FollowReply:
    """One look of a follower for the leader's entry. It needs no maximum age: requests that
    set one do not compete for the lock.
    """
    keys = [cutoffs, lock, entry]
    arguments: list[str | int] = [model_field, namespace_field, lock_token, lease_ms]
    return FollowReply(*await store.run(FOLLOW, keys, arguments))


async def give_verdict(
    store: Store,
    *,
    hit: str,
    entry: str,
    evidence: str,
    project_evidence: str,
    refused_pair: str,
    bin_number: int,
    wrong: int,
    refused_seconds: int,
) -> int:
    """Records a person's verdict on a semantic hit. Redis forgets the hit with it, so that a
    second verdict finds nothing to count. Answers 1; 0 when no verdict is waited for, and
    then nothing has changed.
    """
    keys = [hit, entry, evidence, project_evidence, refused_pair]
    arguments: list[str | int] = [bin_number, wrong, refused_seconds]
    answer: int = await store.run(GIVE_VERDICT, keys, arguments)
    return answer


async def hold(
    store: Store, *, streams: str, slot: str, lease_ms: int, concurrent_streams: int
) -> int:
    """Takes a slot among a project's open streams, or keeps it for longer. Answers 1, or 0
    when there is none.
    """
    keys = [streams]
    arguments: list[str | int] = [slot, lease_ms, concurrent_streams]
    answer: int = await store.run(HOLD, keys, arguments)
    return answer


async def journal_forget(
    store: Store, *, journal: str, journal_due: str, row_ids: Sequence[str]
) -> int:
    """Deletes rows that are stored elsewhere. Answers how many rows are left."""
    keys = [journal, journal_due]
    arguments: list[str | int] = [*row_ids]
    answer: int = await store.run(JOURNAL_FORGET, keys, arguments)
    return answer


async def journal_read(
    store: Store, *, journal: str, journal_due: str, most_rows: int
) -> list[tuple[str, str]]:
    """Reads rows of the journal that any process may hand over, those that wait longest first.
    Answers ids and sealed rows.
    """
    keys = [journal, journal_due]
    arguments: list[str | int] = [most_rows]
    answer: list[tuple[str, str]] = await store.run(JOURNAL_READ, keys, arguments)
    return answer


async def journal_save(
    store: Store,
    *,
    journal: str,
    journal_due: str,
    due_in_ms: int,
    most_rows: int,
    rows: Iterable[tuple[str, str]],
) -> list[str]:
    """Keeps rows in the journal. Answers the ids of those for which there was no room."""
    keys = [journal, journal_due]
    arguments: list[str | int] = [due_in_ms, most_rows, *(part for each in rows for part in each)]
    answer: list[str] = await store.run(JOURNAL_SAVE, keys, arguments)
    return answer


async def look_up(
    store: Store,
    *,
    cutoffs: str,
    entries: Sequence[str],
    model_field: str,
    namespace_field: str,
    max_age_ms: int,
) -> list[str | None]:
    """Looks for more entries of a batch that is larger than one round trip should carry.
    Answers in the order asked; empty: there, but not in this reply.
    """
    keys = [cutoffs, *entries]
    arguments: list[str | int] = [model_field, namespace_field, max_age_ms]
    answer: list[str | None] = await store.run(LOOK_UP, keys, arguments)
    return answer


class LookUpPairReply(NamedTuple):
    """What ``look_up_pair`` answers; see the script's header."""

    entry: str | None
    refused: int


async def look_up_pair(
    store: Store,
    *,
    cutoffs: str,
    entry: str,
    refused_pair: str,
    model_field: str,
    namespace_field: str,
    max_age_ms: int,
) -> LookUpPairReply:
    """Looks for the entry of a prompt that means the same: the further round trip of a
    semantic hit.
    """
    keys = [cutoffs, entry, refused_pair]
    arguments: list[str | int] = [model_field, namespace_field, max_age_ms]
    return LookUpPairReply(*await store.run(LOOK_UP_PAIR, keys, arguments))


async def prompt_cache(
    store: Store,
    *,
    state: str,
    due: str,
    recent: str,
    roots: str,
    started_ms: int,
    root: str,
    most_prefixes: int,
    most_roots: int,
    tokens: int,
    characters: int,
    paid: int,
    saved: int,
    taken_bits: int,
    evicted: bool,
    missed: int,
    touches: Iterable[tuple[str, str, int, int, int]],
) -> int:
    """Counts one use of each prefix of a prompt that a provider has answered, and what the
    provider's prompt cache cost and saved (`shared.prompt_cache`). Bounded: as many
    prefixes and applications as the arguments say; a prefix is forgotten an hour after its
    last use. Answers how many prefixes are known now.
    """
    keys = [state, due, recent, roots]
    arguments: list[str | int] = [
        started_ms,
        root,
        most_prefixes,
        most_roots,
        tokens,
        characters,
        paid,
        saved,
        taken_bits,
        int(evicted),
        missed,
        *(part for each in touches for part in each),
    ]
    answer: int = await store.run(PROMPT_CACHE, keys, arguments)
    return answer


async def prompt_heads(
    store: Store,
    *,
    heads: str,
    volumes: str,
    most: int,
    kept_seconds: int,
    name: str,
    now_ms: int,
    model: str,
    prefix: str,
    request: str,
    tokens: int,
    prompt: int,
    read: int,
    written: int,
    written_hour: int,
    saved: int,
    blocks: Iterable[tuple[str, int, str]],
) -> int:
    """Counts a request whose tools and system prompt may be in the provider's prompt cache
    (`shared.prompt_cache.heads`). Bounded: past `most` heads the one with fewest tokens
    goes. Answers how many heads are known now.
    """
    keys = [heads, volumes]
    arguments: list[str | int] = [
        most,
        kept_seconds,
        name,
        now_ms,
        model,
        prefix,
        request,
        tokens,
        prompt,
        read,
        written,
        written_hour,
        saved,
        *(part for each in blocks for part in each),
    ]
    answer: int = await store.run(PROMPT_HEADS, keys, arguments)
    return answer


async def renew(store: Store, *, lock: str, lock_token: str, lease_ms: int) -> int:
    """Keeps the lock of a single flight for longer. Answers 1, or 0 when this request does not
    lead any more.
    """
    keys = [lock]
    arguments: list[str | int] = [lock_token, lease_ms]
    answer: int = await store.run(RENEW, keys, arguments)
    return answer


async def spool_forget(
    store: Store, *, index: str, spool: str, project_id: str, chunk_ids: Sequence[str]
) -> int:
    """Deletes chunks whose rows are stored. Answers how many chunks are left."""
    keys = [index, spool]
    arguments: list[str | int] = [project_id, *chunk_ids]
    answer: int = await store.run(SPOOL_FORGET, keys, arguments)
    return answer


class SpoolLeadReply(NamedTuple):
    """What ``spool_lead`` answers; see the script's header."""

    total: int
    projects: list[str]


async def spool_lead(
    store: Store, *, index: str, lease: str, lease_ms: int, most_projects: int
) -> SpoolLeadReply:
    """Takes the lease for draining spools, where there is something to drain."""
    keys = [index, lease]
    arguments: list[str | int] = [lease_ms, most_projects]
    return SpoolLeadReply(*await store.run(SPOOL_LEAD, keys, arguments))


async def spool_read(store: Store, *, spools: Sequence[str], most_chunks: int) -> list[list[str]]:
    """Reads some chunks of each spool. Answers of each spool chunk ids and chunks in turn."""
    keys = [*spools]
    arguments: list[str | int] = [most_chunks]
    answer: list[list[str]] = await store.run(SPOOL_READ, keys, arguments)
    return answer


async def spool_save(
    store: Store,
    *,
    index: str,
    spools: Sequence[str],
    ttl_seconds: int,
    most_chunks: int,
    chunks: Iterable[tuple[str, str, str]],
) -> list[int]:
    """Keeps chunks of usage rows, one for each spool. Answers the positions (from 1) of the
    spools that are full.
    """
    keys = [index, *spools]
    arguments: list[str | int] = [
        ttl_seconds,
        most_chunks,
        *(part for each in chunks for part in each),
    ]
    answer: list[int] = await store.run(SPOOL_SAVE, keys, arguments)
    return answer


async def stats(store: Store, *, days: Sequence[str]) -> list[tuple[int, int]]:
    """A project's counters of some days. Answers hits and misses of each day."""
    keys = [*days]
    arguments: list[str | int] = []
    answer: list[tuple[int, int]] = await store.run(STATS, keys, arguments)
    return answer
