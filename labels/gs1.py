"""GS1 check digits and element strings (GS1 General Specifications, sections 3, 5.10 and 7.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labels.errors import LabelRefused

# GS1-128 carries at most 48 characters, counting application identifiers and separators.
LONGEST_ELEMENT_STRING = 48


def check_digit(payload: str) -> str:
    """The modulo-10 check digit of a digit string: weights 3, 1, 3, … from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(payload)))
    return str(-total % 10)


def has_right_check_digit(number: str) -> bool:
    """Whether the last digit of a digit string of two or more is the check digit of the rest."""
    return check_digit(number[:-1]) == number[-1]


@dataclass(frozen=True, slots=True)
class Identifier:
    """What may follow one application identifier."""

    length: int
    fixed: bool
    digits: bool
    checked: bool = False
    # Only the identifiers on GS1's fixed list may stand before another without a separator.
    self_ending: bool = False


def _number(length: int, *, checked: bool = False) -> Identifier:
    return Identifier(length, fixed=True, digits=True, checked=checked, self_ending=True)


_TEXT_20 = Identifier(20, fixed=False, digits=False)
_TEXT_30 = Identifier(30, fixed=False, digits=False)
_COUNT = Identifier(8, fixed=False, digits=True)

IDENTIFIERS: dict[str, Identifier] = {
    "00": _number(18, checked=True),
    "01": _number(14, checked=True),
    "02": _number(14, checked=True),
    "10": _TEXT_20,
    "11": _number(6),
    "13": _number(6),
    "15": _number(6),
    "17": _number(6),
    "21": _TEXT_20,
    "30": _COUNT,
    "37": _COUNT,
    **{f"310{places}": _number(6) for places in range(6)},
    **{f"330{places}": _number(6) for places in range(6)},
    "400": _TEXT_30,
    "401": _TEXT_30,
    "410": _number(13, checked=True),
    "420": _TEXT_20,
}

_WHOLE = re.compile(r"(?:\(\d{2,4}\)[^()]+)+")
_ELEMENT = re.compile(r"\((\d{2,4})\)([^()]+)")
_TEXT_DATA = re.compile(r"[!\"%&'*+,\-./0-9:;<=>?A-Z_a-z]+")


def parse_elements(content: str) -> tuple[tuple[str, str], ...]:
    """Split '(00)376130321109103420' into its (identifier, data) pairs.

    Raises LabelRefused: bad_element_string for anything that is not identifiers in brackets with
    data, unknown_identifier, bad_element_data, wrong_check_digit, too_long.
    """
    if not _WHOLE.fullmatch(content):
        raise LabelRefused("bad_element_string", {"content": content})
    elements = tuple(_ELEMENT.findall(content))
    for identifier, data in elements:
        _check_element(identifier, data)
    if len(element_string(elements, separator="|")) > LONGEST_ELEMENT_STRING:
        raise LabelRefused("too_long", {"limit": LONGEST_ELEMENT_STRING})
    return elements


def _check_element(identifier: str, data: str) -> None:
    rule = IDENTIFIERS.get(identifier)
    if rule is None:
        raise LabelRefused("unknown_identifier", {"identifier": identifier})
    right_length = len(data) == rule.length if rule.fixed else len(data) <= rule.length
    right_kind = (data.isascii() and data.isdigit()) if rule.digits else bool(_TEXT_DATA.fullmatch(data))
    if not right_length or not right_kind:
        raise LabelRefused("bad_element_data", {"identifier": identifier, "content": data})
    if rule.checked and not has_right_check_digit(data):
        raise LabelRefused("wrong_check_digit", {"content": data, "expected": check_digit(data[:-1])})


def element_string(elements: tuple[tuple[str, str], ...], *, separator: str) -> str:
    """The characters a symbol carries: a separator after each element that does not end itself."""
    parts: list[str] = []
    for place, (identifier, data) in enumerate(elements):
        parts.append(identifier + data)
        if place < len(elements) - 1 and not IDENTIFIERS[identifier].self_ending:
            parts.append(separator)
    return "".join(parts)
