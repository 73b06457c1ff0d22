"""What a template may name of a content class."""

from __future__ import annotations

from typing import Any

from labels.content.rules import PartRule, Rule, TextRule, rules_of
from labels.values import ROW


def field_names(content: type[Any]) -> tuple[str, ...]:
    """A content's fields, those of its captions ('captions.title'), and its properties."""
    names = list(_properties(content))
    for name, rule in rules_of(content).items():
        if isinstance(rule, PartRule):
            names += [f"{name}.{inner}" for inner in rules_of(rule.part)]
        else:
            names.append(name)
    return tuple(names)


def field_rule(content: type[Any], name: str, *, in_rows: bool = False) -> Rule | None:
    """The rule of a field by its name, or None for one that does not exist; {row} exists inside rows."""
    outer, _, inner = name.partition(".")
    if (name == ROW and in_rows) or (name in _properties(content)):
        return TextRule(20, required=False)
    rule = rules_of(content).get(outer)
    if inner:
        return rules_of(rule.part).get(inner) if isinstance(rule, PartRule) else None
    return rule


def _properties(content: type[Any]) -> tuple[str, ...]:
    return tuple(
        name for each in content.__mro__ for name, value in vars(each).items()
        if isinstance(value, property) and not name.startswith("_")
    )  # fmt: skip
