"""The CPython host: an ASGI application for self-hosting and for the local stack.

One aiohttp session for each process and event loop asks providers, one connection Redis.
"""
