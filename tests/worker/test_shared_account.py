"""What is passed through with the deployment's key: nothing that names another project's object."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway import app
from gateway.endpoints.live_data import why_uncached
from gateway.endpoints.passthrough import WITHOUT_OBJECTS
from gateway.endpoints.stored_objects import named
from tests.worker.memory_platform import MemoryRequest, read
from tests.worker.world import Said, World, code

FORMS = {
    "openai": ("/audio/transcriptions", "/audio/translations", "/images/edits"),
    "groq": ("/audio/transcriptions", "/audio/translations"),
    "mistral": (),
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.close()


async def form(world: World, path: str) -> tuple[int, str]:
    headers = {"authorization": f"Bearer {world.key}", "content-type": "Multipart/Form-Data; b=1"}
    request = MemoryRequest(path, headers, {"file": "as it is"})
    response = await app.handle(world.runtime, world, request)
    return response.status, await read(response)


@pytest.mark.parametrize("path", WITHOUT_OBJECTS)
async def test_what_names_nothing_passes_as_it_was_written(world: World, path: str) -> None:
    for body in (
        {"input": "hello", "model": "m"},
        {"prompt": "a picture", "voice": "alloy", "input": [{"type": "input_text", "text": "x"}]},
        {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}], "file_id": None},
    ):
        assert (await world.post(path, **body))[0] == 200
        assert world.sent[-1].body == body


@pytest.mark.parametrize(
    "body",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"conversation": {"id": "conv_1"}},
        {"prompt": {"id": "pmpt_1"}},
        {"voice": {"id": "voice_1"}},
        {"voice": "voice_1"},
        {"images": [{"file_id": "file-1"}]},
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}]},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
        {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
        {"tools": [{"type": "code_interpreter", "container": "cntr_1"}]},
        {"tools": [{"container": {"type": "auto", "file_ids": ["file-1"]}}]},
    ],
)
async def test_what_names_a_stored_object_needs_a_key_of_its_own(
    world: World, body: dict[str, Any]
) -> None:
    for path in WITHOUT_OBJECTS:
        status, text = await world.post(path, **body)
        assert (status, code(text)) == (424, "provider_not_configured")
    assert world.sent == []


RESPONSES, CHAT, MESSAGES = "/v1/responses", "/v1/chat/completions", "/v1/messages"
COMPLETIONS, COUNT = "/v1/completions", "/v1/messages/count_tokens"
USER = {"role": "user", "content": "hello"}
FILE_PART = {"type": "file", "file": {"file_id": "file-1"}}
DOCUMENT = {"type": "document", "source": {"type": "file", "file_id": "file_1"}}


def deep(levels: int) -> dict[str, Any]:
    """A file's id, ``levels`` objects deep."""
    part: dict[str, Any] = {"file_id": "file-1"}
    for _ in range(levels):
        part = {"type": "content", "content": [part]}
    return part


def item(**members: Any) -> dict[str, Any]:
    return {"input": [{"role": "user", "content": "go on"}, members]}


def tool(**members: Any) -> dict[str, Any]:
    return {"tools": [members]}


