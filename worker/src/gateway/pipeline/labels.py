"""Where a request's labels come from: our header, the headers of well-known clients, the body.

Only our own header is refused when it is malformed. Everything else belongs to the provider's API
or to a client, so what cannot be a label is left out. Imported by the first request that has any.
"""

import re
from typing import Any

from gateway.core import errors, strict_json
from gateway.core.http import Request
from shared import labels
from shared.key_record import Project

_CLAUDE_CODE_USER = re.compile(r"user_([0-9a-f]{64})_account_([0-9a-f-]*)_session_([0-9a-f-]{36})")
"""``metadata.user_id`` of Claude Code before 2.1.78; from then on it is a JSON object."""


def of_headers(request: Request) -> dict[str, str]:
    """Raises ``InvalidHeader`` for a malformed ``x-watchllm-metadata``."""
    found: dict[str, str] = {}
    app = labels.as_value(request.header(labels.APP_HEADER))
    if app is not None:
        found[labels.APP] = app
    for name in labels.SESSION_HEADERS:
        session = labels.as_value(request.header(name))
        if session is not None:
            found[labels.SESSION] = session
            break
    given = request.header(labels.HEADER)
    return found if given is None else found | _parsed(given)


def of_body(body: dict[str, Any], project: Project) -> dict[str, str]:
    """Ids of users are replaced by pseudonyms, unless the project keeps them plain."""
    found: dict[str, str] = {}
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        for name, value in list(metadata.items())[: labels.MOST]:
            text = labels.as_value(value)
            if name != "user_id" and text is not None and labels.is_name(name):
                found[name] = text
    else:
        metadata = {}
    user, session = _user_and_session(metadata.get("user_id"))
    user = user or body.get("safety_identifier") or body.get("user")
    if isinstance(user, str) and user.strip():
        plain = labels.as_value(user) if project.plain_user_labels else None
        found[labels.USER] = plain or labels.pseudonym(project.data_key_salt, user.strip())
    if session is not None:
        found[labels.SESSION] = session
    return found


def _user_and_session(user_id: Any) -> tuple[str | None, str | None]:
    """Of Anthropic's ``metadata.user_id``, into which Claude Code writes an account or device and a
    session."""
    if not isinstance(user_id, str):
        return None, None
    match = _CLAUDE_CODE_USER.fullmatch(user_id)
    if match:
        return match[2] or match[1], match[3]
    if not user_id.startswith("{"):
        return user_id, None
    try:
        parts = strict_json.request(user_id)
    except ValueError:
        return user_id, None
    user = parts.get("account_uuid") or parts.get("device_id")
    return user if isinstance(user, str) else user_id, labels.as_value(parts.get("session_id"))


def _parsed(given: str) -> dict[str, str]:
    if len(given) > labels.LONGEST_HEADER:
        raise _refused(f"is longer than {labels.LONGEST_HEADER:,} characters")
    try:
        values = strict_json.request(given)
    except ValueError as error:
        raise _refused(f"is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise _refused("takes a JSON object")
    if len(values) > labels.MOST:
        raise _refused(f"takes at most {labels.MOST} labels, and has {len(values)}")
    found: dict[str, str] = {}
    for name, value in values.items():
        if not labels.is_name(name):
            raise _refused(
                f"has the name {name[:80]!r}: names are a letter, then up to 63 letters, digits or "
                "_ . : / -"
            )
        text = labels.as_value(value)
        if text is None:
            raise _refused(
                f"has no usable value for {name!r}: values are booleans, numbers or printable "
                f"strings of 1 to {labels.LONGEST_VALUE} characters"
            )
        found[name] = text
    return found


def _refused(why: str) -> errors.InvalidHeader:
    return errors.InvalidHeader(f"{labels.HEADER} {why}.", param=labels.HEADER)
