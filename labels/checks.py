"""The rules of content fields, enforced on every label before anything is drawn."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from typing import Any

from labels.content import ChoiceRule, CountRule, TextRule
from labels.errors import LabelRefused
from labels.typeface import drawable, missing_glyphs


@cache
def _rules(content_type: type) -> tuple[tuple[str, object], ...]:
    return tuple((each.name, each.metadata.get("rule")) for each in fields(content_type))


def check_content(content: Any, path: str = "") -> None:
    """Refuse a content whose fields break their rules, naming the field ('contents[2].sku').

    Raises LabelRefused: not_text, empty, too_long, too_many_entries, control_character,
    missing_glyph (with the 0-based `position` and the `character`), bad_count, bad_choice,
    bad_number_of_total.
    """
    for name, rule in _rules(type(content)):
        value = getattr(content, name)
        if isinstance(rule, TextRule):
            _check_text_field(value, rule, path + name)
        elif isinstance(rule, CountRule):
            _check_count(value, rule, path + name)
        elif isinstance(rule, ChoiceRule):
            if value not in rule.allowed:
                raise LabelRefused("bad_choice", {"field": path + name, "value": str(value)})
        elif isinstance(value, tuple):
            for place, entry in enumerate(value):
                check_content(entry, f"{path}{name}[{place}].")
        elif name == "captions" and is_dataclass(value):
            _check_once(type(value), value, path + name + ".")
    number, total = getattr(content, "number", 1), getattr(content, "total", 1)
    if number > total:
        raise LabelRefused("bad_number_of_total", {"field": path + "number", "number": number, "total": total})


@lru_cache(maxsize=64)
def _check_once(_content_type: type, content: Any, path: str) -> None:
    """Captions repeat on every label of a bundle; a refusal is an exception and is not remembered."""
    check_content(content, path)


def _check_text_field(value: object, rule: TextRule, field: str) -> None:
    if rule.most_entries == 1:
        _check_text(value, rule, field)
        return
    if not isinstance(value, tuple):
        raise LabelRefused("not_text", {"field": field})
    if not value and rule.required:
        raise LabelRefused("empty", {"field": field})
    if len(value) > rule.most_entries:
        raise LabelRefused("too_many_entries", {"field": field, "limit": rule.most_entries})
    for place, line in enumerate(value):
        _check_text(line, rule, f"{field}[{place}]")


def _check_text(value: object, rule: TextRule, field: str) -> None:
    if not isinstance(value, str):
        raise LabelRefused("not_text", {"field": field})
    if rule.required and not value.strip():
        raise LabelRefused("empty", {"field": field})
    if len(value) > rule.longest:
        raise LabelRefused("too_long", {"field": field, "length": len(value), "limit": rule.longest})
    if not drawable().issuperset(value):
        position, character = missing_glyphs(value)[0]
        control = not character.isprintable() and ord(character) < 0xA0
        raise LabelRefused("control_character" if control else "missing_glyph",
                           {"field": field, "position": position, "character": character})


def _check_count(value: object, rule: CountRule, field: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= rule.largest:
        raise LabelRefused("bad_count", {"field": field, "value": str(value), "limit": rule.largest})
