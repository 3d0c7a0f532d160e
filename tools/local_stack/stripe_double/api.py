"""The HTTP API without its sockets: a request goes in, status, headers and JSON come out."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_stack.stripe_double import API_VERSION, errors, forms, objects, parameters
from local_stack.stripe_double.errors import ApiError
from local_stack.stripe_double.lifecycle import Lifecycle
from local_stack.stripe_double.store import Object, Store, public

_KINDS = {
    "products": "product",
    "prices": "price",
    "customers": "customer",
    "checkout/sessions": "checkout.session",
    "billing_portal/configurations": "billing_portal.configuration",
    "billing_portal/sessions": "billing_portal.session",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "invoice_payments": "invoice_payment",
    "charges": "charge",
    "disputes": "dispute",
}
_ACTIONS = ("expire", "void")
_PAGING = ("limit", "starting_after", "ending_before", "expand")


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is JSON-ready."""

    status: int
    body: Object
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """Answers for one account, whose secret key is `key`."""

    def __init__(self, store: Store, lifecycle: Lifecycle, key: str) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._key = key

    def handle(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """`headers` must find names in any case."""
        request_id = {"Request-Id": self._store.new_id("req")}
        try:
            self._authenticate(headers)
            found, repeated = self._once(method, path, query, headers, body)
        except ApiError as error:
            return Answer(error.status, error.envelope(), request_id)
        if repeated:
            request_id["Idempotent-Replayed"] = "true"
        return Answer(200, public(found), request_id)

    def _authenticate(self, headers: Mapping[str, str]) -> None:
        scheme, _, key = headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise ApiError(401, "You did not provide an API key.")
        if key != self._key:
            raise ApiError(401, f"Invalid API Key provided: {key[:8]}***")
        version = headers.get("Stripe-Version")
        if version != API_VERSION:
            raise ApiError(400, f"Invalid Stripe API version: {version}. Spoken: {API_VERSION}")

    def _once(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Object, bool]:
        """The answer, and whether it is the one already given to the same idempotency key."""
        key = headers.get("Idempotency-Key") if method == "POST" else None
        digest = hashlib.sha256(f"{path}\n{body.decode()}".encode()).hexdigest()
        if key and key in self._store.idempotency:
            known, answer = self._store.idempotency[key]
            if known != digest:
                raise ApiError(
                    400,
                    "Keys for idempotent requests can only be used with the same parameters they "
                    "were first used with.",
                    kind="idempotency_error",
                )
            return json.loads(answer), True
        found = self._route(method, path, forms.decode(body.decode() or query))
        if key:
            self._store.idempotency[key] = [digest, json.dumps(found)]
        return found, False

    def _route(self, method: str, path: str, given: dict[str, Any]) -> Object:
        resource, identifier, action = _split(path)
        route = f"/v1/{resource}/{{id}}" if identifier else f"/v1/{resource}"
        if action:
            route += f"/{action}"
        spec = parameters.ENDPOINTS.get((method, route))
        if spec is None:
            raise ApiError(404, f"Unrecognized request URL ({method}: {path}).")
        checked = parameters.check(spec, given)
        self._lifecycle.catch_up()
        if not identifier:
            return (
                self._list(resource, checked)
                if method == "GET"
                else self._create(resource, checked)
            )
        item = self._store.get(identifier, _KINDS[resource])
        if action:
            return (
                self._lifecycle.expire(item) if action == "expire" else self._lifecycle.void(item)
            )
        return item if method == "GET" else self._update(resource, item, checked)

    # --- reading ---

    def _list(self, resource: str, given: dict[str, Any]) -> Object:
        if resource == "events":
            wanted = given.get("types") or ([given["type"]] if "type" in given else None)
            found = [e for e in self._store.events[::-1] if not wanted or e["type"] in wanted]
        else:
            filters = {k: v for k, v in given.items() if k not in _PAGING}
            if "customer" in filters and filters["customer"] not in self._store.objects:
                raise errors.no_such("customer", filters["customer"], param="customer")
            found = [item for item in self._store.all(_KINDS[resource]) if _matches(item, filters)]
        ids = [item["id"] for item in found]
        start = 0
        if after := given.get("starting_after"):
            if after not in ids:
                raise errors.no_such(resource, after)
            start = ids.index(after) + 1
        limit = given.get("limit", 10)
        if not 1 <= limit <= 100:
            raise errors.invalid_parameter("limit", "limit must be between 1 and 100")
        page = [public(item) for item in found[start : start + limit]]
        more = len(found) > start + limit
        return objects.listing(page, f"/v1/{resource}", has_more=more)

    # --- writing ---

    def _create(self, resource: str, given: dict[str, Any]) -> Object:
        store = self._store
        if resource == "products":
            if given.get("id") in store.objects:
                raise ApiError(400, "Product already exists.", code="resource_already_exists")
            return store.add(objects.product(store, given))
        if resource == "prices":
            store.get(given["product"], "product")
            self._claim_lookup_key(given)
            return store.add(objects.price(store, given))
        if resource == "customers":
            return store.add(objects.customer(store, given))
        if resource == "checkout/sessions":
            return self._create_checkout(given)
        if resource == "billing_portal/configurations":
            return store.add(
                {
                    "id": store.new_id("bpc"),
                    "object": "billing_portal.configuration",
                    "active": True,
                    "created": store.now(),
                    "features": given["features"],
                    "is_default": False,
                    "livemode": False,
                    "metadata": given.get("metadata", {}),
                }
            )
        self._customer(given["customer"])
        if "configuration" in given:
            store.get(given["configuration"], "billing_portal.configuration")
        identifier = store.new_id("bps")
        return store.add(
            {
                "id": identifier,
                "object": "billing_portal.session",
                "configuration": given.get("configuration"),
                "created": store.now(),
                "customer": given["customer"],
                "livemode": False,
                "return_url": given.get("return_url"),
                "url": f"{self._lifecycle.base_url}/portal/{identifier}",
            }
        )

    def _create_checkout(self, given: dict[str, Any]) -> Object:
        if given.get("mode") != "subscription":
            raise ApiError(400, "This double sells subscriptions only.", param="mode")
        for name in ("customer", "success_url"):
            if name not in given:
                raise errors.missing_parameter(name)
        self._customer(given["customer"])
        items = given.get("line_items", [])
        if len(items) != 1:
            raise ApiError(400, "Exactly one line item is expected.", param="line_items")
        price = self._store.get(items[0].get("price", ""), "price")
        if not price["active"]:
            raise ApiError(400, "The price specified is inactive.", param="line_items[0][price]")
        if given.get("tax_id_collection", {}).get("enabled") and "customer_update" not in given:
            raise ApiError(
                400,
                "Tax ID collection requires updating business name on the customer. Set "
                "`customer_update[name]` to `auto`.",
            )
        session = objects.checkout_session(self._store, given, self._lifecycle.base_url)
        session["_wanted"] = {"price": price["id"], **given.get("subscription_data", {})}
        return self._store.add(session)

    def _customer(self, identifier: str) -> None:
        """Nothing can be done for one that was deleted, though it can still be read."""
        if self._store.get(identifier, "customer").get("deleted"):
            raise errors.no_such("customer", identifier, param="customer")

    def _update(self, resource: str, item: Object, given: dict[str, Any]) -> Object:
        if resource == "subscriptions":
            return self._lifecycle.update(item, given)
        if resource == "prices":
            self._claim_lookup_key(given)
        metadata = given.pop("metadata", {})
        given.pop("transfer_lookup_key", None)
        given.pop("expand", None)
        item.update(given)
        item["metadata"] |= metadata
        return item

    def _claim_lookup_key(self, given: dict[str, Any]) -> None:
        wanted = given.get("lookup_key")
        if not wanted:
            return
        for other in self._store.all("price", lookup_key=wanted):
            if not given.get("transfer_lookup_key"):
                raise ApiError(
                    400,
                    f"A price (`{other['id']}`) already uses that lookup key.",
                    code="resource_already_exists",
                )
            other["lookup_key"] = None


def _split(path: str) -> tuple[str, str, str]:
    """Collection, id and action of an address; what it does not name is empty."""
    resource = path.removeprefix("/v1/")
    if resource in (*_KINDS, "events"):
        return resource, "", ""
    collection, _, identifier = resource.rpartition("/")
    if identifier in _ACTIONS:
        inside, _, subject = collection.rpartition("/")
        return inside, subject, identifier
    return collection, identifier, ""


def _matches(item: Object, filters: dict[str, Any]) -> bool:
    for name, value in filters.items():
        if name == "lookup_keys":
            ok = item["lookup_key"] in value
        elif name == "ids":
            ok = item["id"] in value
        elif name == "payment":
            ok = item["payment"] == value
        elif name == "subscription":
            ok = item["parent"]["subscription_details"]["subscription"] == value
        elif name == "price":
            ok = item["items"]["data"][0]["price"]["id"] == value
        elif name == "status" and item["object"] == "subscription":
            ok = value == "all" or item["status"] == value
        else:
            ok = item.get(name) == value
        if not ok:
            return False
    # Without a status, Stripe leaves out what has been cancelled.
    return not (
        item["object"] == "subscription"
        and "status" not in filters
        and item["status"] == "canceled"
    )
