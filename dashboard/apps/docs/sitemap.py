"""What search engines may list: the pages that need no log-in."""

from typing import TYPE_CHECKING

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from apps.docs.pages import PAGES

if TYPE_CHECKING:
    PathSitemap = Sitemap[str]
else:
    PathSitemap = Sitemap  # generic in its stubs only


class DocsSitemap(PathSitemap):
    """The documentation."""

    def items(self) -> list[str]:
        """Paths, in reading order."""
        return [reverse("docs_home"), *(reverse("docs_page", args=[page.slug]) for page in PAGES)]

    def location(self, item: str) -> str:
        """The path itself."""
        return item
