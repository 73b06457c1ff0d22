"""A command's fingerprint: the same request gives the same one, whatever JSON its body holds."""

from __future__ import annotations

from typing import Any

import pytest

from wms.platform.commands import Command


def fingerprint(body: Any) -> bytes:
    return Command("id", "scope", "orders.create", body).fingerprint()


@pytest.mark.parametrize("body", [{"n": 2**70}, {"n": [-(2**80)]}, {"t": "\ud800"}, {"\udfff": 1}])
def test_any_json_body_has_one(body: dict[str, Any]) -> None:
    assert fingerprint(body) == fingerprint(dict(body))
    assert fingerprint(body) != fingerprint({**body, "more": 1})


def test_the_order_of_fields_does_not_matter() -> None:
    assert fingerprint({"a": 1, "b": 2**70}) == fingerprint({"b": 2**70, "a": 1})
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


def test_another_body_has_another() -> None:
    assert fingerprint({"n": 2**70}) != fingerprint({"n": 2**70 + 1})
