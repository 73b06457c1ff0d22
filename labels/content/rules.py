"""How content fields declare their rules; `checks` enforces them when a bundle is rendered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labels.media import Size


@dataclass(frozen=True, slots=True)
class TextRule:
    """Characters a text field takes (`longest`), and whether it must not be empty."""

    longest: int
    required: bool
    most_entries: int = 1


@dataclass(frozen=True, slots=True)
class CountRule:
    """An integer field from 1 to `largest`."""

    largest: int


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """One of a few values."""

    allowed: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class EntriesRule:
    """A tuple of contents of one class."""

    entry: type[Any]
    most_entries: int
    required: bool = False


@dataclass(frozen=True, slots=True)
class PartRule:
    """One content of a class, such as captions."""

    part: type[Any]


Rule = TextRule | CountRule | ChoiceRule | EntriesRule | PartRule


def text(longest: int, *, required: bool = False, shared: bool = False) -> Any:
    """A text field; without `required` it may be left out.

    `shared` fields say the same on most labels of a bundle: what depends on nothing else is drawn once.
    """
    metadata = {"rule": TextRule(longest, required), "shared": shared}
    return field(metadata=metadata) if required else field(default="", metadata=metadata)


def texts(longest: int, *, entries: int, required: bool = False) -> Any:
    """A tuple of texts, one per line; `required` asks for at least one."""
    metadata = {"rule": TextRule(longest, required, entries)}
    return field(metadata=metadata) if required else field(default=(), metadata=metadata)


def count(largest: int = 9999) -> Any:
    return field(default=1, metadata={"rule": CountRule(largest)})


def choice(default: str | None, *others: str | None, shared: bool = False) -> Any:
    return field(default=default, metadata={"rule": ChoiceRule((default, *others)), "shared": shared})


def entries(entry: type[Any], *, most: int, required: bool = False) -> Any:
    """A tuple of contents, for rows."""
    metadata = {"rule": EntriesRule(entry, most, required)}
    return field(metadata=metadata) if required else field(default=(), metadata=metadata)


def captions(standard: Any) -> Any:
    """The words printed beside the facts, in the reader's language."""
    return field(default=standard, metadata={"rule": PartRule(type(standard)), "shared": True})


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """Base of every label: the stock it is printed on."""

    size: Size


def rules_of(content: type[Any]) -> dict[str, Rule]:
    """Field name → rule, without `size`."""
    return {name: each.metadata["rule"] for name, each in content.__dataclass_fields__.items() if name != "size"}


def shared_fields(content: type[Any]) -> frozenset[str]:
    return frozenset(name for name, each in content.__dataclass_fields__.items() if each.metadata.get("shared"))
