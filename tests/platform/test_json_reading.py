"""The one reader of JSON from outside: what it takes, what it names, what it will not begin with."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.core.refusals import Refused
from wms.platform.json_reading import MAX_DEPTH, read_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_json_can_say_is_read_as_it_was_meant(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"a": 1, "a": 1}', "/a"),
        ('{"a": {"b": [0, {"c": 1, "c": 2}]}}', "/a/b/1/c"),
        ('[{"x": {}}, {"~/": 1, "~/": 2}]', "/1/~0~1"),
        ('{"a": {"a": 1}, "\\u0061": 2}', "/a"),
        ('{"\\ud800": 1, "\\ud800": 2}', "/\\ud800"),
    ],
)
def test_a_name_that_comes_twice_is_named(text: str, pointer: str) -> None:
    with pytest.raises(Refused) as refused:
        read_json(text)
    assert [(each["pointer"], each["code"]) for each in refused.value.errors] == [(pointer, "duplicate")]


def nested(depth: int, inside: str = "0") -> str:
    return '{"a":[' * (depth // 2) + inside + "]}" * (depth // 2)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[1,]", "{'a': 1}", "01", "\ufeff{}", b"\xff", b'"\xed\xa0\x80"', '"' + "\n" + '"', "9" * 5000,
        nested(MAX_DEPTH + 2), nested(900), nested(20_000), "[" * 1_000_000, nested(900, '{"b":1,"b":2}'),
    ],
)  # fmt: skip
def test_what_is_no_json_of_ours_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the reader says of it
        read_json(text)


def test_as_deep_as_is_allowed() -> None:
    read_json(nested(MAX_DEPTH))
    with pytest.raises(ValueError, match="deep"):
        read_json("[" + nested(MAX_DEPTH) + "]")
