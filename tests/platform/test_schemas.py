"""Refusals of fields stay small whatever was sent: entries are counted before they are read, names are cut."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from marshmallow import ValidationError, fields

from wms.platform.i18n import LANGUAGES, refusal_texts
from wms.platform.problems import MAX_ERRORS
from wms.platform.schemas import (
    MAX_NAME,
    CodedSchema,
    Day,
    DecimalText,
    Items,
    Moment,
    Range,
    Text,
    Whole,
    field_errors,
)


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


class Kinds(CodedSchema):
    """One field of each kind that the house has."""

    integer = fields.Integer(strict=True)
    number = DecimalText(100, 2)
    boolean = fields.Boolean()
    date = Day()
    moment = Moment()
    id = fields.UUID()
    text = Text(10)
    list = Items(fields.Integer(), 1, 3)
    object = fields.Nested(Some)


@pytest.mark.parametrize("kind", list(Kinds().fields))
@pytest.mark.parametrize("wrong", ["many", 1.5, {"a": 1}, ["x"]])
def test_a_value_of_another_type_is_told_what_to_type(app, kind: str, wrong: Any) -> None:
    try:
        Kinds().load({kind: wrong})
    except ValidationError as fault:
        errors = field_errors(fault.normalized_messages())
    else:
        return  # it is one of that kind
    of_type = [each for each in errors if each["code"] == "type" and each["pointer"] == f"/{kind}"]
    for error in of_type:
        assert error["params"] == {"wanted": kind}
        for language in LANGUAGES:
            with app.test_request_context(headers={"Accept-Language": language.replace("_", "-")}, path="/api/v1/x"):
                told = refusal_texts.translate(error["code"], error["params"])
                assert told != refusal_texts.translate("type", {})
                assert (language == "zh_CN") == any("一" <= letter <= "鿿" for letter in told)


def test_each_kind_was_refused_by_that_code() -> None:
    wrong = {"integer": "many", "number": "many", "boolean": "many", "date": "soon", "moment": "soon", "id": "x", "text": 7,
             "list": "x", "object": "x"}  # fmt: skip
    with pytest.raises(ValidationError) as fault:
        Kinds().load(wrong)
    errors = field_errors(fault.value.normalized_messages())
    assert {each["pointer"][1:]: each["params"].get("wanted") for each in errors} == {kind: kind for kind in wrong}
    with pytest.raises(ValidationError) as fault:
        Kinds().load("no object at all")
    assert [each["params"] for each in field_errors(fault.value.normalized_messages())] == [{"wanted": "object"}]


def test_every_field_of_every_schema_says_what_it_wants(app) -> None:
    seen, schemas = 0, [CodedSchema]
    for schema in schemas:
        schemas += [each for each in schema.__subclasses__() if each not in schemas]
        for name, field in schema().fields.items():
            for each in [field, *([field.inner] if isinstance(field, fields.List) else [])]:
                if type(each) in (fields.Raw, fields.Field):
                    continue
                seen += 1
                told = [str(code) for code in each.error_messages.values() if str(code).startswith("type")]
                assert told, (schema, name)
                assert all(code.startswith("type|wanted=") for code in told), (schema, name)
    assert seen > 500


class Written(CodedSchema):
    """What a query writes as text, and a day of this century."""

    whole = Whole(-9, 200)
    day = Day(validate=Range(date(2000, 1, 1), date(2099, 12, 31)))


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("200", 200), ("007", 7), ("-9", -9), (12, 12)])
def test_a_whole_number_is_read(text: Any, number: int) -> None:
    assert Written().load({"whole": text}) == {"whole": number}


@pytest.mark.parametrize(
    ("name", "text"),
    [*(("whole", each) for each in ("１２", "١٢", "1_0", "+5", " 5", "5 ", "5\n", "1.0", "1e1", "0x5", "", "--5", "9" * 5000)),
     *(("day", each) for each in ("20261231", "2026-W53-4", "2026-366", "２０２６-12-31", "2026-12-31 ", "2026-12-31T00:00",
                                  "2026-02-30", "26-12-31", "", 20261231, None))],
)  # fmt: skip
def test_what_only_python_would_read_is_refused(name: str, text: Any) -> None:
    with pytest.raises(ValidationError) as fault:
        Written().load({name: text})
    assert {each["code"] for each in field_errors(fault.value.normalized_messages())} <= {"type", "null"}


def test_bounds_are_told_as_they_are_written() -> None:
    class Bounded(CodedSchema):
        day = Day(validate=Range(date(2000, 1, 1), date(2099, 12, 31)))
        moment = Moment()

    with pytest.raises(ValidationError) as fault:
        Bounded().load({"day": "1999-12-31", "moment": datetime(3000, 1, 2, tzinfo=UTC).isoformat()})
    told = {each["pointer"]: (each["code"], each["params"]) for each in field_errors(fault.value.normalized_messages())}
    assert told == {"/day": ("too_small", {"min": "2000-01-01"}),
                    "/moment": ("too_large", {"max": "3000-01-01T00:00:00+00:00"})}  # fmt: skip
