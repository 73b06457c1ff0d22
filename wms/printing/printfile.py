"""The file that goes to a printer: a label's pages out of its bundle, moved by the printer's offset, reprints marked.

A mark (`R2`) is drawn as rectangles, so it needs no font on any printer, on the first spot of the page that is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import product

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from labels.bundle import one_at_a_time, without_time_and_chance

POINTS_PER_MM = 72 / 25.4
DOTS_PER_MM = 8  # of the picture that empty spots are looked for in
MOST_PAGES = 100
# Five dots wide, seven high; a dot of 0.375 mm is three of a 203 dpi printer.
_GLYPHS = {
    "R": ("11110", "10001", "10001", "11110", "10100", "10010", "10001"),
    "0": ("01110", "10001", "10011", "10101", "11001", "10001", "01110"),
    "1": ("00100", "01100", "00100", "00100", "00100", "00100", "01110"),
    "2": ("01110", "10001", "00001", "00010", "00100", "01000", "11111"),
    "3": ("11111", "00010", "00100", "00010", "00001", "10001", "01110"),
    "4": ("00010", "00110", "01010", "10010", "11111", "00010", "00010"),
    "5": ("11111", "10000", "11110", "00001", "00001", "10001", "01110"),
    "6": ("00110", "01000", "10000", "11110", "10001", "10001", "01110"),
    "7": ("11111", "00001", "00010", "00100", "01000", "01000", "01000"),
    "8": ("01110", "10001", "10001", "01110", "10001", "10001", "01110"),
    "9": ("01110", "10001", "10001", "01111", "00001", "00010", "01100"),
}
_DOT_SIZES_MM = (0.375, 0.25)
_EDGE_MM = 1.5  # what label printers may not reach
_AIR_MM = 0.75  # above and below the mark, and beside it where there is no more
# Beside the mark, where there is room: what is white beside bars belongs to them, ten modules of up to half a millimetre.
_SIDE_AIR_MM = 5.2


@dataclass(frozen=True)
class PrintFile:
    """What a printer gets. `marked` is False when a mark was asked for and no page had room for it."""

    pdf: bytes
    marked: bool


def make_print_file(
    bundle: bytes, first: int, pages: int, *, mark: str = "", offset_mm: tuple[float, float] = (0.0, 0.0)
) -> PrintFile:
    """Pages `first` … of a bundle as a file of their own.

    `offset_mm` moves the content right and down, by whole dots if it is given so. Raises ValueError for pages that
    the bundle does not have, or for more than 100.
    """
    if not 1 <= pages <= MOST_PAGES:
        raise ValueError(f"{pages} pages")
    with one_at_a_time():
        source, made = pypdfium2.PdfDocument(bundle), pypdfium2.PdfDocument.new()
        try:
            if not 0 <= first <= len(source) - pages:
                raise ValueError(f"pages {first}+{pages} of {len(source)}")
            made.import_pages(source, list(range(first, first + pages)))
            marked = bool(mark)
            for number in range(pages):
                page = made[number]
                if any(offset_mm):
                    _move(page, *offset_mm)
                marked = (not mark or _draw_mark(page, mark)) and marked
                page.close()
            written = BytesIO()
            made.save(written)
        finally:
            made.close()
            source.close()
    return PrintFile(without_time_and_chance(written.getvalue()), marked)


def _move(page: pypdfium2.PdfPage, right_mm: float, down_mm: float) -> None:
    matrix = pypdfium2.PdfMatrix().translate(right_mm * POINTS_PER_MM, -down_mm * POINTS_PER_MM)
    for thing in page.get_objects(max_depth=1):
        thing.transform(matrix)
    page.gen_content()


def _draw_mark(page: pypdfium2.PdfPage, mark: str) -> bool:
    """Draw the mark where the page is empty; False when it is empty nowhere."""
    width, height = page.get_size()
    picture = page.render(scale=DOTS_PER_MM / POINTS_PER_MM, grayscale=True).to_pil()
    for side_air_mm, dot_mm in product((_SIDE_AIR_MM, _AIR_MM), _DOT_SIZES_MM):
        size = ((6 * len(mark) - 1) * dot_mm, 7 * dot_mm)
        spot = _empty_spot(picture, (width / POINTS_PER_MM, height / POINTS_PER_MM), size, side_air_mm)
        if spot is not None:
            for column, row in _dots(mark):
                _fill(page, height, spot[0] + column * dot_mm, spot[1] + row * dot_mm, dot_mm)
            page.gen_content()
            return True
    return False


def _dots(mark: str) -> Iterator[tuple[int, int]]:
    for place, letter in enumerate(mark):
        for row, line in enumerate(_GLYPHS[letter]):
            yield from ((6 * place + column, row) for column, dot in enumerate(line) if dot == "1")


def _fill(page: pypdfium2.PdfPage, page_height: float, x_mm: float, y_mm: float, side_mm: float) -> None:
    """A black square; `x_mm`, `y_mm` from the page's top left corner."""
    side = side_mm * POINTS_PER_MM
    square = pdfium.FPDFPageObj_CreateNewRect(
        x_mm * POINTS_PER_MM, page_height - y_mm * POINTS_PER_MM - side, side, side
    )
    pdfium.FPDFPageObj_SetFillColor(square, 0, 0, 0, 255)
    pdfium.FPDFPath_SetDrawMode(square, pdfium.FPDF_FILLMODE_ALTERNATE, False)
    pdfium.FPDFPage_InsertObject(page.raw, square)


def _empty_spot(
    picture: Image.Image, page_mm: tuple[float, float], size_mm: tuple[float, float], side_air_mm: float
) -> tuple[float, float] | None:
    """The top left corner (mm) of the first empty spot: from the bottom right upwards, so that heads stay clear."""
    width, height = (side + 2 * _AIR_MM for side in size_mm)
    more = side_air_mm - _AIR_MM
    x_steps = _steps(page_mm[0] - _EDGE_MM - width)
    for y in _steps(page_mm[1] - _EDGE_MM - height):
        for x in x_steps:
            across = max(0.0, x - more), min(page_mm[0], x + width + more)
            box = [round(side * DOTS_PER_MM) for side in (across[0], y, across[1], y + height)]
            darkest, _ = picture.crop((box[0], box[1], min(box[2], picture.width), box[3])).getextrema()
            if darkest == 255:
                return x + _AIR_MM, y + _AIR_MM
    return None


def _steps(last: float) -> list[float]:
    """From the far edge to the near one, half a millimetre a step."""
    count = int((last - _EDGE_MM) / 0.5)
    return [last - 0.5 * number for number in range(max(0, count + 1))]
