"""Where a template's elements put ink, under which conditions, and which of them lie on one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from labels.geometry import Box, Offset, overlap
from labels.plan import line_box
from labels.vocabulary import Code, Condition, Element, Image, Line, Rectangle, Rows, Template, Text

Sort = Literal["text", "code", "line", "area", "image"]
# Each is laid beside all others; the fullest built-in label has 123.
MOST_INKS = 1500
# Lines have edges of a dot, and boxes are rounded to hundredths.
_TOLERANCE_MM = 0.06


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition that an element depends on, and in which branch."""

    field: str
    values: frozenset[str | int]
    more_than: int
    met: bool

    def excludes(self, other: Guard) -> bool:
        """Whether both can never hold for one content."""
        if self.field != other.field:
            return False
        if (self.values, self.more_than) == (other.values, other.more_than):
            return self.met != other.met
        if self.values and other.values:
            return self.met and other.met and not self.values & other.values
        with_values, without = (self, other) if self.values else (other, self)
        if with_values.values:
            return with_values.met and not without.met and all(with_values.values)
        fewer, more = sorted((self, other), key=lambda each: each.more_than)
        return more.met and not fewer.met


@dataclass(frozen=True, slots=True)
class Ink:
    """What one element prints: `at` names it, `white` is paper showing through."""

    at: str
    sort: Sort
    box: Box
    white: bool
    guards: tuple[Guard, ...]

    def excludes(self, other: Ink) -> bool:
        return any(mine.excludes(yours) for mine in self.guards for yours in other.guards)


def inks(template: Template) -> list[Ink]:
    """Everything a template prints, in the order of printing."""
    return [
        ink
        for place, element in enumerate(template.elements)
        for ink in _inks(element, f"elements[{place}]", Offset(0, 0), ())
    ]


def _inks(element: Element, at: str, origin: Offset, guards: tuple[Guard, ...]) -> Iterator[Ink]:
    if isinstance(element, Text):
        yield Ink(at, "text", element.box.moved(origin), element.white, guards)
    elif isinstance(element, Code):
        yield Ink(at, "code", element.box.moved(origin), False, guards)
    elif isinstance(element, Image):
        yield Ink(at, "image", element.box.moved(origin), False, guards)
    elif isinstance(element, Line):
        yield Ink(at, "line", line_box(element).moved(origin), element.white, guards)
    elif isinstance(element, Rectangle):
        yield from _rectangle(element, at, origin, guards)
    elif isinstance(element, Rows):
        yield from _cells(element, at, origin, guards)
    else:
        yield from _branches(element, at, origin, guards)


def _rectangle(element: Rectangle, at: str, origin: Offset, guards: tuple[Guard, ...]) -> Iterator[Ink]:
    box, thickness = element.box.moved(origin), element.thickness_mm
    if element.filled:
        yield Ink(at, "area", box, element.white, guards)
        return
    for side in (box.upper(thickness), box.lower(thickness), box.leftmost(thickness), box.rightmost(thickness)):
        yield Ink(at, "line", side, element.white, guards)


def _cells(element: Rows, at: str, origin: Offset, guards: tuple[Guard, ...]) -> Iterator[Ink]:
    """The first two and the last cell of the first two and the last column: in between it is the same."""
    last, right = element.per_column - 1, element.columns - 1
    columns = {0, min(1, right), right}
    places = {column * element.per_column + row for column in columns for row in (0, min(1, last), last)}
    for place in sorted(places):
        cell = element.cell(place).moved(origin)
        # A cell that is not there covers nothing of its neighbours.
        guard = Guard(element.field, frozenset(), place, True)
        for number, each in enumerate(element.elements):
            yield from _inks(each, f"{at}.elements[{number}]", Offset(cell.left, cell.top), (*guards, guard))


def _branches(element: Condition, at: str, origin: Offset, guards: tuple[Guard, ...]) -> Iterator[Ink]:
    guard = Guard(element.field, frozenset(element.values), element.more_than, met=True)
    for number, each in enumerate(element.elements):
        yield from _inks(each, f"{at}.elements[{number}]", origin, (*guards, guard))
    for number, each in enumerate(element.otherwise):
        yield from _inks(each, f"{at}.otherwise[{number}]", origin, (*guards, replace(guard, met=False)))


def collisions(printed: list[Ink]) -> Iterator[tuple[str, Ink, Ink]]:
    """(reason, later, earlier) for inks that may meet and must not: overlap, quiet_zone, covered, same_colour."""
    for place, later in enumerate(printed):
        for earlier in printed[:place]:
            if not overlap(later.box, earlier.box, _TOLERANCE_MM) or later.excludes(earlier):
                continue
            reason = _reason(later, earlier)
            if reason is not None:
                yield reason, later, earlier


def _reason(later: Ink, earlier: Ink) -> str | None:
    if earlier.sort == "area":
        return _on_area(later, earlier)
    if later.sort == "area":
        # Painted over, whatever it was; lines under an area are its own edge.
        return None if earlier.sort == "line" else "covered"
    if later.sort == earlier.sort == "line":
        return None
    if "code" in (later.sort, earlier.sort):
        return (
            "quiet_zone" if "line" in (later.sort, earlier.sort) or "text" in (later.sort, earlier.sort) else "overlap"
        )
    return "overlap"


def _on_area(later: Ink, area: Ink) -> str | None:
    if later.sort == "code":
        return None if area.white else "overlap"
    if later.sort == "area":
        return None
    if later.sort == "line":
        # Frames run along the edge of the areas beside them.
        return None
    return "same_colour" if later.white == area.white else None


def on_paper(printed: list[Ink]) -> Iterator[Ink]:
    """White texts and lines under which no black area lies."""
    for place, ink in enumerate(printed):
        if ink.white and ink.sort in ("text", "line") and not any(_lies_on(ink, under) for under in printed[:place]):
            yield ink


def _lies_on(ink: Ink, under: Ink) -> bool:
    return under.sort == "area" and not under.white and overlap(ink.box, under.box) and not ink.excludes(under)
