"""Content parts of chat messages as Anthropic's content blocks.

Source: OpenAI's "Create chat completion" (message content) and Anthropic's "Create a Message".
``where`` is a parameter's path for error messages, as in ``messages[2].content[0]``.
"""

import base64
from typing import Any

from gateway.core.errors import InvalidRequest
from gateway.formats.base import Json

_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_ALIASES = {"image/jpg": "image/jpeg"}
"""Media types that clients use although no registry lists them."""
_PDF = "application/pdf"


def blocks(content: Any, where: str) -> list[Json]:
    """The blocks of a message's ``content``. Empty and blank texts, which Anthropic refuses, are
    left out."""
    if content is None or (isinstance(content, str) and not content.strip()):
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise InvalidRequest(f"Invalid '{where}': expected a string or an array.", param=where)
    made = [_block(part, f"{where}[{index}]") for index, part in enumerate(content)]
    return [block for block in made if block["type"] != "text" or block["text"].strip()]


def texts(content: Any, where: str) -> list[Json]:
    """Like ``blocks``, for places where only text may stand."""
    made = blocks(content, where)
    for block in made:
        if block["type"] != "text":
            raise InvalidRequest(f"Invalid '{where}': only text is allowed here.", param=where)
    return made


def cache_control(part: Json) -> Json:
    """The part's prompt-cache marker: Anthropic's as it came, or OpenAI's explicit breakpoint."""
    if part.get("cache_control") is not None:
        return {"cache_control": part["cache_control"]}
    if part.get("prompt_cache_breakpoint") is not None:
        return {"cache_control": {"type": "ephemeral"}}
    return {}


def _block(part: Any, where: str) -> Json:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text" and isinstance(part.get("text"), str):
        return {"type": "text", "text": part["text"], **cache_control(part)}
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return {"type": "text", "text": part["refusal"]}
    if kind == "image_url":
        return {"type": "image", "source": _image(part, where), **cache_control(part)}
    if kind == "file" and isinstance(part.get("file"), dict):
        return {**_file(part["file"], where), **_citations(part), **cache_control(part)}
    raise InvalidRequest(
        f"Invalid '{where}': Anthropic's models take text, image_url and file parts.", param=where
    )


def _image(part: Json, where: str) -> Json:
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else None
    if isinstance(url, str):
        if url.startswith("data:"):
            media_type, data = _data_url(url, where)
            return {"type": "base64", "media_type": media_type, "data": data}
        if url.startswith(("https://", "http://")):
            return {"type": "url", "url": url}
    raise InvalidRequest(
        f"Invalid '{where}.image_url.url': expected an https or data URL.",
        param=f"{where}.image_url.url",
    )


def _file(file: Json, where: str) -> Json:
    if isinstance(file.get("file_id"), str):
        return {"type": "document", "source": {"type": "file", "file_id": file["file_id"]}}
    given = file.get("file_data")
    if not isinstance(given, str):
        raise InvalidRequest(f"Missing '{where}.file.file_data'.", param=f"{where}.file.file_data")
    media_type, data = _data_url(given, where) if given.startswith("data:") else (_PDF, given)
    title = {"title": file["filename"]} if isinstance(file.get("filename"), str) else {}
    if media_type == _PDF:
        source = {"type": "base64", "media_type": media_type, "data": data}
        return {"type": "document", "source": source, **title}
    if media_type in _IMAGES:
        return {
            "type": "image",
            "source": {"type": "base64", "media_type": media_type, "data": data},
        }
    if media_type.startswith("text/"):
        source = {"type": "text", "media_type": "text/plain", "data": _decoded(data, where)}
        return {"type": "document", "source": source, **title}
    raise InvalidRequest(
        f"Invalid '{where}.file.file_data': Anthropic's models take PDF, text and image files.",
        param=f"{where}.file.file_data",
    )


def _citations(part: Json) -> Json:
    """Anthropic's switch for citations of a document, which OpenAI's parts have no name for."""
    return {"citations": part["citations"]} if part.get("citations") is not None else {}


def _data_url(url: str, where: str) -> tuple[str, str]:
    """Media type and base64 text of a data URL (RFC 2397)."""
    head, comma, data = url.removeprefix("data:").partition(",")
    media_type, *parameters = head.split(";")
    if not comma or "base64" not in parameters:
        raise InvalidRequest(f"Invalid '{where}': expected a base64 data URL.", param=where)
    media_type = media_type.lower()
    return _ALIASES.get(media_type, media_type), data


def _decoded(data: str, where: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError as error:
        raise InvalidRequest(
            f"Invalid '{where}': not base64 of UTF-8 text.", param=where
        ) from error
