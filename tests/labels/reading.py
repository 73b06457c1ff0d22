"""Eyes for the tests: pages as pixels, and readers that did not write the symbols."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Set
from contextlib import contextmanager

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pyrxing
import zxingcpp
from arbez_dmtx import decode as decode_datamatrix
from PIL import Image

from labels import Code, PageInfo, extract_page
from labels.geometry import Box
from labels.gs1 import element_string, parse_elements

Pixels = np.ndarray

LINEAR_FORMATS = {
    "code128": zxingcpp.BarcodeFormat.Code128,
    "gs1_128": zxingcpp.BarcodeFormat.Code128,
    "ean13": zxingcpp.BarcodeFormat.EAN13,
    "ean8": zxingcpp.BarcodeFormat.EAN8,
    "upca": zxingcpp.BarcodeFormat.UPCA,
    "itf14": zxingcpp.BarcodeFormat.ITF,
    "code39": zxingcpp.BarcodeFormat.Code39Std,
}
# A raster that begins anywhere between two dots: x and y take every eighth.
OFFSETS = tuple((place / 8, place * 3 % 8 / 8) for place in range(8))
# Bars are read across a strip of their middle.
_STRIP_MM = 2.5


class Page:
    """One page of a PDF, any part of which can be rendered at any resolution and sub-dot offset."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._page = page

    def pixels(self, box: Box, dpi: int, offset: tuple[float, float] = (0, 0), *, one_bit: bool = False) -> Pixels:
        """The pixels of a box, one per printer dot; antialiased, or each burnt or not."""
        scale = dpi / 25.4
        left, top = int(box.left * scale), int(box.top * scale)
        width, height = int(np.ceil(box.right * scale)) - left + 1, int(np.ceil(box.bottom * scale)) - top + 1
        image = np.full((height, width), 255, dtype=np.uint8)
        memory = image.ctypes.data_as(ctypes.c_void_p)
        bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, memory, width)
        points = dpi / 72
        matrix = pdfium.FS_MATRIX(points, 0, 0, points, offset[0] - left, offset[1] - top)
        clip = pdfium.FS_RECTF(0, 0, width, height)
        pdfium.FPDF_RenderPageBitmapWithMatrix(bitmap, self._page.raw, matrix, clip, 0)
        pdfium.FPDFBitmap_Destroy(bitmap)
        return one_bit_of(image) if one_bit else image


@contextmanager
def opened(pdf: bytes) -> Iterator[list[Page]]:
    document = pypdfium2.PdfDocument(pdf)
    pages = [document[place] for place in range(len(document))]
    try:
        yield [Page(page) for page in pages]
    finally:
        for page in pages:
            page.close()
        document.close()


