"""OpenAI's error envelope."""

from typing import Any


class ApiError(Exception):
    """An answer other than 2xx. `code` and `param` may be None, as in the real envelope."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.headers = headers or {}

    def envelope(self) -> dict[str, Any]:
        """The JSON body."""
        return {
            "error": {
                "message": self.message,
                "type": self.kind,
                "param": self.param,
                "code": self.code,
            }
        }


def missing_key() -> ApiError:
    """No Authorization header."""
    return ApiError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    )


def wrong_key(key: str) -> ApiError:
    """A key that is not one; the answer shows its ends only, as the real service does."""
    shown = f"{key[:4]}{'*' * 8}{key[-4:]}" if len(key) > 12 else "*" * len(key)
    return ApiError(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")


def unknown_url(method: str, path: str) -> ApiError:
    """A route that does not exist."""
    return ApiError(404, f"Invalid URL ({method} {path})")


def wrong_method(method: str, path: str) -> ApiError:
    """A route that exists, asked with another method."""
    return ApiError(
        405,
        f"Not allowed to {method} on {path}. "
        "(HINT: Perhaps you meant to use a different HTTP method?)",
        code="method_not_supported",
    )


def wrong_content_type(content_type: str) -> ApiError:
    """A body that does not say it is JSON."""
    return ApiError(
        400,
        f"Unsupported content type: '{content_type}'. This API method only accepts "
        "'application/json' requests.",
        code="unsupported_content_type",
    )


def unreadable_json() -> ApiError:
    """A body that is not a JSON object."""
    return ApiError(
        400, "We could not parse the JSON body of your request. The API expects a JSON payload."
    )


def missing(param: str) -> ApiError:
    """A required parameter is absent."""
    return ApiError(
        400,
        f"Missing required parameter: '{param}'.",
        code="missing_required_parameter",
        param=param,
    )


def invalid(param: str, why: str) -> ApiError:
    """A parameter has a wrong type or value."""
    return ApiError(400, f"Invalid '{param}': {why}.", code="invalid_value", param=param)


def wrong_type() -> ApiError:
    """Some value is not of the type that the API documents."""
    return ApiError(
        400, "Invalid type: a parameter is not what the API expects.", code="invalid_type"
    )


def unknown_parameter(param: str) -> ApiError:
    """A parameter the API does not have."""
    return ApiError(400, f"Unknown parameter: '{param}'.", code="unknown_parameter", param=param)


def unknown_model(model: str) -> ApiError:
    """A model that does not exist."""
    return ApiError(
        404,
        f"The model `{model}` does not exist or you do not have access to it.",
        code="model_not_found",
    )
