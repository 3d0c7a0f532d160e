"""A readable name for a ``User-Agent``."""

_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
_NAMES = {"Edg": "Edge", "OPR": "Opera"}
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")


def browser_name(user_agent: str) -> str:
    """``Firefox on Linux``; ``unknown`` for an unknown browser."""
    browser = next((name for name in _BROWSERS if f"{name}/" in user_agent), None)
    system = next((name for name in _SYSTEMS if name in user_agent), None)
    if browser is None:
        return "unknown"
    shown = _NAMES.get(browser, browser)
    return f"{shown} on {system}" if system else shown
