"""What every operation of the public API has in common, written into its OpenAPI document once.

Pure: a document in, the same document completed. Names and permissions of operations, headers of commands, the form of every
refusal, the answers that any operation may give.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wms.core.ids import KEY_FORM
from wms.platform.api_naming import operation_id
from wms.platform.api_shapes import settle_shapes

# On a route whose view calls `require_match`: `@blueprint.doc(**NEEDS_MATCH)`.
NEEDS_MATCH = {"x-needs-match": True}
# The schema of an answer that is a file: `@blueprint.response(200, BINARY, content_type=…)`.
BINARY = {"type": "string", "format": "binary"}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": True,
    "description": "Made by you, best a UUIDv7. The same key again gives the same answer and one effect.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 247, "pattern": f"^{KEY_FORM}$"},
    "example": "019393c8-6f5e-7aaa-8000-000000000004",
}  # fmt: skip
_IF_MATCH = {
    "name": "If-Match", "in": "header", "required": True,
    "description": "The ETag of the version you have read.",
    "schema": {"type": "string", "pattern": '^"v[0-9]{1,12}"$'}, "example": '"v1"',
}  # fmt: skip
_CHANGES = {"post", "patch", "put", "delete"}

# status → (name of the response, what it means)
_REFUSALS = {
    "400": ("Malformed", "The request cannot be read, or has no Idempotency-Key."),
    "401": ("NotAuthenticated", "No key, or not a valid one."),
    "403": ("NotPermitted", "The key has not this scope."),
    "404": ("NotFound", "Not there, or not yours: the two are never told apart."),
    "409": ("Refused", "Well formed, and the world says no. `code` is stable."),
    "412": ("Stale", "The document has changed since you read it."),
    "413": ("TooLarge", "The body is too large."),
    "415": ("WrongMediaType", "The body must be JSON."),
    "422": ("InvalidInput", "Some fields are wrong; `errors` names each."),
    "428": ("MatchRequired", "Send If-Match."),
    "429": ("TooManyRequests", "Over the budget of this key. `Retry-After` says how many seconds to wait."),
    "503": ("Unavailable", "The database is away for a moment. Try again."),
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "example": "/problems/invalid_input"},
        "title": {"type": "string", "description": "In your language (Accept-Language).",
                  "example": "Some fields are wrong."},
        "status": {"type": "integer", "example": 422},
        "code": {"type": "string", "description": "Stable; decide by this.", "example": "invalid_input"},
        "instance": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": ["string", "null"]},
        "params": {"type": "object"},
        "next": {"type": "string", "description": "The code of what you can do."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string", "example": "/lines/0/quantity"},
                    "code": {"type": "string", "example": "too_small"},
                    "message": {"type": "string", "example": "At least 1."},
                    "params": {"type": "object"},
                },
            },
        },
    },
}  # fmt: skip
# Every answer carries the last two while a limit is set (draft-ietf-httpapi-ratelimit-headers-10).
_LIMIT_HEADERS = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "RateLimit-Policy": {"description": "The budget: q requests in w seconds.", "schema": {"type": "string"},
                         "example": '"key";q=60000;w=60'},
    "RateLimit": {"description": "What is left of it: r requests; whole again in t seconds.",
                  "schema": {"type": "string"}, "example": '"key";r=59999;t=1'},
}  # fmt: skip
_ETAG = {"description": "The version, for If-Match and If-None-Match.", "schema": {"type": "string"}}
_LINK = {"description": "The next page, if there is one (RFC 8288, `rel=next`).", "schema": {"type": "string"},
         "example": '</api/v1/orders?limit=50&cursor=WyIyMDI2…>; rel="next"'}  # fmt: skip
_COMMAND_HEADERS = {
    "Idempotent-Replay": {"description": "`true`: this key was answered so before; nothing was done again.",
                          "schema": {"type": "string", "enum": ["true"]}},
    "ETag": {"description": "The version it has now, where the answer names one.", "schema": {"type": "string"}},
}  # fmt: skip
_MADE_HEADERS = {
    "Location": {"description": "Where to read what was made, where it has an address.", "schema": {"type": "string"}}
}


def complete(document: dict[str, Any], permissions: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """The document with names, headers and refusals of every operation. Changes and returns it: give it a copy.

    `permissions`: what a key needs, by (method, path); an operation that is not there is open to every key.
    """
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    for unused in ("Error", "PaginationMetadata"):  # the framework's own, which no answer of ours has
        components["schemas"].pop(unused, None)
    components["responses"] = {
        name: {
            "description": meaning,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for name, meaning in _REFUSALS.values()
    }
    components["responses"]["TooManyRequests"]["headers"] = _LIMIT_HEADERS
    components["parameters"] = {"IdempotencyKey": _IDEMPOTENCY_KEY, "IfMatch": _IF_MATCH}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                operation["operationId"] = operation_id(method, path)
                _say_permission(operation, permissions.get((method, path)))
                _complete_operation(path, method, operation)
    settle_shapes(document)
    return document


def _say_permission(operation: dict[str, Any], needed: str | None) -> None:
    """As data, and in words for whoever reads a generated client. Not as scopes: those are OAuth's to linters."""
    words = "Any key may." if needed is None else f"The key needs `{needed}`."
    operation["description"] = " ".join(filter(None, [operation.get("description"), words]))
    if needed is not None:
        operation["x-permission"] = needed


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    needs_match = operation.pop("x-needs-match", False)
    parameters = list(operation.get("parameters", []))
    if method in _CHANGES:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if needs_match:
        parameters.append({"$ref": "#/components/parameters/IfMatch"})
    if parameters:
        operation["parameters"] = parameters
    good = {status: answer for status, answer in operation["responses"].items() if str(status).startswith("2")}
    if method == "get" and path.endswith("}") and "200" in good:
        good["200"] = {**good["200"], "headers": {"ETag": _ETAG}}
        good["304"] = {"description": "You have this version already (If-None-Match)."}
    elif method == "get" and any(each.get("name") == "cursor" for each in parameters):
        good["200"] = {**good["200"], "headers": {"Link": _LINK}}
    elif method in _CHANGES:
        made = {status: _MADE_HEADERS if status in {"201", "202"} else {} for status in good}
        good = {status: {**answer, "headers": {**made[status], **_COMMAND_HEADERS}} for status, answer in good.items()}
    wanted = _statuses(path, method, needs_match, "requestBody" in operation)
    wanted |= _REFUSALS.keys() & {str(status) for status in operation["responses"]}  # what the route itself declares
    operation["responses"] = good | {
        status: {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"} for status in sorted(wanted)
    }


def _statuses(path: str, method: str, needs_match: bool, has_body: bool) -> set[str]:
    """The refusals an operation may answer with."""
    found = {"401", "403", "422", "429", "503"}
    if "{" in path:
        found.add("404")
    if method in _CHANGES:
        found |= {"400", "409", "413", "415"}
    if has_body:
        found.add("404")  # a body may name what is not yours
    if needs_match:
        found |= {"412", "428"}
    return found
