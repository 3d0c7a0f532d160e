"""Somebody who looks at the dashboard during the soak."""

import itertools
import threading
from collections import Counter

import httpx

from benchmarks.soak.stack import Stack

_PAUSE_SECONDS = 2.0
_PAGES = ("", "requests/", "usage/", "cache/")


class Visits:
    """``statuses``: how often each status was answered; 0 for no answer."""

    def __init__(self, stack: Stack) -> None:
        self.statuses: Counter[int] = Counter()
        self._stack = stack

    def run(self, stopped: threading.Event) -> None:
        """Open a page every two seconds, of each tenant in turn."""
        pages = itertools.product(self._stack.tenants.values(), _PAGES)
        for tenant, page in itertools.cycle(pages):
            if stopped.wait(_PAUSE_SECONDS):
                return
            url = f"{self._stack.dashboard_url}{tenant['page']}{page}"
            cookies = {"sessionid": tenant["session"]}
            try:
                answer = httpx.get(url, cookies=cookies, timeout=30)
                self.statuses[answer.status_code] += 1
            except httpx.TransportError:
                self.statuses[0] += 1
