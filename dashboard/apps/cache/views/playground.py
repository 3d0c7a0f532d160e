"""The playground: would this question be answered from that one's answer, and why (not)?"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.cache.playground import BITS, EXAMPLES, LONGEST, Comparison, compare
from apps.cache.selectors.namespaces import standings
from apps.features.catalogue import PLAYGROUND
from apps.features.selectors import enabled
from apps.projects.access import ProjectAccess, project_view
from apps.projects.cache_control import CacheUnreachableError
from shared.decision import MAX_DISTANCE


@require_safe
@project_view()
def playground(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """GET, so that a comparison can be shared by its address; htmx asks for the changed part."""
    if not enabled(PLAYGROUND, access.organization):
        return render(request, "app/cache/playground/closed.html", {"access": access})
    asked, cached = (_text(request, name) for name in ("asked", "cached"))
    too_long = [
        label
        for label, text in (("The new prompt", asked), ("The cached prompt", cached))
        if len(text) > LONGEST
    ]
    result: Comparison | None = None
    if asked and cached and not too_long:
        try:
            known = standings(access.project)
        except CacheUnreachableError:
            known = {}
        result = compare(asked, cached, known)
    context = {
        "access": access,
        "asked": asked,
        "cached": cached,
        "longest": LONGEST,
        "bits": BITS,
        "most_distance": MAX_DISTANCE,
        "too_long": too_long,
        "missing": bool(asked) != bool(cached),
        "result": result,
        "examples": EXAMPLES,
    }
    part = request.headers.get("HX-Target") == "playground"
    name = "app/cache/playground/tool.html" if part else "app/cache/playground.html"
    return render(request, name, context)


def _text(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\x00", "").strip()
