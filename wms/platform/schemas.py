"""Marshmallow with coded errors: every message is `code` or `code|name=value`, made into words at the edge."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from wms.core.money import EXPONENTS
from wms.core.refusals import RefusalKind, Refused

MAX_NAME = 100  # characters of a field's name that a refusal repeats
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
_CODES = {
    "required": "required",
    "null": "null",
    "validator_failed": "invalid",
    "invalid": "type",
    "invalid_uuid": "type",
    "invalid_awareness": "type",
    "invalid_utf8": "type",
    "too_large": "too_large|max=9007199254740991",
    "special": "type",
    "type": "type",
    "format": "type",
    "unknown": "unknown_field",
}


# What a person is told to type, by the kind of a field; the first that fits. Words: `problems.TEXTS`, `type_…`.
_WANTED: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (fields.Integer, "integer"), (fields.Number, "number"), (fields.Boolean, "boolean"), (fields.Date, "date"),
    (fields.DateTime, "moment"), (fields.UUID, "id"), (fields.String, "text"), (fields.List, "list"),
    (fields.Nested, "object"), (fields.Mapping, "object"),
)  # fmt: skip


def _of_type(field: fields.Field[Any]) -> str:
    """The code of a value of another type, with what is wanted instead."""
    wanted = next((word for kind, word in _WANTED if isinstance(field, kind)), None)
    return "type" if wanted is None else f"type|wanted={wanted}"


class CodedSchema(Schema):
    """Base of every schema: unknown fields are refused, messages are codes."""

    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow declares it as an instance variable
        "unknown": "unknown_field",
        "type": "type|wanted=object",
        "invalid": "type|wanted=object",
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        _encode(field_obj)
        for each in field_obj.validators:
            if isinstance(each, Pattern):
                each.example = field_obj.metadata.get("example")
        super().on_bind_field(field_name, field_obj)


def _encode(field: fields.Field[Any]) -> None:
    codes = {key: _of_type(field) if code == "type" else code for key, code in _CODES.items()}
    field.error_messages = {
        key: codes.get(key, message if "|" in str(message) else "invalid")
        for key, message in field.error_messages.items()
    }
    if isinstance(field, fields.List):
        _encode(field.inner)


def Text(max_length: int, *, min_length: int = 1, pattern: str | None = None, **kwargs: Any) -> fields.String:  # noqa: N802
    """A string field: trimmed length bounds, no control characters, optionally a full-match pattern."""
    validators: list[Any] = [Length(min_length, max_length), printable]
    if pattern is not None:
        validators.append(Pattern(pattern))
    metadata = kwargs.pop("metadata", {})
    return fields.String(validate=validators, metadata=metadata, **kwargs)


def Count(minimum: int, maximum: int, **kwargs: Any) -> fields.Integer:  # noqa: N802
    """A strict whole number in a closed range."""
    return fields.Integer(strict=True, validate=Range(minimum, maximum), **kwargs)


class Whole(fields.Integer):
    """A whole number in a closed range, in JSON or as the text of a query; Python reads more: `1_0`, ` 5`, `５`, `٥`."""

    FORM = r"-?[0-9]{1,20}"

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(validate=[Range(minimum, maximum), *kwargs.pop("also", [])], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, str) and re.fullmatch(self.FORM, value) is None:
            raise self.make_error("invalid", input=value)
        found: int = super()._deserialize(value, attr, data, **kwargs)
        return found


class Day(fields.Date):
    """A day as RFC 3339 writes it and the document says (`format: date`); Python reads more: `20261231`, `2026-W53-4`.
    What the house has read already stays as it is.
    """

    FORM = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, date) and (not isinstance(value, str) or re.fullmatch(self.FORM, value) is None):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        found: date = super()._deserialize(value, attr, data, **kwargs)
        return found


def Moment(**kwargs: Any) -> fields.AwareDateTime:  # noqa: N802
    """An instant with its offset, of this millennium or the last decades: none that a database or a zone cannot hold."""
    return fields.AwareDateTime(validate=Range(EARLIEST, LATEST), **kwargs)


class DecimalText(fields.Decimal):
    """An exact number, written as text (`"1.50000"`); plain JSON numbers are read too. From 0 up to `maximum`."""

    FORM = r"[0-9]{1,12}(\.[0-9]{1,10})?"

    def __init__(self, maximum: int, places: int, **kwargs: Any) -> None:
        metadata = {"pattern": f"^{self.FORM}$", "minimum": 0, "maximum": maximum, **kwargs.pop("metadata", {})}
        super().__init__(places=places, as_string=True, metadata=metadata, **kwargs)
        self.maximum = maximum

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or (isinstance(value, str) and re.fullmatch(self.FORM, value) is None):
            raise ValidationError("type|wanted=number")
        found: Decimal = super()._deserialize(value, attr, data, **kwargs)
        if found < 0:
            raise ValidationError("too_small|min=0")
        if found > self.maximum:
            raise ValidationError(f"too_large|max={self.maximum}")
        return found


def Choice(choices: list[str], **kwargs: Any) -> fields.String:  # noqa: N802
    return fields.String(validate=OneOf(choices), **kwargs)


def Items(inner: Any, minimum: int, maximum: int, **kwargs: Any) -> fields.List[Any]:  # noqa: N802
    """A list with a bounded number of entries."""
    return BoundedList(inner, minimum, maximum, **kwargs)


class BoundedList(fields.List[Any]):
    """Counts the entries before it looks at any: of a million wrong ones, one sentence comes back."""

    def __init__(self, inner: Any, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(inner, validate=Entries(minimum, maximum), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list):
            self._validate(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Length(validate.Length):
    def __init__(self, minimum: int, maximum: int) -> None:
        super().__init__(min=minimum, max=maximum)

    def __call__(self, value: Any) -> Any:
        if self.max is not None and len(value) > self.max:
            raise ValidationError(f"too_long|max={self.max}")
        if self.min is not None and len(value.strip()) < self.min:
            raise ValidationError(f"too_short|min={self.min}")
        return value


class Entries(validate.Length):
    def __init__(self, minimum: int, maximum: int) -> None:
        super().__init__(min=minimum, max=maximum)

    def __call__(self, value: Any) -> Any:
        if self.min is not None and len(value) < self.min:
            raise ValidationError(f"too_few|min={self.min}")
        if self.max is not None and len(value) > self.max:
            raise ValidationError(f"too_many|max={self.max}")
        return value


class Range(validate.Range):
    def __init__(self, minimum: int | date, maximum: int | date) -> None:
        super().__init__(min=minimum, max=maximum)

    def __call__(self, value: Any) -> Any:
        if value < self.min:
            raise ValidationError(f"too_small|min={_as_typed(self.min)}")
        if value > self.max:
            raise ValidationError(f"too_large|max={_as_typed(self.max)}")
        return value


def _as_typed(bound: int | date) -> str:
    """As whoever is refused would write it: days and moments by ISO 8601."""
    return bound.isoformat() if isinstance(bound, date) else str(bound)


class OneOf(validate.OneOf):
    def __call__(self, value: Any) -> Any:
        if value not in self.choices:
            raise ValidationError(f"not_a_choice|choices={', '.join(map(str, self.choices))}")
        return value


class Pattern(validate.Regexp):
    """`example`: what the field's description shows, told to whoever wrote it otherwise."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"^{pattern}$")
        self.example: str | None = None

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ValidationError("pattern" if self.example is None else f"pattern|example={self.example}")
        return value


