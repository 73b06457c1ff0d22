"""The API's description as a page shows it: operations by tag, fields flat with their limits, an example to copy.

Pure: the OpenAPI document in, plain data out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

METHODS = ("get", "post", "patch", "put", "delete")
DEPTH = 4  # how deep nested objects are shown
SAMPLES = {
    "uuid": "019393c8-6f5e-7aaa-8000-000000000004",
    "date": "2026-12-01",
    "date-time": "2026-11-24T08:15:00+00:00",
}


@dataclass(frozen=True)
class Field:
    """One field of a body or one parameter. `limits` is ready to show; `depth` how far it is nested."""

    name: str
    kind: str
    required: bool
    limits: list[str]
    choices: list[str]
    example: str | None
    description: str
    depth: int
    where: str = "body"


@dataclass(frozen=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str, list[Field]]]
    curl: str


@dataclass
class Group:
    name: str
    description: str
    operations: list[Operation] = field(default_factory=list)


def groups(document: Mapping[str, Any], address: str) -> list[Group]:
    """The tags that have operations, in the document's order."""
    found = {tag["name"]: Group(tag["name"], tag.get("description", "")) for tag in document.get("tags", [])}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                spec = item[method]
                tag = (spec.get("tags") or ["API"])[0]
                group = found.setdefault(tag, Group(tag, ""))
                group.operations.append(_operation(document, address, path, method, item, spec))
    return [group for group in found.values() if group.operations]


def _operation(
    document: Mapping[str, Any], address: str, path: str, method: str, item: Mapping[str, Any], spec: Mapping[str, Any]
) -> Operation:
    parameters = [_parameter(document, each) for each in [*item.get("parameters", []), *spec.get("parameters", [])]]
    schema = _json_schema(_resolved(document, spec.get("requestBody", {})))
    needs_match = any(each.name == "If-Match" for each in parameters)
    return Operation(
        anchor=re.sub(r"[^a-z0-9]+", "-", f"{method}{path}".lower()).strip("-"),
        method=method.upper(),
        path=path,
        summary=spec.get("summary", ""),
        description=spec.get("description", ""),
        parameters=parameters,
        body=list(_fields(document, schema, 0)) if schema else [],
        answers=list(_answers(document, spec)),
        curl=_curl(address, path, method, example_of(document, schema) if schema else None, needs_match),
    )


def _resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node that a reference leads to."""
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def _json_schema(holder: Mapping[str, Any]) -> Mapping[str, Any] | None:
    content = holder.get("content", {})
    media = content.get("application/json") or content.get("application/problem+json") or {}
    schema: Mapping[str, Any] | None = media.get("schema")
    return schema


def _answers(document: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Field]]]:
    """The good answers; refusals are the same everywhere and are explained once."""
    for status, answer in spec.get("responses", {}).items():
        if str(status).startswith("2"):
            known = _resolved(document, answer)
            schema = _json_schema(known)
            yield str(status), known.get("description", ""), list(_fields(document, schema, 0)) if schema else []


def _parameter(document: Mapping[str, Any], spec: Mapping[str, Any]) -> Field:
    known = _resolved(document, spec)
    schema = _resolved(document, known.get("schema", {}))
    return _field(known["name"], schema, bool(known.get("required")), 0, known.get("description", ""), known["in"])


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Iterator[Field]:
    """The fields of an object and of what is nested in it, flat."""
    known = _resolved(document, schema)
    if _kind(known) == "array":
        known = _resolved(document, known.get("items", {}))
    required = set(known.get("required", []))
    for name, raw in known.get("properties", {}).items():
        inner = _merged(document, raw)
        yield _field(name, inner, name in required, depth, inner.get("description", ""))
        nested = _resolved(document, inner.get("items", {})) if _kind(inner) == "array" else inner
        if nested.get("properties") and depth + 1 < DEPTH:
            yield from _fields(document, nested, depth + 1)


def _merged(document: Mapping[str, Any], raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A property with its reference followed; its own description wins."""
    choices = raw.get("anyOf", raw.get("allOf", []))
    for choice in choices:
        if choice.get("type") != "null":
            raw = {**choice, **{key: value for key, value in raw.items() if key not in {"anyOf", "allOf"}}}
            if len(choices) > 1 and "type" in choice:
                raw["type"] = [choice["type"], "null"]
            break
    return {**_resolved(document, raw), **{key: value for key, value in raw.items() if key != "$ref"}}


def _field(
    name: str, schema: Mapping[str, Any], required: bool, depth: int, description: str, where: str = "body"
) -> Field:
    example = schema.get("example")
    return Field(
        name, schema.get("format") or _kind(schema), required, list(_limits(schema)),
        [str(choice) for choice in schema.get("enum", [])],
        None if example is None else orjson.dumps(example, default=str).decode(), description, depth, where,
    )  # fmt: skip


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "any")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "any")
    return str(kind)


_BOUNDS = (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems"))


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    for low, high in _BOUNDS:
        if low in schema or high in schema:
            yield f"{schema.get(low, '')}–{schema.get(high, '')}"
    if "pattern" in schema:
        yield str(schema["pattern"])
    if schema.get("default") is not None:
        yield f"= {schema['default']}"
    if isinstance(schema.get("type"), list) and "null" in schema["type"]:
        yield "null"


def example_of(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A body to try: examples where the schema has them, what is required, and nothing else."""
    known = _merged(document, schema)
    if "example" in known:
        return known["example"]
    kind = _kind(known)
    if kind == "array":
        return [example_of(document, known.get("items", {}), depth + 1)] if depth < DEPTH else []
    if "properties" in known:
        required = set(known.get("required", []))
        return {
            name: example_of(document, inner, depth + 1)
            for name, inner in known["properties"].items()
            if name in required or ("example" in inner and depth < DEPTH)
        }
    if known.get("enum"):
        return known["enum"][0]
    plain = {"integer": known.get("minimum", 1), "number": 1, "boolean": True, "object": {}}
    return plain.get(kind, SAMPLES.get(known.get("format", ""), "text"))


def _curl(address: str, path: str, method: str, body: Any, needs_match: bool) -> str:
    shown = re.sub(r"\{[a-z_]+\}", SAMPLES["uuid"], path)
    lines = [
        f"curl {'' if method == 'get' else f'-X {method.upper()} '}{address}{shown}",
        '-H "Authorization: Bearer $KEY"',
    ]
    if method != "get":
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if needs_match:
        lines.append("-H 'If-Match: \"v1\"'")
    if body is not None:
        text = orjson.dumps(body, default=str, option=orjson.OPT_INDENT_2).decode().replace("'", "'\\''")
        lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    return " \\\n  ".join(lines)
