"""Values of a template: text with field names in braces, compiled once into a function of the content."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

_PIECE = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\}|[{}]")

# The place of an entry in its list, from 1; no field of the content.
ROW = "row"

Shown = str | tuple[str, ...]


class BadValueError(ValueError):
    """A brace without its partner, or something in braces that is no field name."""


def pieces(value: str) -> list[tuple[bool, str]]:
    """'Lot {lot}' → [(False, 'Lot '), (True, 'lot')]: whether it is a field, and text or name.

    Raises BadValueError.
    """
    found: list[tuple[bool, str]] = []
    at = 0
    for match in _PIECE.finditer(value):
        if match.start() > at:
            found.append((False, value[at : match.start()]))
        at = match.end()
        mark = match[0]
        if match[1]:
            found.append((True, match[1]))
        elif mark in ("{{", "}}"):
            found.append((False, mark[0]))
        else:
            raise BadValueError(mark)
    if at < len(value):
        found.append((False, value[at:]))
    return found


def fields_in(value: str) -> tuple[str, ...]:
    """The field names of a value that is known to be right."""
    return tuple(name for is_field, name in pieces(value) if is_field)


def plain(shown: Any) -> str:
    """A field's value as one line of text."""
    if isinstance(shown, str):
        return shown
    return " ".join(map(str, shown)) if isinstance(shown, tuple) else str(shown)


def compiled(value: str) -> Callable[[Any], Shown]:
    """The function that shows a value: lists of texts stay lists when they stand alone."""
    parts = pieces(value)
    if len(parts) == 1 and parts[0][0]:
        return _alone(attrgetter(parts[0][1]))
    if not any(is_field for is_field, _ in parts):
        text = "".join(piece for _, piece in parts)
        return lambda _content: text
    makers = [attrgetter(piece) if is_field else _literal(piece) for is_field, piece in parts]
    return lambda content: "".join([plain(make(content)) for make in makers])


def _alone(get: Callable[[Any], Any]) -> Callable[[Any], Shown]:
    def shown(content: Any) -> Shown:
        value = get(content)
        if value.__class__ is str or value.__class__ is tuple:
            return value  # the two that `sheet.write` takes
        return "" if value is None else str(value)

    return shown


def _literal(text: str) -> Callable[[Any], str]:
    return lambda _content: text
