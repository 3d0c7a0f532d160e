"""Vectors of any size that a provider may send: what is stored, and what one round trip carries."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.pipeline.vectors import BYTES_PER_TRIP
from tests.worker.world import Said, Sent, World

LIMIT = 1_000_000
"""MAX_CAPTURE_BYTES."""


def embedding(sent: Sent) -> Said:
    """Each vector is as long as its input says."""
    vectors = [
        {"object": "embedding", "index": index, "embedding": "A" * int(text.split()[0])}
        for index, text in enumerate(sent.body["input"])
    ]
    usage = {"prompt_tokens": len(vectors), "total_tokens": len(vectors)}
    return Said(body=json.dumps({"object": "list", "data": vectors, "usage": usage}))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    made.answer = embedding
    yield made
    await made.close()


async def embed(world: World, *sizes: int) -> tuple[str, list[str]]:
    """The verdict of a request for vectors of these sizes, and what it sent to Redis."""
    before = len(world.stored)
    inputs = [f"{size} characters, number {number}" for number, size in enumerate(sizes)]
    status, text = await world.post(
        "/v1/embeddings", model="m", input=inputs, encoding_format="base64"
    )
    assert status == 200
    assert [len(each["embedding"]) for each in json.loads(text)["data"]] == list(sizes)
    return world.usage_logs[-1]["cache_status"], world.stored[before:]


@pytest.mark.parametrize(("project", "limit"), [({}, LIMIT), ({"max_body_bytes": 1_000}, 1_000)])
async def test_a_vector_over_the_limit_is_passed_on_and_not_stored(
    world: World, project: dict[str, Any], limit: int
) -> None:
    world.be(**project)
    fits, beyond = limit // 16 * 16 - 16, limit // 16 * 16 + 16  # of whole numbers
    await embed(world, fits)
    assert (await embed(world, fits))[0] == "HIT"
    await embed(world, beyond)
    assert (await embed(world, beyond))[0] == "MISS"


async def test_a_round_trip_is_bounded_by_bytes(world: World) -> None:
    await embed(world, 16)  # now Redis knows the scripts
    many = [900_000] * 10
    verdict, commands = await embed(world, *many)
    assert verdict == "MISS"
    writes = [command for command in commands if len(command) > LIMIT]
    assert len(writes) == 3, "four vectors, four and two"
    assert all(len(command) < BYTES_PER_TRIP + 1.5 * LIMIT for command in writes)
    assert (await embed(world, *many))[0] == "HIT"
    verdict, commands = await embed(world, *many)
    assert verdict == "HIT"
    assert len(commands) == 3, "the admission and two more looks"


async def test_a_request_reads_no_more_than_an_answer_may_have() -> None:
    world = World(MAX_ANSWER_BYTES="2000000")
    world.answer = embedding
    many = [900_000] * 6
    await embed(world, *many)
    world.sent.clear()
    assert (await embed(world, *many))[0] == "MISS"
    assert [len(sent.body["input"]) for sent in world.sent] == [3]
    await world.close()
