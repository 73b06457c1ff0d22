"""Writing templates: pages are cut into boxes, and boxes filled with captions and values.

Everything here returns elements of the vocabulary, with lengths to a hundredth of a millimetre.
"""

from __future__ import annotations

from labels.geometry import Box
from labels.vocabulary import Code, Condition, Element, Fallback, Line, Rectangle, Rows, Text

CAPTION_PT = 6.5
_CAPTION_SMALLEST_PT = 5.0


def exact(box: Box) -> Box:
    """Hundredths of a millimetre: a tenth of a dot at 203 dpi, and numbers that a person can read."""
    return Box(*(round(each, 2) for each in box))


def text(box: Box, value: str, largest_pt: float, smallest_pt: float, **more: object) -> Text:
    """A text; a largest size below the smallest is raised to it, for the smallest stock."""
    largest = round(max(largest_pt, smallest_pt), 1)
    return Text(exact(box), value, largest, smallest_pt, **more)  # type: ignore[arg-type]


def code(
    box: Box, symbology: str, value: str, *, preferred_mm: float | None = None, fallbacks: tuple[Fallback, ...] = ()
) -> Code:
    return Code(exact(box), symbology, value, None if preferred_mm is None else round(preferred_mm, 3), fallbacks)


def or_matrix(value: str) -> tuple[Fallback, ...]:
    """The fallback of our own codes: a DataMatrix of the same content."""
    return (Fallback("datamatrix", value),)


def filled(box: Box, *, white: bool = False) -> Rectangle:
    return Rectangle(exact(box), filled=True, white=white)


def frame(box: Box, thickness_mm: float = 0.5) -> Rectangle:
    return Rectangle(exact(box), thickness_mm=thickness_mm)


def rule_above(box: Box, thickness_mm: float = 0.3) -> Line:
    """A line along the upper edge of a box."""
    left, top, width, _ = exact(box)
    return Line((left, top), (round(left + width, 2), top), thickness_mm)


def rule_before(box: Box, thickness_mm: float = 0.3) -> Line:
    """A line along the left edge of a box."""
    left, top, _, height = exact(box)
    return Line((left, top), (left, round(top + height, 2)), thickness_mm)


def caption(cell: Box, value: str, *, bold: bool = False, largest_pt: float = CAPTION_PT) -> Text:
    """Small words along the upper edge of a cell."""
    strip = cell.inset(1.2, 0.9).upper(largest_pt * 0.37)
    return text(strip, value, largest_pt, _CAPTION_SMALLEST_PT, bold=bold)


def value_of(cell: Box, caption_pt: float = CAPTION_PT) -> Box:
    """A cell below its caption of that size."""
    # Descenders hang below the boxes that the letters of caption and value are centred in.
    top_mm = 1.4 + caption_pt * 0.37
    return Box(cell.left + 1.2, cell.top + top_mm, cell.width - 2.4, cell.height - top_mm - 1.2)


def lines_of(cell: Box) -> Box:
    """Room for several lines below a caption, a little apart from it."""
    body = cell.inset(1.2, 0.6)
    return Box(body.left, body.top + 3.7, body.width, body.height - 4.1)


def when(field: str, *elements: Element, values: tuple[str | int, ...] = (), more_than: int = 0) -> Condition:
    return Condition(field, tuple(elements), values=values, more_than=more_than)


def either(field: str, then: list[Element], otherwise: list[Element], **more: object) -> Condition:
    return Condition(field, tuple(then), tuple(otherwise), **more)  # type: ignore[arg-type]


def arrows(box: Box, field: str = "arrow") -> list[Element]:
    """A black block with a white arrow inside, for whichever way the field names."""
    side = min(box.width, box.height) * 0.68
    middle_x, middle_y = box.left + box.width / 2, box.top + box.height / 2
    half = side / 2
    ways = {
        "up": ((middle_x, middle_y + half), (middle_x, middle_y - half)),
        "down": ((middle_x, middle_y - half), (middle_x, middle_y + half)),
        "left": ((middle_x + half, middle_y), (middle_x - half, middle_y)),
        "right": ((middle_x - half, middle_y), (middle_x + half, middle_y)),
    }
    return [
        when(
            field,
            filled(box),
            Line(_point(start), _point(end), round(side * 0.3, 2), round(side * 0.62, 2), white=True),
            values=(way,),
        )
        for way, (start, end) in ways.items()
    ]


def _point(point: tuple[float, float]) -> tuple[float, float]:
    return round(point[0], 2), round(point[1], 2)


def table(box: Box, field: str, row_mm: float, cells: list[Element], *, rules: bool = True) -> Rows:
    """Rows of one list, each under a thin line."""
    line: list[Element] = [Line((0.0, 0.0), (round(box.width, 2), 0.0), 0.15)] if rules else []
    return Rows(field, exact(box), row_mm, (*line, *cells))
