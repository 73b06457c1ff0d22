"""Contents from JSON data: what the shell and other programs hand over."""

from __future__ import annotations

from typing import Any

from labels.content import Label
from labels.content.rules import EntriesRule, PartRule, Rule, TextRule, rules_of
from labels.errors import LabelRefused
from labels.media import Size


def read_content(content: type[Label], size: Size, data: object) -> Label:
    """A content of a class from JSON data: names are the fields', lists become tuples.

    Nothing is guessed: raises LabelRefused with `field` for unknown_field, missing_field, not_an_object,
    not_a_list. Values are judged when the label is rendered.
    """
    label: Label = _read(content, data, "", {"size": size})
    return label


def _read(content: type[Any], data: object, path: str, given: dict[str, Any]) -> Any:
    if not isinstance(data, dict):
        raise LabelRefused("not_an_object", {"field": path.rstrip(".")})
    rules = rules_of(content)
    for name in data:
        if name not in rules:
            raise LabelRefused("unknown_field", {"field": f"{path}{name}"[:200], "offered": ", ".join(rules)})
        given[name] = _value(data[name], rules[name], f"{path}{name}")
    for name, rule in rules.items():
        if name not in data and getattr(rule, "required", False):
            raise LabelRefused("missing_field", {"field": f"{path}{name}"})
    return content(**given)


def _value(value: Any, rule: Rule, field: str) -> Any:
    if isinstance(rule, PartRule):
        return _read(rule.part, value, f"{field}.", {})
    if isinstance(rule, EntriesRule):
        return tuple(
            _read(rule.entry, each, f"{field}[{place}].", {}) for place, each in enumerate(_list(value, field))
        )
    if isinstance(rule, TextRule) and rule.most_entries > 1:
        return tuple(_list(value, field))
    return value


def _list(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise LabelRefused("not_a_list", {"field": field})
    return value
