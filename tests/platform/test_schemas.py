"""Refusals of fields stay small whatever was sent: entries are counted before they are read, names are cut."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from wms.platform.problems import MAX_ERRORS
from wms.platform.schemas import MAX_NAME, CodedSchema, Items, field_errors


class Counted(fields.Integer):
    seen = 0

    def _deserialize(self, *arguments: Any, **options: Any) -> Any:
        Counted.seen += 1
        return super()._deserialize(*arguments, **options)


class Some(CodedSchema):
    numbers = Items(Counted(), 1, 3)


def errors_of(data: Any) -> list[tuple[str, str]]:
    try:
        Some().load(data)
    except ValidationError as fault:
        return [(each["pointer"], each["code"]) for each in field_errors(fault.normalized_messages())]
    return []


def test_a_list_that_is_too_long_is_not_read() -> None:
    Counted.seen = 0
    assert errors_of({"numbers": ["x"] * 100_000}) == [("/numbers", "too_many")]
    assert Counted.seen == 0
    assert errors_of({"numbers": [1, "x", 3]}) == [("/numbers/1", "type")]
    assert errors_of({"numbers": []}) == [("/numbers", "too_few")]
    assert errors_of({"numbers": None}) == [("/numbers", "null")]


def test_a_name_is_repeated_in_part_and_as_json_can_say_it() -> None:
    ((pointer, code),) = errors_of({"x" * 1_000_000: 1})
    assert (len(pointer), code) == (MAX_NAME + 1, "unknown_field")
    assert errors_of({"\ud800/~": 1}) == [("/\\ud800~1~0", "unknown_field")]


def test_an_answer_lists_so_many_fields_and_no_more(app) -> None:
    from wms.platform.problems import problem

    with app.test_request_context():
        found = problem(422, "invalid_input", {}, [{"pointer": f"/{n}", "code": "null"} for n in range(5_000)])
    assert found.json is not None
    assert len(found.json["errors"]) == MAX_ERRORS
