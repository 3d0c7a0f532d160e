"""Scheduled work over HTTP: a health check for it, and a route by which a remote cron runs it."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from apps.jobs.services import late_jobs, tick


@never_cache
@require_safe
def jobs_health(request: HttpRequest) -> JsonResponse:
    """200 while every job succeeds in time, 503 with the names of those that do not."""
    del request
    late = late_jobs(now=timezone.now())
    return JsonResponse({"late": late}, status=503 if late else 200)


@csrf_exempt
@never_cache
@require_POST
def run_tick(request: HttpRequest) -> JsonResponse:
    """With ``Authorization: Bearer <TICK_TOKEN>``, for instance from a Cloudflare cron trigger."""
    given = request.headers.get("Authorization", "")
    if not settings.TICK_TOKEN or not constant_time_compare(given, f"Bearer {settings.TICK_TOKEN}"):
        return JsonResponse({"error": "unauthorized"}, status=401)
    return JsonResponse({"ran": tick()})
