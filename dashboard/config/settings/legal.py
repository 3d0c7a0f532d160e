"""The operator's own pages, which every public page links to where they are set."""

from config import env

__all__ = ["LEGAL_LINKS"]

LEGAL_LINKS = env.current().legal_links
