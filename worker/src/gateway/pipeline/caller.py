"""The HTTP request of a caller: its path, the ids it goes by, its body."""

import re
from typing import Any

from gateway.core import errors, strict_json
from gateway.core.http import Request, declared_length

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}\Z")


class Caller:
    """``path`` as the routes have it; ``deployment``: the model, where the path names it.

    ``own_id`` is ours alone: this request's name as leader of a single flight and among the open
    streams. ``request_id`` is what the response tells, ``row_id`` the id of the usage row.
    ``characters``: of the body, once it was read.
    """

    def __init__(
        self, own_id: str, request: Request, path: str, deployment: str | None = None
    ) -> None:
        self.own_id = self.request_id = self.row_id = own_id
        self.request = request
        self.path = path
        self.deployment = deployment
        self.characters = 0
        self._body: dict[str, Any] | None = None

    def take_request_id(self) -> None:
        """Answer to the caller's own id, if it sent one. Raises ``InvalidHeader``.

        Callers may reuse ids; row ids are unique, so part of our own id is appended.
        """
        given = self.request.header("x-watchllm-request-id")
        if given is None:
            return
        if not _REQUEST_ID.match(given):
            raise errors.InvalidHeader(
                "x-watchllm-request-id takes 1 to 100 letters, digits or . _ : -",
                param="x-watchllm-request-id",
            )
        self.request_id, self.row_id = given, f"{given}.{self.own_id[:12]}"

    def body_may_have(self, size: int) -> bool:
        """Whether the body, not yet read, may have ``size`` bytes or more once it is decoded."""
        coded = self.request.header("content-encoding") is not None
        return self._body is None and (coded or declared_length(self.request, unknown=size) >= size)

    async def json(self, most_bytes: int) -> dict[str, Any]:
        """The body as a JSON object, read once. Raises ``InvalidJson`` or ``BodyTooLarge``."""
        if self._body is None:
            text = await self.request.text(most_bytes)
            self.characters = len(text)
            self._body = self._parsed(text)
        return self._body

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            body = strict_json.request(text)
        except ValueError as error:
            raise errors.InvalidJson(
                f"We could not parse the JSON body of your request: {error}"
            ) from error
        if not isinstance(body, dict):
            raise errors.InvalidJson("The JSON body of your request must be an object.")
        if self.deployment is not None:
            body["model"] = self.deployment
        return body
