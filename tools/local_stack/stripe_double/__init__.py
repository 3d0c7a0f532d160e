"""A local, stateful stand-in for the part of Stripe that WatchLLM uses.

`make run` starts it when no STRIPE_SECRET_KEY is set, and the tests run against it with Stripe's
own SDK. It is as strict as Stripe about what it takes (unknown and missing parameters, versions,
idempotency keys) and keeps Stripe's rules about subscriptions: prorations, trials, failed renewals
with retries, cancelling at the end of a period. No money moves, and every page says so.

- `parameters`: what each endpoint takes, as data
- `forms`: Stripe's bracketed form encoding
- `store`: objects by id, and the events about them
- `objects`: the shapes of the objects, in the API version below
- `lifecycle`: what happens to subscriptions as time passes and people act
- `api`: the HTTP API · `pages`: Checkout, portal and control pages · `server`: aiohttp around both
"""

API_VERSION = "2026-10-28.endive"
SECRET_KEY = "sk_test_watchllm_double"  # noqa: S105 - opens nothing but this double
WEBHOOK_SECRET = "whsec_watchllm_double"  # noqa: S105
