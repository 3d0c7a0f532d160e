"""What keeps a client from being tried."""


class Failed(Exception):
    """The message says what was missing, or what did not come."""
