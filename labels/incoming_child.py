"""The child of `incoming`: reads one stranger's PDF under limits, and ends.

It is started by its path and imports nothing of this package, so that it starts quickly. On standard input:
a line of JSON, then the file; on standard output: a line of JSON, then the normalised file.
"""

from __future__ import annotations

import json
import sys
from io import BytesIO
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import zxingcpp

MEMORY_BYTES = 1_500_000_000
MOST_PIXELS = 40_000_000
LARGEST_OUTPUT = 50_000_000
READING_DPI = 300
POINTS_PER_MM = 72 / 25.4


class RefusedError(Exception):
    """What is wrong with the file, as `LabelRefused` says it."""

    def __init__(self, code: str, **params: str | int | float) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def main() -> int:
    order = json.loads(sys.stdin.buffer.readline())
    _limit(int(order["seconds"]) + 1)
    pdf = sys.stdin.buffer.read(order["bytes"])
    try:
        answer, normal = _normalised(pdf, order)
    except RefusedError as refused:
        answer, normal = {"refused": refused.code, "params": refused.params}, b""
    except MemoryError:
        answer, normal = {"refused": "pdf_too_demanding", "params": {}}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode("ascii") + b"\n" + normal)
    return 0


def _limit(seconds: int) -> None:
    """Memory, processor time, and no file to write to, for the rest of this process's life."""
    try:
        import resource
    except ImportError:
        return
    for name, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64),
    ):  # fmt: skip
        resource.setrlimit(name, (limit, limit))


def _normalised(pdf: bytes, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    source = _opened(pdf)
    if len(source) != order["pages"]:
        raise RefusedError("wrong_pages", pages=len(source), expected=order["pages"])
    target = pypdfium2.PdfDocument.new()
    codes = []
    for number in range(len(source)):
        page = _upright_page(source, number, target, order)
        codes.append(_codes_on(page))
    written = BytesIO()
    target.save(written)
    if written.tell() > LARGEST_OUTPUT:
        raise RefusedError("pdf_too_demanding", bytes=written.tell())
    return {"codes": codes}, written.getvalue()


def _opened(pdf: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as reason:
        if pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD or "password" in str(reason).lower():
            raise RefusedError("pdf_encrypted") from reason
        raise RefusedError("pdf_broken") from reason


def _upright_page(
    source: pypdfium2.PdfDocument, number: int, target: pypdfium2.PdfDocument, order: dict[str, Any]
) -> pypdfium2.PdfPage:
    """A new page of exactly the declared size with the drawing of the old one, unscaled, its rotation done."""
    try:
        old = source[number]
        turned = old.get_rotation()
        left, bottom, right, top = _visible_box(old)
        # What is only an annotation would be lost: it becomes part of the drawing.
        pdfium.FPDFPage_Flatten(old.raw, pdfium.FLAT_PRINT)
        # PDFium would turn the drawing by /Rotate about another point than ours.
        old.set_rotation(0)
        drawing = source.page_as_xobject(number, target)
    except pypdfium2.PdfiumError as reason:
        raise RefusedError("pdf_broken", page=number + 1) from reason
    turned = (turned + _turn_for(order, right - left, top - bottom, turned, number)) % 360
    width, height = order["width_mm"] * POINTS_PER_MM, order["height_mm"] * POINTS_PER_MM
    page = target.new_page(width, height)
    placed = drawing.as_pageobject()
    # The middle of the old page goes to the origin, is turned clockwise there, and then to the middle of the new one.
    matrix = pypdfium2.PdfMatrix().translate(-(left + right) / 2, -(bottom + top) / 2)
    placed.set_matrix(matrix.rotate(turned).translate(width / 2, height / 2))
    page.insert_obj(placed)
    page.gen_content()
    return page


def _visible_box(page: pypdfium2.PdfPage) -> tuple[float, float, float, float]:
    """The part of the paper that a viewer shows, before /Rotate: the crop box within the media box."""
    media, crop = page.get_mediabox(), page.get_cropbox()
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return (left, bottom, right, top) if right > left and top > bottom else media


def _turn_for(order: dict[str, Any], width: float, height: float, turned: int, number: int) -> int:
    """How much more a page must be turned to fit the medium: 0 or 90 degrees."""
    width_mm, height_mm = width / POINTS_PER_MM, height / POINTS_PER_MM
    if turned % 180:
        width_mm, height_mm = height_mm, width_mm
    wanted, tolerance = (order["width_mm"], order["height_mm"]), order["tolerance_mm"] + 0.01
    if abs(width_mm - wanted[0]) <= tolerance and abs(height_mm - wanted[1]) <= tolerance:
        return 0
    if abs(height_mm - wanted[0]) <= tolerance and abs(width_mm - wanted[1]) <= tolerance:
        return 90
    raise RefusedError(
        "wrong_size", page=number + 1, width_mm=round(width_mm, 1), height_mm=round(height_mm, 1),
        expected=f"{wanted[0]:g}x{wanted[1]:g}",
    )  # fmt: skip


def _codes_on(page: pypdfium2.PdfPage) -> list[tuple[str, str]]:
    """What can be read on a page, as it will be printed."""
    pixels = page.get_width() * page.get_height() * (READING_DPI / 72) ** 2
    scale = READING_DPI / 72 * min(1.0, (MOST_PIXELS / pixels) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    view = memoryview(bitmap.buffer).cast("B")
    # Its stubs ask for an array of numpy, which a running system need not have.
    image = zxingcpp.ImageView(view, bitmap.width, bitmap.height, zxingcpp.ImageFormat.Lum, bitmap.stride, 1)  # type: ignore[arg-type]
    found = zxingcpp.read_barcodes(image)
    return [(_NAMES.get(symbol.format, str(symbol.format)), symbol.text) for symbol in found]


_FORMAT = zxingcpp.BarcodeFormat
_NAMES = {
    _FORMAT.Code128: "code128", _FORMAT.EAN13: "ean13", _FORMAT.EAN8: "ean8", _FORMAT.UPCA: "upca",
    _FORMAT.ITF: "itf14", _FORMAT.Code39: "code39", _FORMAT.DataMatrix: "datamatrix", _FORMAT.QRCode: "qr",
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