def page_pixels(pdf: bytes, page: int, dpi: int) -> Pixels:
    """A page as an antialiased grey image with one pixel per printer dot, rows from the top."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        image = document[page].render(scale=dpi / 72, grayscale=True).to_numpy()
        return np.ascontiguousarray(image.reshape(image.shape[0], image.shape[1]))
    finally:
        document.close()


def one_bit_of(pixels: Pixels) -> Pixels:
    """What a thermal head does: a dot burns or it does not."""
    return np.where(pixels < 128, 0, 255).astype(np.uint8)


def read_linear(pixels: Pixels, codes: tuple[Code, ...]) -> Counter[tuple[str, str]]:
    """The expected linear symbologies, found on the whole page by zxing-cpp."""
    found: Counter[tuple[str, str]] = Counter()
    wanted = {code.symbology for code in codes if code.symbology in LINEAR_FORMATS}
    formats = zxingcpp.BarcodeFormats([LINEAR_FORMATS[symbology] for symbology in wanted]) if wanted else None
    for symbol in zxingcpp.read_barcodes(pixels, formats=formats, try_downscale=False) if formats else ():
        found[_linear_name(symbol), symbol.text] += 1
    return found


def _linear_name(symbol: zxingcpp.Barcode) -> str:
    if symbol.format == zxingcpp.BarcodeFormat.Code128:
        return "gs1_128" if symbol.symbology_identifier == "]C1" else "code128"
    return next(name for name, known in LINEAR_FORMATS.items() if known == symbol.format)


def read_code(page: Page, code: Code, box: Box, dpi: int, offset: tuple[float, float], *, one_bit: bool) -> str | None:
    """What a reader that did not draw it makes of one symbol in its place; None when it sees nothing."""
    if code.symbology in LINEAR_FORMATS:
        strip = Box(box.left, box.top + box.height / 2 - _STRIP_MM / 2, box.width, _STRIP_MM)
        pixels = page.pixels(strip, dpi, offset, one_bit=one_bit)
        return read_bars(pixels, code.symbology)
    pixels = page.pixels(box, dpi, offset, one_bit=one_bit)
    # White around the symbol: a picture of it, not of the page.
    pixels = cv2.copyMakeBorder(pixels, 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=255)
    return read_matrix(pixels, code.symbology)


def read_bars(pixels: Pixels, symbology: str) -> str | None:
    formats = zxingcpp.BarcodeFormats([LINEAR_FORMATS[symbology]])
    # Of a copy scaled down zxing-cpp can read bars that are not there beside those that are.
    found = zxingcpp.read_barcodes(pixels, formats=formats, try_rotate=False, try_invert=False, try_downscale=False)
    if len(found) != 1 or (symbology == "gs1_128") != (found[0].symbology_identifier == "]C1"):
        return None
    # Its text shows control characters by their names; the bytes are what a scanner sends.
    text = found[0].bytes.decode("ascii") if symbology == "code128" else found[0].text
    return text.removeprefix("0") if symbology == "upca" and len(text) == 13 else text


def read_matrix(pixels: Pixels, symbology: str) -> str | None:
    """DataMatrix by libdmtx, QR by OpenCV or rxing, their GS1 kinds by rxing; none of them drew the symbol."""
    if symbology.startswith("gs1"):
        return read_gs1(pixels)
    if symbology == "datamatrix":
        found = decode_datamatrix(np.ascontiguousarray(np.dstack([pixels] * 3)), max_count=1, timeout=3000)
        return found[0].data.decode("ascii") if found else None
    # OpenCV looks for a photographed symbol and now and then does not see a small perfect one.
    return cv2.QRCodeDetector().detectAndDecode(pixels)[0] or read_gs1(pixels)


def read_gs1(pixels: Pixels) -> str | None:
    """A GS1 matrix by rxing: its characters, the separator as GS. In QR it repeats GS and leaves the '%' that the
    symbol writes for it, and a '%' of the data is written twice."""
    found = pyrxing.read_barcodes(Image.fromarray(pixels))
    return re.sub("\x1d+%", "\x1d", found[0].text.replace("%%", "%")) if found else None


def expected_text(code: Code) -> str:
    """What a reader gives for a content: element strings of GS1 matrices come as they are carried."""
    if code.symbology in ("gs1_qr", "gs1_datamatrix"):
        return element_string(parse_elements(code.content), separator="\x1d")
    return code.content


def misread(
    page: Page,
    info: PageInfo,
    dpi: int,
    offset: tuple[float, float],
    *,
    one_bit: bool,
    but: Set[tuple[Code, Box]] = frozenset(),
) -> list[str]:
    """The symbols of a page that do not read as they should; those of its fellows need not be read again."""
    wrong = []
    for code, box in zip(info.codes, info.code_boxes, strict=True):
        if (code, box) in but:
            continue
        read = read_code(page, code, box, dpi, offset, one_bit=one_bit)
        if read != expected_text(code):
            wrong.append(
                f"{code.symbology} {code.content!r} read as {read!r} at {dpi} dpi, {offset}, one_bit={one_bit}"
            )
    return wrong


def single_page(pdf: bytes, page: int) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(extract_page(pdf, page))
