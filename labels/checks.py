"""The rules of content fields, enforced on every label before anything is drawn."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, NamedTuple

from labels.content.rules import ChoiceRule, CountRule, EntriesRule, Rule, TextRule, rules_of
from labels.errors import LabelRefused
from labels.typeface import drawable, missing_glyphs


class _Plan(NamedTuple):
    """The fields of one content class, sorted by what must be checked."""

    texts: tuple[tuple[str, TextRule, int, bool], ...]
    lines: tuple[tuple[str, TextRule], ...]
    others: tuple[tuple[str, Rule], ...]
    numbered: tuple[str, str] | None


_PLANS: dict[type, _Plan] = {}
# A number never exceeds its total.
_NUMBERS = (("number", "total"), ("page", "pages"))


def _plan(content_type: type) -> _Plan:
    known = _PLANS.get(content_type)
    if known is None:
        known = _PLANS[content_type] = _make_plan(content_type)
    return known


def _make_plan(content_type: type) -> _Plan:
    rules = rules_of(content_type)
    texts = tuple(
        (name, rule, rule.longest, rule.required)
        for name, rule in rules.items()
        if isinstance(rule, TextRule) and rule.most_entries == 1
    )
    lines = tuple((name, rule) for name, rule in rules.items() if isinstance(rule, TextRule) and rule.most_entries > 1)
    others = tuple((name, rule) for name, rule in rules.items() if not isinstance(rule, TextRule))
    numbered = (pair for pair in _NUMBERS if all(isinstance(rules.get(name), CountRule) for name in pair))
    return _Plan(texts, lines, others, next(numbered, None))


def check_content(content: Any, path: str = "") -> None:
    """Refuse a content whose fields break their rules, naming the field ('contents[2].sku').

    Raises LabelRefused: not_text, empty, too_long, too_many_entries, bad_entry, control_character,
    missing_glyph (with the 0-based `position` and the `character`), bad_count, bad_choice,
    bad_number_of_total.
    """
    plan, able = _plan(type(content)), drawable()
    for name, rule, longest, required in plan.texts:
        value = getattr(content, name)
        # One line for the thousands that are right; the reason is looked for only when one is not.
        if (
            value.__class__ is not str
            or len(value) > longest
            or not able.issuperset(value)
            or (required and not value.strip())
        ):
            _check_text(value, rule, path + name)
    for name, rule in plan.lines:
        value = getattr(content, name)
        if not _are_right(value, rule, able):
            _check_lines(value, rule, path + name)
    for name, other in plan.others:
        _check_other(getattr(content, name), other, path + name)
    if plan.numbered:
        name, total = plan.numbered
        if getattr(content, name) > getattr(content, total):
            raise LabelRefused(
                "bad_number_of_total",
                {"field": path + name, "number": getattr(content, name), "total": getattr(content, total)},
            )


def _are_right(value: Any, rule: TextRule, able: frozenset[str]) -> bool:
    """Whether lines break no rule, for the thousands that are right; what is wrong is said elsewhere."""
    if value.__class__ is not tuple or len(value) > rule.most_entries:
        return False
    if not value:
        return not rule.required
    for line in value:
        if line.__class__ is not str or len(line) > rule.longest or (rule.required and not line.strip()):
            return False
    return able.issuperset("".join(value))


def _check_other(value: Any, rule: Rule, field: str) -> None:
    if isinstance(rule, CountRule):
        if value.__class__ is not int or not 1 <= value <= rule.largest:
            _check_count(value, rule, field)
    elif isinstance(rule, ChoiceRule):
        if value not in rule.allowed:
            raise LabelRefused("bad_choice", {"field": field, "value": str(value)})
    elif isinstance(rule, EntriesRule):
        _check_entries(value, rule, field)
    elif isinstance(rule, TextRule) or not isinstance(value, rule.part):
        raise LabelRefused("bad_entry", {"field": field})
    else:
        _check_once(value, field + ".")


def _check_entries(value: object, rule: EntriesRule, field: str) -> None:
    if not isinstance(value, tuple):
        raise LabelRefused("bad_entry", {"field": field})
    if rule.required and not value:
        raise LabelRefused("empty", {"field": field})
    if len(value) > rule.most_entries:
        raise LabelRefused("too_many_entries", {"field": field, "limit": rule.most_entries})
    for place, entry in enumerate(value):
        if not isinstance(entry, rule.entry):
            raise LabelRefused("bad_entry", {"field": f"{field}[{place}]"})
        check_content(entry, f"{field}[{place}].")


@lru_cache(maxsize=64)
def _check_once(content: Hashable, path: str) -> None:
    """Captions repeat on every label of a bundle; a refusal is an exception and is not remembered."""
    check_content(content, path)


def _check_lines(value: object, rule: TextRule, field: str) -> None:
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
    missing = missing_glyphs(value)
    if missing:
        position, character = missing[0]
        control = not character.isprintable() and ord(character) < 0xA0
        raise LabelRefused(
            "control_character" if control else "missing_glyph",
            {"field": field, "position": position, "character": character},
        )


def _check_count(value: object, rule: CountRule, field: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= rule.largest:
        raise LabelRefused("bad_count", {"field": field, "value": str(value), "limit": rule.largest})
