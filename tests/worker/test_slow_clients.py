"""A client that stays connected and does not read: the edge's memory stays bounded, and what must
happen after the response happens.
"""

import pytest

from tests.doubles.openai_api import Behaviour
from tests.worker import faults
from tests.worker.caller import MODEL, Caller
from tests.worker.edge import Edge, until
from tests.worker.faults import entries, exactly

MEGABYTE = 1_000_000


def flood(edge: Edge, megabytes: int) -> None:
    """The provider sends as many as fast as they are taken."""
    edge.openai.behave(MODEL, Behaviour("flood", events=10 * megabytes, size=MEGABYTE // 10))


def at_rest(edge: Edge) -> int:
    """Bytes that the edge has taken from the provider, once it takes no more."""
    seen = [-1]

    def same() -> bool:
        seen.append(edge.openai.flooded)
        return 0 < seen[-2] == seen[-1]

    until(same, "the edge to take no more", every=0.5)
    return seen[-1]


def test_what_is_kept_for_it_is_bounded_and_nothing_is_lost(edge: Edge) -> None:
    tenant = faults.known(edge)
    flood(edge, 100)
    caller = Caller(edge, tenant, stream=True)
    caller.send()
    taken = at_rest(edge)
    # The rest is with the provider still; of what was taken, a good part is in the sockets.
    assert taken < 60 * MEGABYTE
    assert caller.read_until(b"[DONE]") > 100 * MEGABYTE
    caller.leave()
    (row,) = exactly(edge, tenant, 1)
    assert (row["status"], row["error_code"]) == (200, "too_large_to_cache")
    assert entries(edge, tenant) == []


@pytest.mark.parametrize("stays", [True, False], ids=["paid for", "given up"])
def test_the_row_does_not_wait_for_it(fragile: Edge, *, stays: bool) -> None:
    """On a JavaScript host the copy is ahead of its client; CPython's leaves the client behind."""
    tenant = fragile.tenant(project={"cache_on_disconnect": stays})
    flood(fragile, 30)
    caller = Caller(fragile, tenant, stream=True)
    caller.send()
    (row,) = exactly(fragile, tenant, 1)
    gone = not stays and fragile.host == "cpython"
    code = "client_disconnected" if gone else "too_large_to_cache"
    assert (row["status"], row["error_code"]) == (200, code)
    assert entries(fragile, tenant) == []
    # Reads it on, it gets the whole answer, or an event that says why not.
    caller.read_until(b"stream_not_read" if fragile.host == "cpython" else b"[DONE]")
    caller.leave()
