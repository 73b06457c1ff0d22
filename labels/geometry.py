"""Boxes on a label: millimetres from the top left corner of the page."""

from __future__ import annotations

from typing import NamedTuple

from labels.media import Size


class Offset(NamedTuple):
    """A way in mm, to the right and downwards."""

    right: float
    down: float


class Box(NamedTuple):
    """A rectangle; all four in mm, `top` counted downwards from the top edge of the page."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def moved(self, way: Offset) -> Box:
        return Box(self.left + way.right, self.top + way.down, self.width, self.height)

    def inset(self, horizontal: float, vertical: float = 0.0) -> Box:
        """The box without a strip on its left and right, and on its top and bottom."""
        return Box(
            self.left + horizontal,
            self.top + vertical,
            self.width - 2 * horizontal,
            self.height - 2 * vertical,
        )

    def upper(self, height: float) -> Box:
        return Box(self.left, self.top, self.width, height)

    def lower(self, height: float) -> Box:
        return Box(self.left, self.bottom - height, self.width, height)

    def leftmost(self, width: float) -> Box:
        return Box(self.left, self.top, width, self.height)

    def rightmost(self, width: float) -> Box:
        return Box(self.right - width, self.top, width, self.height)

    def rows(self, *shares: float) -> list[Box]:
        """Cut from top to bottom in the proportion of the shares."""
        unit, top, cut = self.height / sum(shares), self.top, []
        for share in shares:
            cut.append(Box(self.left, top, self.width, share * unit))
            top += share * unit
        return cut

    def columns(self, *shares: float) -> list[Box]:
        """Cut from left to right in the proportion of the shares."""
        unit, left, cut = self.width / sum(shares), self.left, []
        for share in shares:
            cut.append(Box(left, self.top, share * unit, self.height))
            left += share * unit
        return cut


def overlap(one: Box, other: Box, tolerance_mm: float = 0.01) -> bool:
    """Whether two boxes share more than a strip of the tolerance."""
    return (
        one.left < other.right - tolerance_mm
        and other.left < one.right - tolerance_mm
        and one.top < other.bottom - tolerance_mm
        and other.top < one.bottom - tolerance_mm
    )


def within(inner: Box, outer: Box, tolerance_mm: float = 0.01) -> bool:
    """Whether one box lies in another."""
    return (
        inner.left >= outer.left - tolerance_mm
        and inner.top >= outer.top - tolerance_mm
        and inner.right <= outer.right + tolerance_mm
        and inner.bottom <= outer.bottom + tolerance_mm
    )


def printable_area(size: Size) -> Box:
    """The page without its white margin."""
    return Box(0, 0, size.width_mm, size.height_mm).inset(size.margin_mm, size.margin_mm)
