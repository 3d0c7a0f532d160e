"""Every Redis key WatchLLM uses, as a function. The tenant comes first in each name.

Two kinds of key do not start with a project, because they exist before or above one: the cached
key record (found by the hash of an API key) and the organization's monthly quota (a plan is sold
to an organization). Neither holds a customer's content. See docs/adr/0004.
"""


def entry(project_id: str, exact_key: str) -> str:
    """String: one sealed cache entry (``gateway.cache.entry``). TTL as the project says."""
    return f"{project_id}:entry:{exact_key}"


def lock(project_id: str, exact_key: str) -> str:
    """String: the single-flight leader's token for this exact key. TTL is the lease."""
    return f"{project_id}:lock:{exact_key}"


def request_log(project_id: str, subject: str) -> str:
    """List of admission times (unix ms) of the last minute; ``subject`` is ``plan`` or a key id."""
    return f"{project_id}:rpm:{subject}"


def token_log(project_id: str, subject: str) -> str:
    """List of ``<unix ms>:<tokens>`` of the last minute."""
    return f"{project_id}:tpm:{subject}"


def spend(project_id: str, subject: str, month: str) -> str:
    """Integer nano-USD spent upstream in ``month`` (``YYYYMM``); ``subject`` as above."""
    return f"{project_id}:spend:{subject}:{month}"


def quota(organization_id: str, month: str) -> str:
    """Integer: the organization's requests in ``month`` (``YYYYMM``, UTC)."""
    return f"{organization_id}:quota:{month}"


def cutoffs(project_id: str) -> str:
    """Hash of purge cutoffs: ``all``, ``model:<name>``, ``ns:<namespace>`` → unix ms."""
    return f"{project_id}:cutoffs"


def revision(project_id: str) -> str:
    """Integer: the newest ``edge_revision``; a key record older than it must be read again."""
    return f"{project_id}:revision"


def usage_spool(project_id: str) -> str:
    """List of usage rows (JSON) that Supabase could not take yet."""
    return f"{project_id}:usage-spool"


def stats(project_id: str, day: str) -> str:
    """Hash of today's counters by cache status (``YYYYMMDD``, UTC)."""
    return f"{project_id}:stats:{day}"


def key_record(key_hash: str) -> str:
    """String: the JSON key record as Supabase answered it, for at most a minute."""
    return f"key:{key_hash}"
