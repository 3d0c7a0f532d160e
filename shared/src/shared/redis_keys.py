"""Every Redis key WatchLLM uses, as a function. The tenant comes first in each name.

Some keys do not start with a project, because they exist before or above one: the cached key
record (found by the hash of an API key), the organization's monthly quota (a plan is sold to an
organization) and the indexes of usage spools. None holds a customer's content. See docs/adr/0004.
"""

import hashlib


def entry(project_id: str, exact_key: str) -> str:
    """String: one sealed cache entry (``gateway.cache.entry``). TTL as the project says.

    The 2 is the version of the seal: an entry of another version is not found.
    """
    return f"{project_id}:entry2:{exact_key}"


def lock(project_id: str, exact_key: str) -> str:
    """String: the single-flight leader's token for this exact key. TTL is the lease."""
    return f"{project_id}:lock:{exact_key}"


def no_lock(project_id: str) -> str:
    """What stands for the lock in the keys of a script whose request takes none. Never written."""
    return lock(project_id, "none")


def request_log(project_id: str, subject: str) -> str:
    """List of admission times (unix ms) of the last minute; ``subject`` is ``plan`` or a key id."""
    return f"{project_id}:rpm:{subject}"


def token_log(project_id: str, subject: str) -> str:
    """List of ``<unix ms>:<tokens>`` of the last minute."""
    return f"{project_id}:tpm:{subject}"


def streams(project_id: str) -> str:
    """Sorted set of the streams open at a provider: their name, by when it lapses (unix ms)."""
    return f"{project_id}:streams"


def spend(project_id: str, subject: str, month: str) -> str:
    """Integer nano-USD spent upstream in ``month`` (``YYYYMM``); ``subject`` as above."""
    return f"{project_id}:spend:{subject}:{month}"


def label_accounts(project_id: str, label: str, period: str) -> str:
    """Hash of the accounts of a label's values in ``period`` (``YYYYMM`` or ``YYYYMMDD``, UTC):
    ``shared.labels.account`` → nano-USD spent. Bounded (``gateway/redis/lua/include``)."""
    return f"{project_id}:label-accounts:{label}:{period}"


def label_log(project_id: str, label: str, account: str) -> str:
    """List of admission times (unix ms) of the last minute of one account of a label's values."""
    return f"{project_id}:label-rpm:{label}:{account}"


def no_label(project_id: str) -> str:
    """What stands for an account of a label in the keys of a script. Never written."""
    return f"{project_id}:label-accounts:none"


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
    """Hash of sealed chunks of usage rows that Supabase could not take yet, for a week."""
    return f"{project_id}:usage-spool"


def usage_spools() -> str:
    """Set of the ids of projects that have a spool: what a drain of all of them starts from."""
    return "usage-spools"


def usage_spool_lease() -> str:
    """String: an isolate is draining the spools. TTL some seconds."""
    return "usage-spools:lease"


def usage_refused(project_id: str) -> str:
    """Hash of sealed chunks of usage rows that Supabase refuses to store, for a week."""
    return f"{project_id}:usage-refused"


def usage_refused_index() -> str:
    """Set of the ids of projects that have refused rows."""
    return "usage-refused"


def usage_refused_lease() -> str:
    """String: refused rows were tried again within the hour."""
    return "usage-refused:lease"


def usage_journal() -> str:
    """Hash of sealed usage rows by id: of requests that were answered, until the database has them.
    Of all projects, for a row must be found again by whoever drains; for a week at most.
    """
    return "usage-journal"


def usage_journal_due() -> str:
    """Sorted set of the ids of those rows, by when any process may hand them over (unix ms)."""
    return "usage-journal:due"


def processes() -> str:
    """Sorted set of the edge's processes: a random name, by when it lapses (unix ms)."""
    return "edge-processes"


def booking(name: str) -> str:
    """String: what a process counted during an outage was added under this random name."""
    return f"booking:{name}"


def stats(project_id: str, day: str) -> str:
    """Hash of today's counters by cache status (``YYYYMMDD``, UTC)."""
    return f"{project_id}:stats:{day}"


def semantic_partition(project_id: str, partition: str) -> str:
    """Prefix of one partition's semantic index (``gateway/redis/lua/include/nearest.lua``)."""
    return f"{project_id}:sem:{partition}:"


def semantic_evidence(project_id: str, namespace: str) -> str:
    """Hash ``checked:<bin>`` and ``wrong:<bin>`` → counts (``shared.decision.evidence``)."""
    return f"{project_id}:sem-evidence:{namespace}"


def semantic_project_evidence(project_id: str) -> str:
    """Hash of the same counts over all namespaces of the project."""
    return f"{project_id}:sem-project-evidence"


def semantic_hit(project_id: str, request_id: str) -> str:
    """String: what a semantic hit served, for feedback on it (JSON). Kept for a week."""
    return f"{project_id}:sem-hit:{request_id}"


def semantic_refused(project_id: str, asked: str, entry: str) -> str:
    """String: a person judged that these two exact keys do not share an answer. For a year."""
    pair = hashlib.sha256("\n".join(sorted((asked, entry))).encode()).hexdigest()[:32]
    return f"{project_id}:sem-refused:{pair}"


def prompt_cache(project_id: str, part: str) -> str:
    """What the planner of prompt-cache markers knows: ``state`` (hash), ``due``, ``recent`` and
    ``roots`` (sorted sets), as ``gateway/redis/lua/prompt_cache.lua`` says."""
    return f"{project_id}:prompt-cache:{part}"


def prompt_heads(project_id: str, week: int) -> str:
    """Hash of how prompts began in a week, and what the provider's prompt cache made of it
    (``shared.prompt_cache.heads``)."""
    return f"{project_id}:prompt-heads:{week}"


def prompt_head_volumes(project_id: str, week: int) -> str:
    """Sorted set of the names in that hash, by the tokens of their prompts."""
    return f"{project_id}:prompt-heads:{week}:volumes"


def key_record(key_hash: str) -> str:
    """String: the JSON key record as Supabase answered it, signed, for at most a minute."""
    return f"key:{key_hash}"


def key_refused(key_hash: str) -> str:
    """String: the status (``revoked`` or ``suspended``) that the dashboard gave this key, signed.
    For as long as the edge would serve an older record.
    """
    return f"key:{key_hash}:refused"
