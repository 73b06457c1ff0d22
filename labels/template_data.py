"""Templates as JSON: written out for an operator to change, read back with everything wrong said at once."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from labels.geometry import Box
from labels.images import LARGEST_FILE
from labels.media import LARGEST_SIDE_MM, Size
from labels.values import BadValueError, pieces
from labels.vocabulary import (
    DEEPEST_NESTING,
    LONGEST_VALUE,
    MOST_ELEMENTS,
    SYMBOLOGY_NAMES,
    WORDS,
    Element,
    Fallback,
    Number,
    Part,
    Template,
    Words,
)

MOST_IMAGES = 4
LARGEST_NUMBER = 10**9  # that a condition compares with
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,40}(\.[a-z][a-z0-9_]{0,40})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # and halves of characters, which no file can hold
_TYPE_NAMES = {cls: name for name, cls in WORDS.items()}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a template.

    `at` is the place ("elements[3].box"), `code` a stable reason, `params` its facts. An `error` stops a
    template from being used; a `warning` is for a person's eye.
    """

    code: str
    at: str
    params: Mapping[str, str | int | float]
    severity: str = "error"


class _WrongError(Exception):
    """One value that its rule does not allow."""

    def __init__(self, code: str, **params: str | int | float) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def template_data(template: Template) -> dict[str, Any]:
    """A template as JSON-ready data; what equals its default is left out."""
    data: dict[str, Any] = {
        "kind": template.kind,
        "size": [template.size.width_mm, template.size.height_mm],
        "margin_mm": template.margin_mm,
        "elements": [_element_data(each) for each in template.elements],
    }
    if template.images:
        data["images"] = {name: base64.b64encode(content).decode("ascii") for name, content in template.images}
    return data


def _element_data(element: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"type": _TYPE_NAMES[type(element)]} if type(element) in _TYPE_NAMES else {}
    for each in fields(element):
        value = getattr(element, each.name)
        if value != each.default:
            data[each.name] = _plain(value)
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return _element_data(value) if hasattr(value, "__dataclass_fields__") else value


def read_template(data: object) -> tuple[Template | None, list[Finding]]:
    """The template in JSON data, or None with what is wrong with its form.

    Only form is judged here: names of words and attributes, types, limits of numbers. `validator` judges
    what it would print.
    """
    return _Reader().template(data)


