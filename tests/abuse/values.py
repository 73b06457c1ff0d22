"""What no field should choke on, by the kind of value that the field wants."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

DEEP = "WMS_FUZZ" in os.environ  # as for Schemathesis: see tests/test_openapi.py

# As raw JSON, so that what Python would not write can be sent too: literals outside the grammar, lone surrogates,
# numbers without end, the same name twice.
ANYTHING = {
    "null": "null",
    "true": "true",
    "zero": "0",
    "negative": "-1",
    "2^31": "2147483648",
    "2^63": "9223372036854775808",
    "2^64": "18446744073709551616",
    "1e308": "1e308",
    "1e400": "1e400",
    "a fraction": "0.5",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "5000 digits": "9" * 5000,
    "empty": '""',
    "blanks": '"   "',
    "a word": '"a"',
    "digits": '"12"',
    "too long": '"' + "x" * 100_000 + '"',
    "a control character": '"a\\u0007b"',
    "a line end": '"a\\nb"',
    "a lone surrogate": '"a\\ud800"',
    "NUL": '"a\\u0000b"',
    "unassigned": '"a\\uffffb"',
    "right to left": '"\\u202eABC\\u05d0\\u05d1"',
    "mixed width": '"\\uff21\\uff22\\uff11 \\u3000\\ud83d\\ude00"',
    "a quote": '"\'; DROP TABLE product; --%s{0}{{7*7}}"',
    "a list": "[]",
    "a list of nulls": "[null]",
    "an object": "{}",
    "an object of itself": '{"a": {"a": {}}}',
    "the same name twice": '{"a": 1, "a": 2}',
}

# What is legal nowhere, whatever the schema says.
NEVER = {"NaN", "Infinity", "5000 digits", "a control character", "a lone surrogate", "NUL", "unassigned", "too long",
         "the same name twice", "an object of itself", "2^63", "2^64", "1e308", "1e400"}  # fmt: skip
WRONG_TYPE = {
    "string": {"true", "zero", "negative", "2^31", "a list", "an object", "a fraction"},
    "integer": {"empty", "a word", "a list", "an object", "a fraction", "true"},
    "boolean": {"a list", "an object", "a fraction", "2^31", "too long"},
    "array": {"true", "zero", "a word", "an object", "empty"},
    "object": {"true", "zero", "a word", "a list", "empty"},
}

# As people and their browsers can send them in a form or a query.
TYPED = {
    "empty": "",
    "blanks": "   ",
    "too long": "x" * 3000,
    "negative": "-1",
    "two signs": "--5",
    "a sign": "-",
    "zero": "0",
    "2^31": "2147483648",
    "2^63": "9223372036854775808",
    "11 digits": "99999999999",
    "500 digits": "9" * 500,
    "1e308": "1e308",
    "more than a decimal": "1e999999",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "a power": "²",
    "other digits": "١٢",
    "full width": "１２",
    "a control character": "a\x07b",
    "a line end": "a\r\nb",
    "NUL": "a\x00b",
    "a lone surrogate": "a\ud800",
    "right to left": "\u202eABC\u05d0",
    "emoji": "😀",
    "a quote": "'; DROP TABLE product; --%s{0}{{7*7}}<script>",
    "an id": "019393c8-6f5e-7aaa-8000-000000000004",
    "a path": "../../../etc/passwd",
}

_NUMBERS = {"negative", "2^31", "2^64", "1e400", "a fraction", "Infinity", "zero", "1e308", "2^63"}
_TEXTS = {"blanks", "digits", "a line end", "unassigned", "right to left", "mixed width", "a quote", "too long",
          "a control character", "a lone surrogate"}  # fmt: skip
_TWINS = {"2^64", "1e400", "5000 digits", "blanks", "digits", "a line end", "unassigned", "a list of nulls",
          "an object of itself", "the same name twice"}  # fmt: skip
_OF_AN_ITEM = ["null", "an object", "NaN", "2^63", "NUL", "empty"]

_TELLING = (
    "empty", "too long", "negative", "two signs", "2^63", "500 digits", "more than a decimal", "a power",
    "a control character", "NUL", "a lone surrogate", "right to left", "a quote",
)  # fmt: skip


def typed() -> dict[str, str]:
    """What is typed: all of it in a deep run."""
    return TYPED if DEEP else {name: TYPED[name] for name in _TELLING}


def sent_to(kind: str, *, in_bulk: bool = False) -> list[str]:
    """The names of the values that tell something about a field of this kind; all of them in a deep run.

    A bulk's items go through the schema of one that comes alone: there a few values show that they do.
    """
    if DEEP:
        return list(ANYTHING)
    if in_bulk:
        return _OF_AN_ITEM
    spared = {"string": _NUMBERS - {"zero", "1e308"}, "integer": _TEXTS - {"too long", "digits"}}
    return [name for name in ANYTHING if name not in _TWINS | spared.get(kind, _TEXTS | _NUMBERS - {"zero"})]


def illegal(kind: str) -> set[str]:
    """The names of values that a field of this kind must refuse."""
    return NEVER | WRONG_TYPE.get(kind, set())


def pointer(steps: tuple[Any, ...]) -> str:
    return "".join(f"/{step}" for step in steps)


def fields_of(document: dict[str, Any], schema: dict[str, Any], steps: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Every field of a body: (steps that lead to it, kind of its value). Lists by their first entry."""
    known = resolved(document, schema)
    kind = known.get("type", "object" if "properties" in known else "any")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "any") if len(set(kind) - {"null"}) == 1 else "any"
    if steps:
        yield steps, kind
    for name, inner in known.get("properties", {}).items():
        if not resolved(document, inner).get("readOnly"):
            yield from fields_of(document, inner, (*steps, name))
    if kind == "array" and known.get("items"):
        yield from fields_of(document, known["items"], (*steps, 0))


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node that a reference leads to, past a wrapping that allows null."""
    for choice in node.get("anyOf", node.get("allOf", [])):
        if choice.get("type") != "null":
            return resolved(document, choice)
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node
