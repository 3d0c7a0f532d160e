"""The dashboard's routes, and a view that does nothing."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as dashboard


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """Reads the body and answers."""
    return HttpResponse(str(len(request.body)))


urlpatterns = [path("benchmark/nothing", nothing), *dashboard]
