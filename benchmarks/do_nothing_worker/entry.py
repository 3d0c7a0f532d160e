"""A Worker that does nothing: the cost of the runtime, beside which the product is measured."""

import js
from workers import WorkerEntrypoint

_new_response = js.Response.new


class Default(WorkerEntrypoint):
    """Answers every request with the same two bytes."""

    async def fetch(self, _request: object) -> object:
        """See the class."""
        return _new_response("ok")
