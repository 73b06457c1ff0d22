"""What is printed does not run into what stands beside it: the ink of each text, measured on the page.

The validator compares boxes; letters hang below theirs (Q, J, g), and Chinese ones reach above. Here PDFium says where
the outlines are.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image

from labels import LocationLabel, Size, Template, preview_png, render_bundle
from labels.geometry import Box
from labels.media import POINTS_PER_MM, SUPPORTED_DPI
from labels.samples import samples
from labels.vocabulary import Element, Line, Rectangle, Text
from tests.labels.reading import Pixels

# A rule or a frame is thinner than this; what is thicker may have white letters on it.
_THICKEST_RULE_MM = 0.75
# About a dot at 203 dpi: less, and a printed line grows into the letter beside it.
_LEAST_WHITE_MM = 0.1


class Ink(NamedTuple):
    """Where one object of a page puts ink, in mm from the top left; `said` is empty for what is no text."""

    left: float
    top: float
    right: float
    bottom: float
    said: str

    @property
    def is_rule(self) -> bool:
        return not self.said and min(self.right - self.left, self.bottom - self.top) < _THICKEST_RULE_MM

    def meets(self, other: Ink) -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        # Runs of one line follow each other without a gap; only what overlaps sideways can collide from above.
        return across > _LEAST_WHITE_MM and down > -_LEAST_WHITE_MM


def _objects(count: int, get: Any) -> Iterator[Any]:
    """The objects of a page, those inside forms too; forms are drawn where they stand."""
    for place in range(count):
        found = get(place)
        if pdfium.FPDFPageObj_GetType(found) == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _objects(
                pdfium.FPDFFormObj_CountObjects(found), lambda at, form=found: pdfium.FPDFFormObj_GetObject(form, at)
            )
        else:
            yield found


def _said(found: Any, texts: Any) -> str:
    if pdfium.FPDFPageObj_GetType(found) != pdfium.FPDF_PAGEOBJ_TEXT:
        return ""
    memory = (ctypes.c_ushort * 1000)()
    length = pdfium.FPDFTextObj_GetText(found, texts, memory, ctypes.sizeof(memory))
    return bytes(memory)[: max(0, length - 2)].decode("utf-16le").strip()


def ink_of(page: pypdfium2.PdfPage) -> list[Ink]:
    texts = pdfium.FPDFText_LoadPage(page.raw)
    height = page.get_height()
    inks: list[Ink] = []
    for found in _objects(pdfium.FPDFPage_CountObjects(page.raw), lambda at: pdfium.FPDFPage_GetObject(page.raw, at)):
        sides = [ctypes.c_float() for _ in range(4)]
        pdfium.FPDFPageObj_GetBounds(found, *sides)
        left, bottom, right, top = (side.value for side in sides)
        inks.append(
            Ink(*[each / POINTS_PER_MM for each in (left, height - top, right, height - bottom)], _said(found, texts))
        )
    pdfium.FPDFText_ClosePage(texts)
    return inks


def collisions(pdf: bytes) -> list[tuple[int, str, str]]:
    """(page, text, what it runs into) for every two that come too close."""
    document = pypdfium2.PdfDocument(pdf)
    found: list[tuple[int, str, str]] = []
    try:
        for number, page in enumerate(document):
            inks = ink_of(page)
            words = [ink for ink in inks if ink.said]
            for place, word in enumerate(words):
                others = [*words[:place], *(ink for ink in inks if ink.is_rule)]
                found += [(number, word.said, other.said or "a rule") for other in others if word.meets(other)]
    finally:
        document.close()
    return found


@pytest.mark.parametrize("name", samples())
def test_no_text_runs_into_its_neighbour_or_a_rule(name: str) -> None:
    assert collisions(render_bundle(samples()[name]).pdf) == []


STOCK = Size(60, 40)


def _drawn(*elements: Element, dpi: int = 203) -> Pixels:
    """What elements look like on a label of their own, one pixel a dot."""
    template = Template("location", STOCK, tuple(elements), margin_mm=1.5)
    label = LocationLabel(size=STOCK, code="A", barcode="A")
    return np.asarray(Image.open(BytesIO(preview_png(label, dpi=dpi, template=template)))) < 128


@pytest.mark.parametrize("dpi", SUPPORTED_DPI)
def test_lines_of_one_thickness_are_of_as_many_dots(dpi: int) -> None:
    """Wherever they begin between two dots; unequal rules in one table look like a fault of the printer."""
    starts = [5 + step * 2.013 for step in range(14)]
    page = _drawn(*[Line((5, y), (55, y), 0.3) for y in starts], dpi=dpi)
    column = np.diff(np.concatenate(([0], page[:, page.shape[1] // 2].astype(int), [0])))
    thick = np.flatnonzero(column == -1) - np.flatnonzero(column == 1)
    assert thick.tolist() == [round(0.3 * dpi / 25.4)] * len(starts)


@pytest.mark.parametrize("dpi", SUPPORTED_DPI)
@pytest.mark.parametrize("shift", [0.0, 0.031, 0.062, 0.093])
def test_the_four_sides_of_a_frame_are_of_as_many_dots_and_end_together(dpi: int, shift: float) -> None:
    page = _drawn(Rectangle(Box(5 + shift, 5 + shift, 40, 20), thickness_mm=0.25), dpi=dpi)
    rows, columns = np.flatnonzero(page.any(axis=1)), np.flatnonzero(page.any(axis=0))
    frame = page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    thick = round(0.25 * dpi / 25.4)
    expected = np.ones_like(frame)
    expected[thick:-thick, thick:-thick] = False
    assert np.array_equal(frame, expected)


@pytest.mark.parametrize(("said", "size_pt", "emphasis"), [
    ("量", 8.0, False), ("量", 14.0, True), ("SELLER", 5.0, False), ("SELLER", 8.0, True),
])  # fmt: skip
def test_emphasis_leaves_letters_legible(said: str, size_pt: float, emphasis: bool) -> None:
    """A stroke more is a dot more: inside a small 量 and between small capitals there is no room for it."""
    plain, bold = (_drawn(Text(Box(5, 5, 50, 20), said, size_pt, size_pt, bold=bold)) for bold in (False, True))
    assert bool(np.count_nonzero(bold) > np.count_nonzero(plain)) is emphasis
