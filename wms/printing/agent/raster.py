"""A page as dots: PDF to black and white at the printer's resolution, and dots to the languages of label printers."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from itertools import groupby

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageOps

MM_PER_INCH = 25.4
POINTS_PER_MM = 72 / MM_PER_INCH
SIZE_TOLERANCE_MM = 1.0
MOST_PAGES = 100
_ONE_AT_A_TIME = threading.Lock()  # PDFium is not thread-safe, and each printer has a thread


class WrongPage(ValueError):
    """The file is not what the printer's medium wants: its size, its number of pages, or no PDF at all."""


@dataclass(frozen=True)
class Dots:
    """One page. Rows of `row_bytes` bytes from the top, the leftmost dot in the highest bit, 1 is black."""

    width: int
    height: int
    row_bytes: int
    bits: bytes


def check_pages(pdf: bytes, width_mm: float, height_mm: float) -> int:
    """The number of pages; WrongPage unless each has the medium's size."""
    with _ONE_AT_A_TIME, _opened(pdf) as document:
        for number in range(len(document)):
            found = [side / POINTS_PER_MM for side in document[number].get_size()]
            if any(
                abs(one - other) > SIZE_TOLERANCE_MM for one, other in zip(found, (width_mm, height_mm), strict=True)
            ):
                raise WrongPage(f"page {number + 1} is {found[0]:.1f}×{found[1]:.1f} mm")
        return len(document)


def pages_as_dots(pdf: bytes, dpi: int) -> list[Dots]:
    """Every page at `dpi`, cut at half grey: bars that stand on whole dots stay exactly as wide."""
    with _ONE_AT_A_TIME, _opened(pdf) as document:
        return [_dots(document[number], dpi) for number in range(len(document))]


def _opened(pdf: bytes) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as fault:
        raise WrongPage("no PDF") from fault
    if not 1 <= len(document) <= MOST_PAGES:
        raise WrongPage(f"{len(document)} pages")
    return document


def _dots(page: pypdfium2.PdfPage, dpi: int) -> Dots:
    grey = _grey(page, dpi)
    black = ImageOps.invert(grey).point(lambda shade: 255 if shade > 127 else 0).convert("1", dither=Image.Dither.NONE)
    return Dots(black.width, black.height, (black.width + 7) // 8, black.tobytes())


def _grey(page: pypdfium2.PdfPage, dpi: int) -> Image.Image:
    """A page with one pixel a dot, exactly: fitted to whole pixels it would be stretched by up to one dot in its width, and
    some bars with it.
    """
    width, height = (round(side * dpi / 72) for side in page.get_size())
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    matrix = pdfium.FS_MATRIX(dpi / 72, 0, 0, dpi / 72, 0, 0)
    pdfium.FPDF_RenderPageBitmapWithMatrix(bitmap, page, matrix, pdfium.FS_RECTF(0, 0, width, height), 0)
    picture: Image.Image = bitmap.to_pil().convert("L")
    bitmap.close()
    return picture


def as_zpl(pages: list[Dots], name: str) -> bytes:
    """A ZPL format for each page: `^GFA` with its run lengths. The name travels as a comment."""
    return b"".join(
        b"^XA^FX %b^FS^PW%d^LL%d^LH0,0^FO0,0^GFA,%d,%d,%d,%b^FS^XZ\n"
        % (name.encode("ascii"), page.width, page.height, len(page.bits), len(page.bits), page.row_bytes, _runs(page))
        for page in pages
    )


def _runs(page: Dots) -> bytes:
    """Hexadecimal with ZPL's compression: letters repeat a digit, a comma ends a row in white, a colon repeats one."""
    rows, before = [], None
    for start in range(0, len(page.bits), page.row_bytes):
        row = page.bits[start : start + page.row_bytes].hex().upper()
        rows.append(":" if row == before else _row(row))
        before = row
    return "".join(rows).encode("ascii")


_WHITE_END = re.compile("0+$")


def _row(digits: str) -> str:
    short = _WHITE_END.sub("", digits)
    packed = "".join(_repeat(digit, len(list(run))) for digit, run in groupby(short))
    return packed + "," if len(short) < len(digits) else packed


def _repeat(digit: str, times: int) -> str:
    if times < 3:
        return digit * times
    count, rest = "", times
    while rest >= 420:
        count, rest = count + "z", rest - 400
    if rest >= 20:
        count, rest = count + chr(ord("f") + rest // 20), rest % 20
    return count + (chr(ord("F") + rest) if rest else "") + digit


def as_tspl(pages: list[Dots], name: str, width_mm: float, height_mm: float) -> bytes:
    """A TSPL page for each: `BITMAP` has black as 0. The name travels as a remark."""
    white = bytes.maketrans(bytes(range(256)), bytes(255 - value for value in range(256)))
    return b"".join(
        b"REM %b\r\nSIZE %.2f mm,%.2f mm\r\nCLS\r\nBITMAP 0,0,%d,%d,0,%b\r\nPRINT 1,1\r\n"
        % (name.encode("ascii"), width_mm, height_mm, page.row_bytes, page.height, page.bits.translate(white))
        for page in pages
    )