CONTAINER = {"type": "container_reference", "container_id": "cntr_1"}
SKILL = {"type": "skill_reference", "skill_id": "skill_1"}
STORED = [
    (RESPONSES, tool(type="shell", environment=CONTAINER)),
    (RESPONSES, tool(type="shell", environment={"type": "container_auto", "skills": [SKILL]})),
    (RESPONSES, tool(type="shell", environment={"type": "local", "skills": [SKILL]})),
    (RESPONSES, tool(type="image_generation", input_image_mask={"file_id": "file-1"})),
    (RESPONSES, tool(type="namespace", tools=[{"type": "file_search", "vector_store_ids": ["v"]}])),
    (RESPONSES, tool(type="collections_search", collection_ids=["c"])),
    (RESPONSES, item(type="image_generation_call", id="ig_1")),
    (RESPONSES, item(type="image_generation_call", id="ig_1", result=None, status="completed")),
    (RESPONSES, item(type="reasoning", id="rs_1", summary=[])),
    (RESPONSES, item(type="compaction", id="cmp_1")),
    (RESPONSES, item(id="msg_1")),
    (RESPONSES, item(type="code_interpreter_call", id="ci_1", container_id="cntr_1", code="1")),
    (RESPONSES, item(type="function_call_output", call_id="c", output=[{"file_id": "file-1"}])),
    (RESPONSES, {"instructions": [{"role": "user", "content": [{"file_id": "file-1"}]}]}),
    (RESPONSES, {"input": [deep(60)]}),
    (CHAT, {"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]}),
    (CHAT, {"messages": [{"role": "user", "content": [{"file": {"file_id": ["file-1"]}}]}]}),
    (CHAT, {"cached_content": "cachedContents/1"}),
    (CHAT, {"extra_body": {"google": {"cached_content": "cachedContents/1"}}}),
    (MESSAGES, {"container": {"skills": [{"type": "custom", "skill_id": "skill_1"}]}}),
    (MESSAGES, {"messages": [{"role": "user", "content": [deep(8)]}]}),
]
SCHEMA = {
    "type": "object",
    "properties": {"file_id": {"type": "string"}, "container": {"id": "x", "type": "string"}},
    "examples": [{"file_id": "file-1"}],
}
NAMES = {"file_id": "file-1", "container": "c", "conversation": {"id": "c"}}
CARRIED = [
    (RESPONSES, item(type="reasoning", id="rs_1", summary=[], encrypted_content="gAAA")),
    (RESPONSES, item(type="reasoning", id="rs_1", content=[{"type": "reasoning_text"}])),
    (RESPONSES, item(type="compaction", id="cmp_1", encrypted_content="gAAA")),
    (RESPONSES, item(type="image_generation_call", id="ig_1", result="iVBO")),
    (RESPONSES, item(type="message", id="msg_1", role="assistant", content=[])),
    (RESPONSES, item(type="function_call", id="fc_1", call_id="c", name="f", arguments="{}")),
    (RESPONSES, item(type="tool_search_call", arguments=NAMES)),
    (RESPONSES, item(type="shell_call", action={"env": NAMES})),
    (RESPONSES, item(type="function_call_output", call_id="c", output='{"file_id": "file-1"}')),
    (RESPONSES, tool(type="function", name="f", parameters=SCHEMA)),
    (RESPONSES, {"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}}),
    (CHAT, tool(type="function", function={"name": "f", "parameters": SCHEMA})),
    (CHAT, {"metadata": {"conversation": "c", "file_id": "f"}}),
    (CHAT, {"messages": [{"role": "tool", "tool_call_id": "c", "content": '{"file_id": "f"}'}]}),
    (CHAT, {"audio": {"voice": "alloy", "format": "wav"}}),
    (MESSAGES, tool(name="f", input_schema=SCHEMA, input_examples=[NAMES])),
    (
        MESSAGES,
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": NAMES}],
                }
            ]
        },
    ),
    (COMPLETIONS, {"prompt": "voice_over: hello"}),
]


@pytest.mark.parametrize(("path", "body"), STORED)
def test_what_names_a_stored_object_is_not_cached(path: str, body: dict[str, Any]) -> None:
    assert why_uncached(path.removeprefix("/v1"), body, "m") is not None


@pytest.mark.parametrize(("path", "body"), CARRIED)
def test_what_carries_its_content_is_cached(path: str, body: dict[str, Any]) -> None:
    assert why_uncached(path.removeprefix("/v1"), body, "m") is None
    assert named(body) is None


@pytest.mark.parametrize("cache", ["on", "off"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        *STORED,
        (COUNT, {"messages": [{"role": "user", "content": [DOCUMENT]}]}),
        (RESPONSES, {"previous_response_id": "resp_1"}),
        (RESPONSES, {"conversation": {"id": "conv_1"}}),
        (RESPONSES, {"prompt": {"id": "pmpt_1"}}),
        (RESPONSES, {"input": [{"type": "item_reference", "id": "msg_1"}]}),
        (RESPONSES, {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}),
        (RESPONSES, {"tools": [{"type": "code_interpreter", "container": "cntr_1"}]}),
        (CHAT, {"messages": [{"role": "user", "content": [FILE_PART]}]}),
        (MESSAGES, {"messages": [{"role": "user", "content": [DOCUMENT]}]}),
    ],
)
async def test_a_generation_builds_on_no_object_of_an_account_that_projects_share(
    world: World, path: str, body: dict[str, Any], cache: str
) -> None:
    sent = {
        "model": "claude-sonnet-4-5" if path.startswith(MESSAGES) else "gpt-4o-mini",
        **({"input": "hello"} if path == RESPONSES else {"messages": [USER]}),
        **({"max_tokens": 9} if path == MESSAGES else {}),
        **body,
    }
    headers = {"authorization": f"Bearer {world.key}", "x-watchllm-cache": cache}
    response = await app.handle(world.runtime, world, MemoryRequest(path, headers, sent))
    assert response.status == 424, await read(response)
    assert world.sent == []


@pytest.mark.parametrize("provider", FORMS)
async def test_forms_pass_where_the_provider_has_no_field_for_an_object(
    world: World, provider: str
) -> None:
    world.be(default_provider=provider)
    paths = {path for known in FORMS.values() for path in known} | {"/moderations", "/files"}
    for path in paths:
        status, _ = await form(world, f"/v1{path}")
        assert (status == 200) == (path in FORMS[provider]), path
    assert len(world.sent) == len(FORMS[provider])


async def test_an_error_does_not_show_the_key(world: World) -> None:
    world.answer = lambda sent: Said(401, f'{{"error": {{"message": "{sent.key} is unknown"}}}}')
    status, text = await world.post("/v1/moderations", input="hello")
    assert (status, text) == (401, '{"error": {"message": "[redacted] is unknown"}}')
