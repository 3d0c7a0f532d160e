"""Which tool call of a chat stream a delta belongs to.

OpenAI's protocol numbers calls by ``index`` and gives their ``id`` and name once, first. Servers
that call themselves compatible leave the index out, give every call the index 0, send whole calls
in one delta, mix the deltas of several calls, or give ``arguments`` as an object. All can be
told apart by one rule: a new id or name is a new call, whatever its index says.
"""

from typing import Any

from gateway.core import strict_json
from gateway.formats.base import Json
from gateway.formats.merge import joined, merge_delta


class StreamedCall:
    """One call as far as it has come. ``number``: its place among the answer's calls, from 0."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.id = ""
        self.name = ""
        self.rest: Json = {}
        self._arguments: list[str] = []
        self._open_braces = 0
        self._is_whole: bool | None = None

    def is_whole(self) -> bool:
        """Whether the arguments are one JSON object, so that nothing can follow.

        Parsed at most once: where the number of braces deceives (they may stand in a string), the
        answer is no, and the call is taken to end with the stream.
        """
        if not self._arguments or self._open_braces:
            return False
        if self._is_whole is None:
            self._is_whole = is_object("".join(self._arguments))
        return self._is_whole

    def grow(self, text: str) -> None:
        """More of the arguments' text."""
        if text:
            self._arguments.append(text)
            self._open_braces += text.count("{") - text.count("}")

    def whole(self) -> Json:
        """The call as an answer that is not streamed has it."""
        call: Json = joined(self.rest)
        if self.id:
            call["id"] = self.id
        function = call.get("function")
        if isinstance(function, dict):
            call.setdefault("type", "function")
            function["arguments"] = "".join(self._arguments)
        return call


class StreamedCalls:
    """Every call of one choice, in the order in which they began."""

    def __init__(self) -> None:
        self.calls: list[StreamedCall] = []
        self._by_id: dict[str, StreamedCall] = {}
        self._by_index: dict[int, StreamedCall] = {}

    def take(self, delta: Json) -> tuple[StreamedCall, str, int]:
        """The call that ``delta`` belongs to, the text that its arguments grew by, and the number
        of characters it grew by in all. Raises ``ValueError``, ``TypeError`` or ``AttributeError``.
        """
        function = delta.get("function") or {}
        text = arguments_text(function.get("arguments"))
        name = function.get("name") or (delta.get("custom") or {}).get("name") or ""
        call = self._find(delta.get("id") or "", name, delta.get("index"), text)
        call.name = name or call.name
        call.grow(text)
        rest = {key: value for key, value in delta.items() if key not in ("id", "index")}
        if function:
            rest["function"] = {key: function[key] for key in function if key != "arguments"}
        return call, text, len(text) + merge_delta(call.rest, rest)

    def _find(self, identifier: str, name: str, index: Any, text: str) -> StreamedCall:
        if not isinstance(identifier, str) or not isinstance(name, str):
            raise TypeError("a tool call whose id or name is no text")
        if index is not None and (not isinstance(index, int) or isinstance(index, bool)):
            raise TypeError("a tool call whose index is no number")
        known = self._by_id.get(identifier) if identifier else None
        if known is not None and (index is None or self._by_index.get(index) is known):
            return known
        last = self.calls[-1] if self.calls else None
        call = last if index is None else self._by_index.get(index)
        if call is None or _begins_another(
            call, identifier, name, text, has_index=index is not None
        ):
            if not identifier and not name:
                raise ValueError("a piece of a tool call that never began")
            call = StreamedCall(len(self.calls))
            self.calls.append(call)
        if identifier:
            call.id = call.id or identifier
            self._by_id[identifier] = call
        if index is not None:
            self._by_index[index] = call
        return call


def _begins_another(
    call: StreamedCall, identifier: str, name: str, text: str, *, has_index: bool
) -> bool:
    if identifier:
        # An id that comes late belongs to the call that has none yet.
        return bool(call.id) or (not has_index and call.is_whole())
    if name:
        return name != call.name or (bool(text) and call.is_whole())
    return False


def arguments_text(arguments: Any) -> str:
    """A piece of ``arguments``. Raises ``TypeError``."""
    if arguments is None:
        return ""
    if isinstance(arguments, dict):
        return strict_json.dumps(arguments)
    if not isinstance(arguments, str):
        raise TypeError("tool arguments of another type")
    return arguments


def is_object(text: str) -> bool:
    """Whether ``text`` is a JSON object."""
    try:
        return isinstance(strict_json.answer(text), dict)
    except ValueError:
        return False


def well_formed(arguments: Any) -> bool:
    """Whether a function tool can be called with these: an object or its text; none is ``{}``."""
    if arguments is None or arguments == "" or isinstance(arguments, dict):
        return True
    return isinstance(arguments, str) and is_object(arguments)
