"""How the OpenAPI description names the two ways to sign in; drf-spectacular finds the classes by themselves."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token` and a space before the token itself.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "session"}


PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details as in RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "example": "about:blank"},
        "title": {"type": "string", "example": "Some values are not right."},
        "status": {"type": "integer", "example": 400},
        "detail": {"type": "string"},
        "errors": {
            "description": "What is wrong with each field or parameter, by its name.",
            "example": {"risk": ["Select a valid choice."]},
        },
    },
}
#: What every operation may answer.
ALWAYS = {
    "401": "There is no valid token.",
    "403": "The token lacks the scope, or its owner may not do this.",
    "406": "The answer does not come in the type asked for.",
    "414": "The address is too long. It is the web server that says so, with a page.",
    "429": "Asked too often. `Retry-After` says how many seconds to wait.",
}
PAGE: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
WORDS = ALWAYS | {
    "302": "The lesson was merged: `Location` leads to the one that has it now.",
    "304": "Nothing changed since the `ETag` that was sent.",
    "400": "A parameter or field has a wrong value: `errors` names it.",
    "404": "There is nothing here that you may read.",
    "409": "This cannot be done as things stand.",
    "410": "The lesson is suspended. Do not use it, and withdraw copies of it.",
    "413": "More than can be taken at once.",
    "415": "The body must be `application/json`.",
}
RATE_HEADERS = {
    "RateLimit-Limit": "Requests in a period.",
    "RateLimit-Remaining": "Requests left in this period.",
    "RateLimit-Reset": "Seconds until the next period.",
}


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Complete each operation with the errors that it may answer, and with what the headers say."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            if operation.get("security") == [{}]:
                continue  # public: no token, no rate
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query" and parameter["schema"]["type"] == "string":
                    parameter["allowEmptyValue"] = True  # as if it were not sent
            responses = operation["responses"]
            for status in _statuses(path, method, operation):
                responses.setdefault(status, {"description": WORDS[status]})
            for status, response in responses.items():
                _complete(response, status, method)
            operation["responses"] = dict(sorted(responses.items()))
    return result


def _statuses(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    found = [*ALWAYS]
    if method == "get":
        found.append("304")
    if "{" in path:
        found.append("404")
    if path.endswith("/lessons/{reference}/"):
        found += ["302", "410"]
    if "requestBody" in operation:
        found += ["400", "413", "415"]
    if any(parameter["in"] in {"query", "header"} for parameter in operation.get("parameters", [])):
        found.append("400")
    return found


def _complete(response: dict[str, Any], status: str, method: str) -> None:
    """Add to one answer of an operation what all with this status have."""
    if status >= "400":
        response["description"] = response["description"] or WORDS[status]
        response["content"] = PAGE if status == "414" else _problem_content(status)
    headers = response.setdefault("headers", {})
    if status < "400" or status == "429":
        headers |= _rate_headers(status)
    if status == "302":
        headers["Location"] = _header("Where the lesson is now.")
    if method == "get" and status == "200" and "application/json" in response.get("content", {}):
        headers["ETag"] = _header("Send it as `If-None-Match` to learn whether the answer still holds.")


def _problem_content(status: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"application/problem+json": {"schema": schema, "example": _problem(status)}}


def _header(words: str) -> dict[str, Any]:
    return {"description": words, "schema": {"type": "string"}}


def _problem(status: str) -> dict[str, Any]:
    problem = {"type": "about:blank", "title": HTTPStatus(int(status)).phrase, "status": int(status)}
    if status == "400":
        return problem | {"title": "Some values are not right.", "errors": {"risk": ["Select a valid choice."]}}
    return problem | {"detail": WORDS[status]}


def _rate_headers(status: str) -> dict[str, Any]:
    words = RATE_HEADERS | ({"Retry-After": "Seconds to wait."} if status == "429" else {})
    return {name: _header(text) | {"schema": {"type": "integer"}} for name, text in words.items()}
