"""The API description (OpenAPI 3.1) as Markdown, so that it is searched and shown like any page.

Covers what ``docs/public/openapi.json`` uses: ``$ref`` into ``components``, parameters, one media
type a body, object schemas one level deep, examples.
"""

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def to_markdown(spec: Json) -> str:
    """One section an operation, in the file's order."""
    lines = [f"# {spec['info']['title']}", "", spec["info"]["description"], ""]
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            lines += _operation(spec, f"{method.upper()} {path}", operation)
    return "\n".join(lines)


def _operation(spec: Json, title: str, operation: Json) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield operation["description"]
    yield ""
    parameters = [_resolve(spec, item) for item in operation.get("parameters", ())]
    if parameters:
        yield f"### Parameters of {title}"
        yield ""
        yield from _table(
            ("Parameter", "Value", "Meaning"),
            [
                (f"`{p['name']}` ({p['in']})", _kind(spec, p["schema"]), p["description"])
                for p in parameters
            ],
        )
    if "requestBody" in operation:
        yield from _body(spec, title, operation["requestBody"])
    yield from _responses(spec, title, operation["responses"])


def _body(spec: Json, title: str, body: Json) -> Iterator[str]:
    media = next(iter(_resolve(spec, body)["content"].values()))
    schema = _resolve(spec, media["schema"])
    required = schema.get("required", ())
    yield f"### Body of {title}"
    yield ""
    yield from _table(
        ("Field", "Type", "Meaning"),
        [
            (
                f"`{name}`" + (" (required)" if name in required else ""),
                _kind(spec, field),
                _resolve(spec, field).get("description", ""),
            )
            for name, field in schema["properties"].items()
        ],
    )
    yield from _example(media)


def _responses(spec: Json, title: str, responses: Json) -> Iterator[str]:
    resolved = {status: _resolve(spec, response) for status, response in responses.items()}
    yield f"### Answers of {title}"
    yield ""
    yield from _table(
        ("Status", "Meaning"),
        [(f"`{status}`", response["description"]) for status, response in resolved.items()],
    )
    for response in resolved.values():
        for media in response.get("content", {}).values():
            yield from _example(media)


def _example(media: Json) -> Iterator[str]:
    if "example" not in media:
        return
    yield "```json"
    yield json.dumps(media["example"], indent=2, ensure_ascii=False)
    yield "```"
    yield ""


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def _kind(spec: Json, schema: Json) -> str:
    schema = _resolve(spec, schema)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "oneOf" in schema:
        return " or ".join(_kind(spec, item) for item in schema["oneOf"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"array of {_kind(spec, schema['items'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _resolve(spec: Json, item: Json) -> Json:
    """Follows a local ``$ref``."""
    while "$ref" in item:
        found: Any = spec
        for part in item["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        item = found
    return item