class _Reader:
    """Reads one template, collecting findings as it goes."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._elements = 0
        self._readers: dict[str, Callable[[Any, str], Any]] = {
            "box": self._box,
            "point": self._point,
            "value": self._value,
            "symbology": self._symbology,
            "field": self._field,
            "name": self._name,
            "flag": self._flag,
            "values": self._values,
            "fallbacks": self._fallbacks,
            "elements": self._list_of_elements,
        }

    def template(self, data: object) -> tuple[Template | None, list[Finding]]:
        if not isinstance(data, dict):
            self._found("not_an_object", "")
            return None, self.findings
        self._unknown(data, {"kind", "size", "margin_mm", "elements", "images"}, "")
        kind = self._try(self._name_of_kind, data.get("kind"), "kind")
        size = self._try(self._size, data.get("size"), "size")
        margin = self._try(_number_reader(Number(0, 20)), data.get("margin_mm", 2.0), "margin_mm")
        images = self._images(data.get("images", {}))
        elements = self._list_of_elements(data.get("elements"), "elements")
        if self.findings:
            return None, self.findings
        return Template(kind, size, elements, margin, images), []

    def _found(self, code: str, at: str, **params: str | int | float) -> None:
        self.findings.append(Finding(code, at, params))

    def _try(self, read: Callable[[Any, str], Any], value: Any, at: str) -> Any:
        try:
            return read(value, at)
        except _WrongError as wrong:
            self._found(wrong.code, at, **wrong.params)
            return None

    def _unknown(self, data: Mapping[Any, Any], known: set[str], at: str) -> None:
        for name in data:
            if name not in known:
                self._found("unknown_attribute", f"{at}.{name}"[:200].lstrip("."))

    def _list_of_elements(self, value: Any, at: str) -> tuple[Element, ...]:
        if not isinstance(value, list | tuple):
            self._found("not_a_list", at)
            return ()
        if at.count("[") >= DEEPEST_NESTING:
            self._found("too_deep", at, limit=DEEPEST_NESTING)
            return ()
        self._elements += len(value)
        if self._elements > MOST_ELEMENTS:
            self._found("too_many_elements", at, limit=MOST_ELEMENTS)
            return ()
        read = [self._element(each, f"{at}[{place}]") for place, each in enumerate(value)]
        return tuple(each for each in read if each is not None)

    def _element(self, data: Any, at: str) -> Element | None:
        if not isinstance(data, dict):
            self._found("not_an_object", at)
            return None
        word = data.get("type")
        if not isinstance(word, str) or word not in WORDS:
            self._found("unknown_word", at, word=str(word)[:40], offered=", ".join(WORDS))
            return None
        self._unknown(data, {"type", *(each.name for each in fields(WORDS[word]))}, at)
        element: Element | None = self._filled(WORDS[word], data, at)
        return element

    def _filled(self, word: type[Any], data: dict[str, Any], at: str) -> Any:
        """An object of a word, each attribute read by its rule; None when one is wrong."""
        before = len(self.findings)
        given: dict[str, Any] = {}
        for each in fields(word):
            if each.name in data:
                rule = each.metadata["rule"]
                given[each.name] = self._try(self._reader_for(rule), data[each.name], f"{at}.{each.name}")
            elif each.default is each.default_factory:
                self._found("missing_attribute", f"{at}.{each.name}")
        return word(**given) if len(self.findings) == before else None

    def _reader_for(self, rule: Number | Words | Part) -> Callable[[Any, str], Any]:
        if isinstance(rule, Number):
            return _number_reader(rule)
        if isinstance(rule, Words):
            return _words_reader(rule)
        return self._readers[rule.name]

    def _box(self, value: Any, _at: str) -> Box:
        if not isinstance(value, list | tuple) or len(value) != 4:
            raise _WrongError("bad_box")
        left, top = (_number(each, Number(-LARGEST_SIDE_MM, LARGEST_SIDE_MM)) for each in value[:2])
        width, height = (_number(each, Number(0.05, LARGEST_SIDE_MM)) for each in value[2:])
        return Box(left, top, width, height)

    def _point(self, value: Any, _at: str) -> tuple[float, float]:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise _WrongError("bad_point")
        x, y = (_number(each, Number(-LARGEST_SIDE_MM, LARGEST_SIDE_MM)) for each in value)
        return x, y

    def _value(self, value: Any, _at: str) -> str:
        if not isinstance(value, str) or not value or len(value) > LONGEST_VALUE:
            raise _WrongError("bad_value", limit=LONGEST_VALUE)
        control = _CONTROL.search(value)
        if control is not None:
            raise _WrongError("control_character", position=control.start())
        try:
            pieces(value)
        except BadValueError as wrong:
            raise _WrongError("bad_braces", near=str(wrong)) from wrong
        return value

    def _symbology(self, value: Any, _at: str) -> str:
        if isinstance(value, str) and (value in SYMBOLOGY_NAMES or re.fullmatch(r"\{[a-z_]{1,40}\}", value)):
            return value
        raise _WrongError("unknown_symbology", symbology=str(value)[:40], offered=", ".join(SYMBOLOGY_NAMES))

    def _field(self, value: Any, _at: str) -> str:
        if isinstance(value, str) and _FIELD.fullmatch(value):
            return value
        raise _WrongError("bad_field")

    def _name(self, value: Any, _at: str) -> str:
        if isinstance(value, str) and _NAME.fullmatch(value):
            return value
        raise _WrongError("bad_name")

    def _name_of_kind(self, value: Any, _at: str) -> str:
        if isinstance(value, str) and re.fullmatch(r"[a-z][a-z-]{0,30}", value):
            return value
        raise _WrongError("bad_name")

    def _flag(self, value: Any, _at: str) -> bool:
        if isinstance(value, bool):
            return value
        raise _WrongError("not_true_or_false")

    def _values(self, value: Any, _at: str) -> tuple[str | int, ...]:
        right = isinstance(value, list | tuple) and 0 < len(value) <= 50
        if right and all(
            (isinstance(each, str) and len(each) <= 80 and _CONTROL.search(each) is None)
            or (isinstance(each, int) and abs(each) < LARGEST_NUMBER)
            for each in value
        ):
            return tuple(value)
        raise _WrongError("bad_values")

    def _fallbacks(self, value: Any, at: str) -> tuple[Fallback, ...]:
        if not isinstance(value, list | tuple) or len(value) > 4 or not all(isinstance(each, dict) for each in value):
            raise _WrongError("bad_fallbacks")
        read: list[Fallback] = []
        for place, each in enumerate(value):
            self._unknown(each, {"symbology", "value"}, f"{at}[{place}]")
            read.append(self._filled(Fallback, each, f"{at}[{place}]"))
        return tuple(read)

    def _size(self, value: Any, _at: str) -> Size:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise _WrongError("bad_size")
        limits = Number(20, LARGEST_SIDE_MM)
        return Size(_number(value[0], limits), _number(value[1], limits))

    def _images(self, value: Any) -> tuple[tuple[str, bytes], ...]:
        if not isinstance(value, dict) or len(value) > MOST_IMAGES:
            self._found("bad_images", "images", limit=MOST_IMAGES)
            return ()
        return tuple(
            (str(name), self._try(self._picture, content, f"images.{name}"[:80]))
            for name, content in value.items()
            if self._try(self._name, name, "images") is not None
        )

    def _picture(self, value: Any, _at: str) -> bytes:
        if not isinstance(value, str) or len(value) > LARGEST_FILE * 4 // 3 + 4:
            raise _WrongError("image_too_large", limit=LARGEST_FILE)
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as wrong:
            raise _WrongError("image_broken", part="base64") from wrong


def _number_reader(rule: Number) -> Callable[[Any, str], float]:
    return lambda value, _at: _number(value, rule)


def _words_reader(rule: Words) -> Callable[[Any, str], str]:
    def read(value: Any, _at: str) -> str:
        if isinstance(value, str) and value in rule.allowed:
            return value
        raise _WrongError("unknown_choice", value=str(value)[:40], offered=", ".join(rule.allowed))

    return read


def _number(value: Any, rule: Number) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise _WrongError("not_a_number")
    if not rule.least <= value <= rule.most:
        raise _WrongError("out_of_range", value=str(value)[:40], least=rule.least, most=rule.most)
    if rule.whole and value != int(value):
        raise _WrongError("not_a_whole_number")
    return int(value) if rule.whole else value
