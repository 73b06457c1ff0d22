"""A page, or the constant part of pages, while it is being drawn.

Templates speak millimetres from the top left; this writes PDF operators in points from the bottom
left. Filled areas and symbols are snapped to whole printer dots counted from the top left corner,
which is where a printer's raster begins; text is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from labels.errors import LabelRefused
from labels.geometry import Box
from labels.images import Raster, raster_of
from labels.media import POINTS_PER_MM, Resolution, Size
from labels.placement import DotBox, Placement, place_in_dots
from labels.textfit import fit
from labels.typeface import CAP_HEIGHT_EM, FIRST_CJK, LINE_HEIGHT_EM, FontInDocument, as_set, width_em
from labels.vocabulary import Align

_START_SHARE = {"left": 0.0, "center": 0.5, "right": 1.0}
# Stroke that makes the one weight of the typeface look bold, as a share of the size.
_EMPHASIS_EM = 0.035
# A printed stroke is never thinner than a dot. Of letters smaller than this (6 pt at 203 dpi) it would be far more than the
# share above, and they would touch; of Chinese characters below 9.6 pt the inside fills up: 量 is a black square.
_FEWEST_DOTS, _FEWEST_DOTS_CHINESE = 17, 27


# A raster that begins half a dot beside ours would split every edge in equal halves, and make all bars
# a dot wider or narrower. This share of a dot decides for it: widths stay what they are.
_TIE_BREAK = 1 / 64


class TextSlot(NamedTuple):
    """A place for text, worked out once for all pages of a size; made by `text_slot`.

    Lengths in points, `top_pt` from the top of the page. `start_share` is the share of
    spare width left of a line, `hangs` says that lines start at the top, `colour` is its operators.
    """

    left_pt: float
    top_pt: float
    width_pt: float
    height_pt: float
    largest_pt: float
    smallest_pt: float
    lines: int
    start_share: float
    hangs: bool
    bold: bool
    colour: str


def text_slot(
    box: Box,
    largest_pt: float,
    smallest_pt: float,
    *,
    lines: int = 1,
    align: Align = "left",
    top: bool = False,
    bold: bool = False,
    white: bool = False,
) -> TextSlot:
    """Text in a box, as large as fits between the sizes; vertically centred unless `top`."""
    return TextSlot(
        box.left * POINTS_PER_MM,
        box.top * POINTS_PER_MM,
        box.width * POINTS_PER_MM,
        box.height * POINTS_PER_MM,
        largest_pt,
        smallest_pt,
        lines,
        _START_SHARE[align],
        top,
        bold,
        "1 g 1 G " if white else "",
    )


def _bears_emphasis(lines: Sequence[str], em_dots: float) -> bool:
    """Whether letters that are so many dots high are still letters when each stroke has grown by one."""
    chinese = any(max(line) >= FIRST_CJK for line in lines)
    return em_dots >= (_FEWEST_DOTS_CHINESE if chinese else _FEWEST_DOTS)


class Drawn(Protocol):
    """The document a page belongs to: what pages share."""

    font: FontInDocument

    def picture(self, raster: Raster) -> str:
        """The resource name of a picture."""


class Sheet:
    """Collects drawing operators and every symbol placed."""

    def __init__(self, size: Size, resolution: Resolution, document: Drawn) -> None:
        self.size = size
        self.resolution = resolution
        self.codes: list[Placement] = []
        self._font = document.font
        self._document = document
        self._height_pt = size.height_mm * POINTS_PER_MM
        self._operators: list[str] = []

    def operators(self) -> bytes:
        return "\n".join(self._operators).encode("ascii")

    def write(self, slot: TextSlot, content: str | tuple[str, ...]) -> bool:
        """A text, or one line after another, in a slot; says whether it was cut. Blank texts leave no trace.

        Sender, return address and date are the same on all pages of a wave: what was set once in a
        document is not set again.
        """
        if not content:
            return False
        # A slot belongs to one plan, which lives as long as the document: it is known by its identity.
        key = (id(slot), content)
        done = self._font.set_before.get(key)
        if done is None:
            done = self._font.set_before[key] = self._set(slot, content)
        operators, cut = done
        if operators:
            self._operators.append(operators)
        return cut

    def _set(self, slot: TextSlot, content: str | tuple[str, ...]) -> tuple[str, bool]:
        given = (content,) if isinstance(content, str) else content
        paragraphs = tuple([as_set(each) for each in given if each and not each.isspace()])
        if not paragraphs:
            return "", False
        # Emphasis adds its stroke on both sides of every line.
        width_pt = slot.width_pt - slot.largest_pt * _EMPHASIS_EM if slot.bold else slot.width_pt
        fitted = fit(
            paragraphs,
            width_pt,
            slot.height_pt,
            largest_pt=slot.largest_pt,
            smallest_pt=slot.smallest_pt,
            most_lines=slot.lines,
        )
        size_pt = fitted.size_pt
        down_pt = slot.top_pt + size_pt * CAP_HEIGHT_EM
        if not slot.hangs:
            block_pt = size_pt * (CAP_HEIGHT_EM + (len(fitted.lines) - 1) * LINE_HEIGHT_EM)
            down_pt += (slot.height_pt - block_pt) / 2
        shown = self._lines(fitted.lines, slot, self._height_pt - down_pt, size_pt)
        style = slot.colour
        if slot.bold and _bears_emphasis(fitted.lines, size_pt / self.resolution.dot_pt):
            style += f"2 Tr {size_pt * _EMPHASIS_EM:.2f} w "
        return (f"q {style}BT {shown} ET Q" if style else f"BT {shown} ET"), fitted.cut

    def _lines(self, lines: tuple[str, ...], slot: TextSlot, baseline: float, size_pt: float) -> str:
        """Show lines from a first baseline downwards; moves are relative to the line before."""
        share, start, at, down, font_now = slot.start_share, slot.left_pt, 0.0, baseline, ""
        shown: list[str] = []
        for line in lines:
            if share:
                start = slot.left_pt + share * (slot.width_pt - size_pt * width_em(line))
            move = f"{start - at:.2f} {down:.2f} Td "
            at, down = start, -size_pt * LINE_HEIGHT_EM
            for name, escaped in self._font.runs(line):
                choose = "" if name == font_now else f"{name} {size_pt:.2f} Tf "
                shown.append(f"{choose}{move}({escaped}) Tj")
                move, font_now = "", name
        return "\n".join(shown)

    def fill(self, box: Box, *, white: bool = False) -> None:
        """A filled rectangle, at least one dot thick."""
        dot = self.resolution.dot_mm
        self._fill_dots(*(round(each / dot) for each in (box.left, box.top, box.right, box.bottom)), white=white)

    def _fill_dots(self, left: int, top: int, right: int, bottom: int, *, white: bool) -> None:
        path = self._rectangle(left, top, max(1, right - left), max(1, bottom - top))
        self._operators.append(f"1 g {path} f 0 g" if white else f"{path} f")

    def _rectangle(self, left: int, top: int, width: int, height: int) -> str:
        """A rectangle in dots from the top left, as a PDF path in points.

        Renderers widen a rectangle to the dots that it touches: it ends a hair inside its own, or rounding of its
        corners would make one side of a frame a dot thicker than the other.
        """
        dot = self.resolution.dot_pt
        x, y = (left + _TIE_BREAK) * dot, self._height_pt - (top + height - _TIE_BREAK) * dot
        return f"{x:.4f} {y:.4f} {(width - 2 * _TIE_BREAK) * dot:.4f} {(height - 2 * _TIE_BREAK) * dot:.4f} re"

    def rule(self, box: Box, *, white: bool = False) -> None:
        """A line: lines of one thickness are of as many dots, wherever they begin between two dots."""
        dot = self.resolution.dot_mm
        if box.width < box.height:
            left = round(box.left / dot)
            sides = (left, round(box.top / dot), left + max(1, round(box.width / dot)), round(box.bottom / dot))
        else:
            top = round(box.top / dot)
            sides = (round(box.left / dot), top, round(box.right / dot), top + max(1, round(box.height / dot)))
        self._fill_dots(*sides, white=white)

    def frame(self, box: Box, thickness_mm: float = 0.4, *, white: bool = False) -> None:
        """Four lines of as many dots just inside a box."""
        dot = self.resolution.dot_mm
        left, top, right, bottom = (round(each / dot) for each in (box.left, box.top, box.right, box.bottom))
        thick = max(1, round(thickness_mm / dot))
        for sides in (
            (left, top, right, top + thick), (left, bottom - thick, right, bottom),
            (left, top, left + thick, bottom), (right - thick, top, right, bottom),
        ):  # fmt: skip
            self._fill_dots(*sides, white=white)

    def polygon(self, corners: Sequence[tuple[float, float]], *, white: bool = False) -> None:
        """A filled area between corners in mm from the top left."""
        points = [f"{x * POINTS_PER_MM:.2f} {self._height_pt - y * POINTS_PER_MM:.2f}" for x, y in corners]
        path = f"{points[0]} m {' l '.join(points[1:])} l h"
        self._operators.append(f"1 g {path} f 0 g" if white else f"{path} f")

    def image(self, box: DotBox, data: bytes) -> None:
        """A picture (a PNG file) in black and white dots, as large as fits into the box, centred."""
        raster = raster_of(data, box.right - box.left, box.bottom - box.top)
        name = self._document.picture(raster)
        dot = self.resolution.dot_pt
        left = (box.left + (box.right - box.left - raster.width) // 2) * dot
        bottom = self._height_pt - (box.top + (box.bottom - box.top - raster.height) // 2 + raster.height) * dot
        width, height = raster.width * dot, raster.height * dot
        self._operators.append(f"q {width:.4f} 0 0 {height:.4f} {left:.4f} {bottom:.4f} cm /{name} Do Q")

    def code(
        self,
        box: DotBox,
        field: str,
        symbology: str,
        content: str,
        preferred_mm: float | None = None,
        fallbacks: Sequence[tuple[str, str]] = (),
    ) -> None:
        """A symbol with its quiet zones inside a box, which nothing else may touch.

        Raises LabelRefused with the content field's name when it cannot be encoded or does not fit.
        """
        try:
            placed = place_in_dots(symbology, content, box, self.resolution, preferred_mm, fallbacks)
        except LabelRefused as refusal:
            raise refusal.within(field=field) from refusal
        self.symbol(placed)

    def symbol(self, placed: Placement) -> None:
        """A symbol in its place."""
        symbol, dot = placed.symbol, self.resolution.dot_pt
        module = placed.dots_per_module * dot
        row = module if symbol.is_matrix else placed.height * dot
        left, down = placed.left + _TIE_BREAK, placed.top + placed.height + _TIE_BREAK
        self._operators.append(
            f"q {module:.5f} 0 0 {row:.5f} {left * dot:.4f} {self._height_pt - down * dot:.4f} cm\n{symbol.path}\nf Q"
        )
        if symbol.bearer:
            self._bearer_bars(placed)
        self.codes.append(placed)

    def _bearer_bars(self, placed: Placement) -> None:
        """Along top and bottom, over the quiet zones: a scan line that leaves the bars meets one of them."""
        symbol, dots = placed.symbol, placed.dots_per_module
        left = placed.left - symbol.quiet_left * dots
        width = (symbol.quiet_left + symbol.width + symbol.quiet_right) * dots
        thickness = symbol.bearer * dots
        for top in (placed.top, placed.top + placed.height - thickness):
            self._operators.append(f"{self._rectangle(left, top, width, thickness)} f")

    def call(self, form_name: str) -> None:
        """Draw what is stored under a resource name."""
        self._operators.append(f"/{form_name} Do")
