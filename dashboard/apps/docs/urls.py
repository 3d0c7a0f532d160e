from django.contrib.sitemaps.views import sitemap
from django.urls import path

from apps.docs import views
from apps.docs.sitemap import DocsSitemap

urlpatterns = [
    path("docs/", views.docs_home, name="docs_home"),
    path("docs/search/", views.docs_search, name="docs_search"),
    path("docs/openapi.json", views.docs_openapi, name="docs_openapi"),
    path("api/v1/openapi.json", views.usage_openapi, name="usage_openapi"),
    path("docs/<slug:slug>.md", views.docs_markdown, name="docs_markdown"),
    path("docs/<slug:slug>/", views.docs_page, name="docs_page"),
    path("llms.txt", views.llms_txt, name="llms_txt"),
    path("llms-full.txt", views.llms_full_txt, name="llms_full_txt"),
    path("sitemap.xml", sitemap, {"sitemaps": {"docs": DocsSitemap}}, name="sitemap"),
]
