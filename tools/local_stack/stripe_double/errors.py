"""Stripe's error envelope: https://docs.stripe.com/api/errors."""

from typing import Any


class ApiError(Exception):
    """An answer other than 2xx; `kind` is Stripe's `type`."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param

    def envelope(self) -> dict[str, Any]:
        """The body."""
        error: dict[str, Any] = {"message": str(self), "type": self.kind}
        if self.code:
            error["code"] = self.code
        if self.param:
            error["param"] = self.param
        return {"error": error}


def unknown_parameter(name: str) -> ApiError:
    """Stripe refuses what it does not know instead of ignoring it."""
    return ApiError(
        400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name
    )


def missing_parameter(name: str) -> ApiError:
    """A required parameter is absent."""
    return ApiError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)


def invalid_parameter(name: str, message: str) -> ApiError:
    """A value of the wrong kind."""
    return ApiError(400, message, code="parameter_invalid", param=name)


def no_such(kind: str, identifier: str, *, param: str = "id") -> ApiError:
    """404 for an object that does not exist, 400 for a parameter that names one."""
    return ApiError(
        404 if param == "id" else 400,
        f"No such {kind}: '{identifier}'",
        code="resource_missing",
        param=param,
    )