def printable(value: str) -> str:
    """No control characters, lone surrogates or unassigned code points: they cannot be shown, printed or scanned."""
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} for character in value):
        raise ValidationError("unprintable")
    return value


def Currency(**kwargs: Any) -> fields.String:  # noqa: N802
    return Choice(sorted(EXPONENTS), **kwargs)


def Country(**kwargs: Any) -> fields.String:  # noqa: N802
    """ISO 3166-1 alpha-2."""
    metadata = {"example": "DE"} | kwargs.pop("metadata", {})
    return fields.String(validate=[Length(2, 2), Pattern("[A-Z]{2}")], metadata=metadata, **kwargs)


def load_or_refuse(schema: Schema, data: Any) -> Any:
    """Load one item of a bulk request: a wrong one is refused alone, with the pointers of its own fields."""
    try:
        return schema.load(data)
    except ValidationError as fault:
        found = field_errors(fault.normalized_messages())
        raise Refused("invalid_input", {}, kind=RefusalKind.INVALID, errors=found) from fault


_MESSAGE = re.compile(r"^([a-z_]+)((?:\|[a-z_]+=[^|]*)*)$")


def field_errors(messages: Mapping[Any, Any] | list[Any], pointer: str = "") -> list[dict[str, Any]]:
    """Marshmallow's nested messages as a flat list of `{"pointer", "code", "params"}`."""
    if isinstance(messages, list):
        return [_parse(pointer or "/", message) for message in messages if isinstance(message, str)] or [
            error for message in messages if not isinstance(message, str) for error in field_errors(message, pointer)
        ]
    found: list[dict[str, Any]] = []
    for key, value in messages.items():
        step = pointer if key == "_schema" else f"{pointer}/{pointer_step(key)}"
        found.extend(field_errors(value if isinstance(value, Mapping | list) else [value], step))
    return found


def pointer_step(key: Any) -> str:
    """A name as a step of a JSON pointer (RFC 6901). Names come from outside: cut, and without what no JSON can say."""
    name = str(key)[:MAX_NAME].encode("utf-8", "backslashreplace").decode()
    return name.replace("~", "~0").replace("/", "~1")


def _parse(pointer: str, message: str) -> dict[str, Any]:
    match = _MESSAGE.match(message)
    if match is None:
        return {"pointer": pointer, "code": "invalid", "params": {}}
    pairs = [part.split("=", 1) for part in match.group(2).split("|") if part]
    return {"pointer": pointer, "code": match.group(1), "params": dict(pairs)}
