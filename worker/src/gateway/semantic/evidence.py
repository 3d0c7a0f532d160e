"""Counting how often an answer served for another prompt would have been the right one."""

from gateway.core.log import log_event
from gateway.redis import calls
from gateway.redis.store import Store, StoreUnavailable
from gateway.semantic.choice import Candidate, Query


async def count_pair(
    store: Store, query: Query, candidate: Candidate, cached: str | None, fresh: str | None
) -> bool | None:
    """Whether the candidate's answer agrees with the one fetched for the query, and count it.

    ``cached``, ``fresh``: the texts of both answers. ``None``, and nothing counted, where they
    cannot be compared.
    """
    from shared.decision import answers

    if candidate.bin is None or cached is None or fresh is None:
        return None
    agreed = answers.same_answer(cached, fresh)
    try:
        await calls.count_evidence(
            store,
            evidence=query.evidence_key,
            project_evidence=query.project_evidence_key,
            bin_number=candidate.bin,
            wrong=0 if agreed else 1,
        )
    except StoreUnavailable as error:
        log_event("evidence_not_kept", "warning", reason=str(error))
    return agreed
