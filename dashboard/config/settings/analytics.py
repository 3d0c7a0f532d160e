"""Simple Analytics, which counts visits without cookies: on the landing, pricing and documentation
pages only (``apps.pages.analytics``), and only when a domain is set.
"""

from config import env

__all__ = ["SIMPLE_ANALYTICS_DOMAIN"]

SIMPLE_ANALYTICS_DOMAIN = env.current().simple_analytics_domain
