"""Shapes of the public API's OpenAPI document, settled after marshmallow has told them: what readers and generators of clients
need and no schema class says.

Pure: each function changes the document that it is given.

- A query has no null: a parameter that may be left out is one that is not required.
- A choice that may be null is the choice or null (`anyOf`), not a choice that has null among its words.
- What only answers hold is always there, null or not: every property is required, unless its field says `MAY_LACK`.
- `x-schema` names a component where a field is read raw: the items of a bulk request, each of which is checked by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MAY_LACK = {"x-may-lack": True}  # metadata of a field of an answer that is left out where there is nothing to say
_REFERENCE = "#/components/schemas/"
_METHODS = {"get", "post", "patch", "put", "delete"}


def settle_shapes(document: dict[str, Any]) -> None:
    for node in _nodes(document):
        if "x-schema" in node:
            kept = {key: value for key, value in node.items() if key in MAY_LACK}
            reference = f"{_REFERENCE}{node['x-schema']}"
            node.clear()
            node.update({"$ref": reference, **kept})
    for operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter.get("in") == "query":
                _never_null(parameter["schema"])
    for node in _nodes(document):
        _choice_or_null(node)
    _say_what_is_always_there(document)


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method in _METHODS)


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of the document, the outer ones first."""
    if isinstance(node, dict):
        yield node
        for inner in list(node.values()):
            yield from _nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _nodes(inner)


def _never_null(schema: dict[str, Any]) -> None:
    if isinstance(schema.get("type"), list):
        plain = [each for each in schema["type"] if each != "null"]
        schema["type"] = plain[0] if len(plain) == 1 else plain
    if "enum" in schema:
        schema["enum"] = [each for each in schema["enum"] if each is not None]
    if schema.get("default", ...) is None:
        del schema["default"]


def _choice_or_null(schema: dict[str, Any]) -> None:
    kinds = schema.get("type")
    if not (isinstance(kinds, list) and "null" in kinds and isinstance(schema.get("enum"), list)):
        return
    plain = [each for each in kinds if each != "null"]
    choices = [each for each in schema.pop("enum") if each is not None]
    del schema["type"]
    schema["anyOf"] = [{"type": plain[0] if len(plain) == 1 else plain, "enum": choices}, {"type": "null"}]


def _say_what_is_always_there(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    sent = _reached(schemas, [each["requestBody"] for each in _operations(document) if "requestBody" in each])
    answers = [
        answer
        for operation in _operations(document)
        for status, answer in operation["responses"].items()
        if str(status).startswith("2")
    ]
    for name in sorted(_reached(schemas, answers) - sent - {"Problem"}):
        fields = schemas[name].get("properties", {})
        schemas[name]["required"] = [field for field, told in fields.items() if not told.pop("x-may-lack", False)]


def _reached(schemas: dict[str, Any], roots: Any) -> set[str]:
    """Names of the component schemas that these parts of the document lead to."""
    found: set[str] = set()
    waiting = [roots]
    while waiting:
        for node in _nodes(waiting.pop()):
            name = str(node.get("$ref", "")).removeprefix(_REFERENCE)
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found
