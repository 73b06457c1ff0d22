"""A page, or the constant part of pages, while it is being drawn.

Templates speak millimetres from the top left; this writes PDF operators in points from the bottom
left. Filled areas and symbols are snapped to whole printer dots counted from the top left corner,
which is where a printer's raster begins; text is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from labels.errors import LabelRefused
from labels.geometry import Box
from labels.media import POINTS_PER_MM, Resolution, Size
from labels.placement import place
from labels.textfit import fit
from labels.typeface import CAP_HEIGHT_EM, LINE_HEIGHT_EM, FontInDocument, width_em

Align = Literal["left", "center", "right"]
_START_SHARE = {"left": 0.0, "center": 0.5, "right": 1.0}
# Stroke that makes the one weight of the typeface look bold, as a share of the size.
_EMPHASIS_EM = 0.035


class Sheet:
    """Collects drawing operators and the (symbology, content) of every symbol placed."""

    def __init__(self, size: Size, resolution: Resolution, font: FontInDocument) -> None:
        self.size = size
        self.resolution = resolution
        self.codes: list[tuple[str, str]] = []
        self._font = font
        self._height_pt = size.height_mm * POINTS_PER_MM
        self._operators: list[str] = []

    def operators(self) -> bytes:
        return "\n".join(self._operators).encode("ascii")

    def text(
        self,
        box: Box,
        content: str | Iterable[str],
        largest_pt: float,
        smallest_pt: float,
        *,
        lines: int = 1,
        align: Align = "left",
        top: bool = False,
        bold: bool = False,
        white: bool = False,
    ) -> None:
        """Text in a box, as large as fits between the sizes; vertically centred unless `top`."""
        if isinstance(content, str):
            paragraphs: tuple[str, ...] = (content,) if content and not content.isspace() else ()
        else:
            paragraphs = tuple([each for each in content if each and not each.isspace()])
        if not paragraphs:
            return
        width_pt, height_pt = box.width * POINTS_PER_MM, box.height * POINTS_PER_MM
        # Emphasis adds its stroke on both sides of every line.
        stroke_pt = largest_pt * _EMPHASIS_EM if bold else 0.0
        fitted = fit(
            paragraphs,
            width_pt - stroke_pt,
            height_pt,
            largest_pt=largest_pt,
            smallest_pt=smallest_pt,
            most_lines=lines,
        )
        size_pt = fitted.size_pt
        block_pt = size_pt * (CAP_HEIGHT_EM + (len(fitted.lines) - 1) * LINE_HEIGHT_EM)
        above_pt = 0.0 if top else (height_pt - block_pt) / 2
        baseline = self._height_pt - box.top * POINTS_PER_MM - above_pt - size_pt * CAP_HEIGHT_EM
        style = "1 g 1 G " if white else ""
        if bold:
            style += f"2 Tr {size_pt * _EMPHASIS_EM:.2f} w "
        begin, end = (f"q {style}BT", "ET Q") if style else ("BT", "ET")
        self._operators.append(begin)
        self._lines(
            fitted.lines, (box.left * POINTS_PER_MM, baseline), width_pt, size_pt, _START_SHARE[align]
        )
        self._operators.append(end)

    def _lines(
        self,
        lines: tuple[str, ...],
        first: tuple[float, float],
        width_pt: float,
        size_pt: float,
        share: float,
    ) -> None:
        """Show lines from a first baseline downwards; moves are relative to the line before."""
        left, down = first
        at, font_now = 0.0, ""
        for line in lines:
            start = left + share * (width_pt - size_pt * width_em(line)) if share else left
            move = f"{start - at:.2f} {down:.2f} Td "
            at, down = start, -size_pt * LINE_HEIGHT_EM
            for name, escaped in self._font.runs(line):
                choose = "" if name == font_now else f"{name} {size_pt:.2f} Tf "
                self._operators.append(f"{choose}{move}({escaped}) Tj")
                move, font_now = "", name

    def fill(self, box: Box, *, white: bool = False) -> None:
        """A filled rectangle, at least one dot thick."""
        dot = self.resolution.dot_mm
        left, top = round(box.left / dot), round(box.top / dot)
        right = max(left + 1, round(box.right / dot))
        bottom = max(top + 1, round(box.bottom / dot))
        path = self._rectangle(left, top, right - left, bottom - top)
        self._operators.append(f"1 g {path} f 0 g" if white else f"{path} f")

    def _rectangle(self, left: int, top: int, width: int, height: int) -> str:
        """A rectangle in dots from the top left, as a PDF path in points."""
        dot = self.resolution.dot_pt
        return (
            f"{left * dot:.3f} {self._height_pt - (top + height) * dot:.3f} "
            f"{width * dot:.3f} {height * dot:.3f} re"
        )

    def rule_above(self, box: Box, thickness_mm: float = 0.3) -> None:
        """A line along the upper edge of a box."""
        self.fill(Box(box.left, box.top - thickness_mm / 2, box.width, thickness_mm))

    def rule_before(self, box: Box, thickness_mm: float = 0.3) -> None:
        """A line along the left edge of a box."""
        self.fill(Box(box.left - thickness_mm / 2, box.top, thickness_mm, box.height))

    def frame(self, box: Box, thickness_mm: float = 0.4) -> None:
        """Four lines just inside a box."""
        self.fill(box.upper(thickness_mm))
        self.fill(box.lower(thickness_mm))
        self.fill(box.leftmost(thickness_mm))
        self.fill(box.rightmost(thickness_mm))

    def triangle(self, box: Box, *, points_up: bool, white: bool = False) -> None:
        """A filled triangle that fills a box."""
        tip, base = (box.top, box.bottom) if points_up else (box.bottom, box.top)
        corners = [(box.left, base), (box.right, base), (box.left + box.width / 2, tip)]
        points = [f"{x * POINTS_PER_MM:.2f} {self._height_pt - y * POINTS_PER_MM:.2f}" for x, y in corners]
        path = f"{points[0]} m {points[1]} l {points[2]} l h"
        self._operators.append(f"1 g {path} f 0 g" if white else f"{path} f")

    def code(
        self,
        box: Box,
        field: str,
        symbology: str,
        content: str,
        *,
        preferred_mm: float | None = None,
        fallback: str | None = None,
    ) -> None:
        """A symbol with its quiet zones inside a box, which nothing else may touch.

        Raises LabelRefused with the content field's name when it cannot be encoded or does not fit.
        """
        try:
            placed = place(
                symbology, content, box, self.resolution, preferred_mm=preferred_mm, fallback=fallback
            )
        except LabelRefused as refusal:
            raise refusal.within(field=field) from refusal
        dot = self.resolution.dot_pt
        module = placed.dots_per_module * dot
        row = module if placed.symbol.is_matrix else placed.height * dot
        bottom = self._height_pt - (placed.top + placed.height) * dot
        self._operators.append(
            f"q {module:.5f} 0 0 {row:.5f} {placed.left * dot:.4f} {bottom:.4f} cm\n{placed.symbol.path}\nf Q"
        )
        self.codes.append((placed.symbol.symbology, placed.symbol.content))

    def call(self, form_name: str) -> None:
        """Draw the constant part stored under a resource name."""
        self._operators.append(f"/{form_name} Do")
