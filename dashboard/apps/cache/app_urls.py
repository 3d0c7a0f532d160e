"""The cache pages of a project."""

from django.urls import path

from apps.cache.views import cache, entries, playground, prompts, quality

urlpatterns = [
    path("cache/", cache.cache, name="project_cache"),
    path("cache/purge/", cache.cache_purge_page, name="cache_purge"),
    path("cache/quality/", quality.semantic_quality, name="semantic_quality"),
    path("cache/quality/<int:log_id>/verdict/", quality.semantic_verdict, name="semantic_verdict"),
    path("cache/entries/", entries.entries, name="cache_entries"),
    path("cache/entries/top/", entries.entries_top, name="cache_entries_top"),
    path("cache/entries/kept/", entries.entries_kept, name="cache_entries_kept"),
    path("cache/entries/delete/", entries.entry_delete_page, name="cache_entry_delete"),
    path("cache/prompts/", prompts.prompts, name="cache_prompts"),
    path("cache/playground/", playground.playground, name="cache_playground"),
]
