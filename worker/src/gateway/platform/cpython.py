"""The import path that the self-hosting guide has always given for the ASGI app of ``hosts``."""

from hosts.cpython.application import app

__all__ = ["app"]
