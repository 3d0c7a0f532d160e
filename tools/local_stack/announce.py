"""What a ready stack tells: people on the terminal, programs in `dev.json`."""

from collections.abc import Callable

from local_stack.options import Options, version
from local_stack.services import Stack
from local_stack.state import Secrets, read_json, write_json


def announce(
    options: Options, stack: Stack, secrets: Secrets, seconds: float, show: Callable[[str], None]
) -> None:
    """Write `dev.json`, then print how to reach everything."""
    seeded = read_json(stack.seed_file)
    ready = {
        "base_url": f"{options.edge_url}/v1",
        "api_key": seeded["api_key"],
        "dashboard_url": None if options.bare else options.dashboard_url,
        "staff": seeded.get("staff"),
        "upstash_url": stack.upstash_url,
        "upstash_token": secrets.upstash_redis_rest_token,
    }
    write_json(options.state / "dev.json", ready)
    show("")
    show(f"WatchLLM {version()} is ready ({seconds:.1f} s, {options.edge_host} edge)")
    show("")
    show(f"  Base URL   {ready['base_url']}")
    show(f"  API key    {ready['api_key']}")
    if ready["staff"]:
        staff = ready["staff"]
        show(f"  Dashboard  {options.dashboard_url}  {staff['email']} / {staff['password']}")
    if not options.bare:
        show(f"  Mailbox    {options.dashboard_url}/dev/mailbox/")
    if stack.stripe_url:
        show(f"  Payments   Stripe test double, {stack.stripe_url} (no card is charged)")
    if stack.demo:
        show("  Provider   demo (no model; set OPENAI_API_KEY to use a real one)")
    show("")
    show("Send this twice; the second answer comes from the cache (x-watchllm-cache: HIT):")
    show("")
    show(f"  {curl(str(ready['base_url']), str(ready['api_key']))}")
    show("")
    show("Ctrl-C stops everything; the data stays.")
    show("")


def curl(base_url: str, api_key: str) -> str:
    """A command that asks the edge one question and shows the headers of the answer."""
    return (
        f"curl -i {base_url}/chat/completions -H 'Authorization: Bearer {api_key}' "
        "-H 'Content-Type: application/json' -d "
        """'{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}'"""
    )
