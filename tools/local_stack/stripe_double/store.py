"""Objects by id, the events about them, and the clock. All of it is JSON, so it can be kept."""

import copy
import secrets
import string
import time
from collections.abc import Callable
from typing import Any

from local_stack.stripe_double import API_VERSION, errors

Object = dict[str, Any]
_ALPHABET = string.ascii_letters + string.digits


class Store:
    """`now` tells unix seconds; `offset` lets time pass quicker, as Stripe's test clocks do."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._moment: int | None = None
        self.offset = 0
        self.objects: dict[str, Object] = {}
        self.events: list[Object] = []
        self.idempotency: dict[str, Any] = {}
        self.on_event: Callable[[Object], None] = lambda _event: None

    def now(self) -> int:
        """The double's time; during `at` the moment that is being lived through."""
        return self._moment if self._moment is not None else int(self._now()) + self.offset

    def at(self, moment: int | None) -> None:
        """Live through `moment`; None: the present again."""
        self._moment = moment

    def new_id(self, prefix: str) -> str:
        """An id as Stripe makes them."""
        return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(24))}"

    def add(self, item: Object) -> Object:
        """Keep a new object."""
        self.objects[item["id"]] = item
        return item

    def get(self, identifier: str, kind: str) -> Object:
        """Raise 404 as Stripe does for an unknown id or one of another kind."""
        found = self.objects.get(identifier)
        if found is None or found["object"] != kind:
            raise errors.no_such(kind.rpartition(".")[2], identifier)
        return found

    def all(self, kind: str, **wanted: Any) -> list[Object]:
        """Objects of a kind whose fields equal `wanted`, the newest first."""
        found = [
            item
            for item in self.objects.values()
            if item["object"] == kind
            and all(item.get(name) == value for name, value in wanted.items())
        ]
        return found[::-1]

    def emit(self, kind: str, item: Object, previous: dict[str, Any] | None = None) -> Object:
        """Record an event with the object as it is now, and hand it to `on_event`."""
        data: dict[str, Any] = {"object": copy.deepcopy(public(item))}
        if previous is not None:
            data["previous_attributes"] = previous
        event = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.events.append(event)
        self.on_event(event)
        return event

    def dump(self) -> dict[str, Any]:
        """Everything worth keeping."""
        return {
            "offset": self.offset,
            "objects": self.objects,
            "events": self.events,
            "idempotency": self.idempotency,
        }

    def load(self, kept: dict[str, Any]) -> None:
        """Take what `dump` gave."""
        self.offset = kept["offset"]
        self.objects = kept["objects"]
        self.events = kept["events"]
        self.idempotency = kept["idempotency"]


def public(item: Object) -> Object:
    """Without what the double keeps for itself (names starting with an underscore)."""
    return {name: value for name, value in item.items() if not name.startswith("_")}
