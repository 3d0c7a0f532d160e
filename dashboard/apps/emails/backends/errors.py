"""How a message can fail to be sent, by what the outbox has to do about it.

MailError
├── MailRefusedError     the provider will never take it: do not try again
├── MailUnavailableError it was certainly not taken: try again later
└── MailUncertainError   it may have been taken: ask before trying again
"""


class MailError(Exception):
    """Its text contains no secret and nothing of the mail."""


class MailRefusedError(MailError):
    """400, 402, 404, 413 and the like."""


class MailUnavailableError(MailError):
    """No connection, 401 and 403 (ours to mend), 429, 5xx."""


class MailUncertainError(MailError):
    """The request was sent and no answer came."""
