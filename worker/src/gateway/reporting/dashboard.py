"""The dashboard's scheduled work, called from Cloudflare's cron where its own host has none."""

from gateway.core.http import FetchFailed
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.core.settings import Settings

_TIMEOUT_SECONDS = 55.0


async def tick(platform: Platform, settings: Settings) -> None:
    """``POST DASHBOARD_TICK_URL`` with ``TICK_TOKEN``; nothing without an address. Never raises:
    the dashboard's ``/healthz/jobs`` says what was not done.
    """
    if not settings.dashboard_tick_url:
        return
    headers = [("authorization", f"Bearer {settings.tick_token}")]
    try:
        status, _ = await platform.call(
            "POST", settings.dashboard_tick_url, headers, "", timeout=_TIMEOUT_SECONDS
        )
        reason = "" if status == 200 else f"status {status}"
    except FetchFailed as error:
        reason = str(error)
    if reason:
        log_event("dashboard_not_ticked", "warning", reason=reason)
