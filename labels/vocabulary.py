"""The words in which every label is written: text, code, line, box, image, condition, rows.

A template is data: what stands where, in mm from the top left corner of the page, and which field of
the content it shows. There is nothing to execute in it, so an operator may write one; `template_data`
reads and writes it as JSON, `validator` says what is wrong with it, `plan` compiles it. Each attribute
carries the rule by which it is read.

A value is text with field names in braces: "Lot {lot}". "{{" and "}}" stand for braces.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from labels.geometry import Box
from labels.media import LARGEST_SIDE_MM, Size

Align = Literal["left", "center", "right"]

LONGEST_VALUE = 500
MOST_ELEMENTS = 400
DEEPEST_NESTING = 5
MOST_ENTRIES = 1000
THINNEST_LINE_MM = 0.1


class Number(NamedTuple):
    """A finite number within limits, both included."""

    least: float
    most: float
    whole: bool = False


class Words(NamedTuple):
    """One of a few words."""

    allowed: tuple[str, ...]


class Part(NamedTuple):
    """Something with a reader of its own in `template_data`: box, point, value, name, flag, elements…"""

    name: str


def _rule(rule: Number | Words | Part, default: Any = ...) -> Any:
    metadata = {"rule": rule}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


_THICKNESS = Number(THINNEST_LINE_MM, 50)
_POINTS = Number(3, 400)
SYMBOLOGY_NAMES = (
    "code128", "gs1_128", "ean13", "ean8", "upca", "itf14", "code39", "datamatrix", "gs1_datamatrix", "qr", "gs1_qr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A text as large as fits between two sizes: wrapped into at most `lines`, shrunk, then cut with an
    ellipsis, or refused where `overflow` says so. Vertically centred unless `top`.
    """

    box: Box = _rule(Part("box"))
    value: str = _rule(Part("value"))
    largest_pt: float = _rule(_POINTS)
    smallest_pt: float = _rule(_POINTS)
    lines: int = _rule(Number(1, 60, whole=True), 1)
    align: Align = _rule(Words(("left", "center", "right")), "left")
    top: bool = _rule(Part("flag"), False)
    bold: bool = _rule(Part("flag"), False)
    white: bool = _rule(Part("flag"), False)
    overflow: Literal["cut", "refuse"] = _rule(Words(("cut", "refuse")), "cut")


@dataclass(frozen=True, slots=True)
class Fallback:
    """What is tried when a code does not fit: another symbology, another value. Passed over when empty."""

    symbology: str = _rule(Words(SYMBOLOGY_NAMES))
    value: str = _rule(Part("value"))


@dataclass(frozen=True, slots=True)
class Code:
    """A symbol centred in a box that holds its quiet zones too.

    `symbology` is a name, or a field that says it. Modules are as wide as `preferred_mm` allows.
    """

    box: Box = _rule(Part("box"))
    symbology: str = _rule(Part("symbology"))
    value: str = _rule(Part("value"))
    preferred_mm: float | None = _rule(Number(0.05, 5), None)
    fallbacks: tuple[Fallback, ...] = _rule(Part("fallbacks"), ())


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal or vertical line, on both sides of its course. With `head_mm` it ends in an arrow head
    of that length."""

    start: tuple[float, float] = _rule(Part("point"))
    end: tuple[float, float] = _rule(Part("point"))
    thickness_mm: float = _rule(_THICKNESS, 0.3)
    head_mm: float = _rule(Number(0, 200), 0.0)
    white: bool = _rule(Part("flag"), False)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """The word "box": filled, or a frame whose lines lie inside it."""

    box: Box = _rule(Part("box"))
    filled: bool = _rule(Part("flag"), False)
    thickness_mm: float = _rule(_THICKNESS, 0.4)
    white: bool = _rule(Part("flag"), False)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of the template, by its name, as large as fits into the box, centred, in black and white."""

    box: Box = _rule(Part("box"))
    image: str = _rule(Part("name"))


@dataclass(frozen=True, slots=True)
class Condition:
    """Elements for some contents, `otherwise` for the rest.

    Met when the field is one of `values`; without values, when it has `more_than` entries (a list, 0
    unless given) or is not blank.
    """

    field: str = _rule(Part("field"))
    elements: tuple[Element, ...] = _rule(Part("elements"))
    otherwise: tuple[Element, ...] = _rule(Part("elements"), ())
    values: tuple[str | int, ...] = _rule(Part("values"), ())
    more_than: int = _rule(Number(0, MOST_ENTRIES, whole=True), 0)


@dataclass(frozen=True, slots=True)
class Rows:
    """One cell per entry of a list, down and then in the next column; cells are `row_mm` high.

    The elements' boxes are measured from the cell's corner and their fields are the entry's; {row} is its
    place, from 1. Entries without room are refused, or stand as "…" in the last cell.
    """

    field: str = _rule(Part("field"))
    box: Box = _rule(Part("box"))
    row_mm: float = _rule(Number(1, LARGEST_SIDE_MM))
    elements: tuple[Element, ...] = _rule(Part("elements"))
    columns: int = _rule(Number(1, 20, whole=True), 1)
    overflow: Literal["refuse", "ellipsis"] = _rule(Words(("refuse", "ellipsis")), "refuse")

    @property
    def per_column(self) -> int:
        return max(1, int(self.box.height / self.row_mm + 1e-6))

    @property
    def capacity(self) -> int:
        return self.per_column * self.columns

    def cell(self, place: int) -> Box:
        """Where the entry at a 0-based place stands."""
        column, row = divmod(place, self.per_column)
        width = self.box.width / self.columns
        return Box(self.box.left + column * width, self.box.top + row * self.row_mm, width, self.row_mm)


Element = Text | Code | Line | Rectangle | Image | Condition | Rows

WORDS: dict[str, type[Any]] = {
    "text": Text,
    "code": Code,
    "line": Line,
    "box": Rectangle,
    "image": Image,
    "condition": Condition,
    "rows": Rows,
}


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of label at one size. `margin_mm` is the edge that must stay white but for quiet zones;
    `images` are PNG files by name."""

    kind: str
    size: Size
    elements: tuple[Element, ...]
    margin_mm: float
    images: tuple[tuple[str, bytes], ...] = ()

    @property
    def printable(self) -> Box:
        margin = self.margin_mm
        return Box(0, 0, self.size.width_mm, self.size.height_mm).inset(margin, margin)


def children(element: Element) -> tuple[tuple[str, Element], ...]:
    """The elements inside one, each with its place: ("elements[0]", …)."""
    found = [(f"elements[{place}]", each) for place, each in enumerate(getattr(element, "elements", ()))]
    found += [(f"otherwise[{place}]", each) for place, each in enumerate(getattr(element, "otherwise", ()))]
    return tuple(found)
