"""The gateway's responses as JavaScript has them."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import js
from pyodide.ffi import create_proxy, to_js

from gateway.core.http import (
    FetchFailed,
    Live,
    Response,
)
from hosts.cloudflare import clock
from hosts.cloudflare.steps import steps
from hosts.cloudflare.streams import ClientBranch


def as_js(response: Response) -> Any:
    body = response.body
    if isinstance(body, Live):
        body = _live(body)
    elif isinstance(body, bytes):
        body = to_js(body)
    return steps().respond(response.status, json.dumps(response.headers), body)


def _live(body: Live) -> Any:
    source: ClientBranch = body.source
    return source.stream if body.transform is None else _readable(_transformed(body), source)


async def _transformed(body: Live) -> AsyncGenerator[bytes, None]:
    source, transform = body.source, body.transform
    assert transform is not None  # noqa: S101 (else the branch is sent as it is)
    chunks = source.chunks()
    try:
        async for chunk in chunks:
            if data := transform(chunk):
                yield data
        if rest := transform(b""):
            yield rest
    except FetchFailed as error:
        yield body.broken(error)
    finally:
        await chunks.aclose()


def _readable(chunks: AsyncGenerator[bytes, None], branch: ClientBranch) -> Any:
    """A ``ReadableStream`` that pulls from a Python generator, one chunk for each read.

    JavaScript pulls ahead of the client, so the generator mostly waits for its provider when the
    client leaves, and one that is running cannot be closed: ending its branch is what wakes it.
    """
    pulling = left = False

    async def pull(controller: Any) -> None:
        nonlocal pulling
        clock.begins()
        pulling = True
        chunk = await anext(chunks, None)
        pulling = False
        if left:
            await close()
        elif chunk is None:
            controller.close()
            release()
        else:
            controller.enqueue(to_js(chunk))

    async def cancel(_reason: Any = None) -> None:
        nonlocal left
        left = True
        branch.leave()
        if not pulling:
            await close()

    async def close() -> None:
        await chunks.aclose()
        release()

    def release() -> None:
        pull_proxy.destroy()
        cancel_proxy.destroy()

    pull_proxy, cancel_proxy = create_proxy(pull), create_proxy(cancel)
    source = js.Object.new()
    source.pull, source.cancel = pull_proxy, cancel_proxy
    return js.ReadableStream.new(source)
