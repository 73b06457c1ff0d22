"""Eyes for the tests: pages as pixels, and readers that did not write the symbols."""

from __future__ import annotations

import re
from collections import Counter

import cv2
import numpy as np
import pypdfium2
import pyrxing
import zxingcpp
from arbez_dmtx import decode as decode_datamatrix
from PIL import Image

from labels import Code, extract_page

Pixels = np.ndarray

_LINEAR_FORMATS = {
    "code128": zxingcpp.BarcodeFormat.Code128,
    "gs1_128": zxingcpp.BarcodeFormat.Code128,
    "ean13": zxingcpp.BarcodeFormat.EAN13,
    "ean8": zxingcpp.BarcodeFormat.EAN8,
    "upca": zxingcpp.BarcodeFormat.UPCA,
    "itf14": zxingcpp.BarcodeFormat.ITF,
    "code39": zxingcpp.BarcodeFormat.Code39,
}


def page_pixels(pdf: bytes, page: int, dpi: int) -> Pixels:
    """A page as an antialiased grey image with one pixel per printer dot, rows from the top."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        image = document[page].render(scale=dpi / 72, grayscale=True).to_numpy()
        return np.ascontiguousarray(image.reshape(image.shape[0], image.shape[1]))
    finally:
        document.close()


def one_bit(pixels: Pixels) -> Pixels:
    """What a thermal head does: a dot burns or it does not."""
    return np.where(pixels < 128, 0, 255).astype(np.uint8)


def read_linear(pixels: Pixels, codes: tuple[Code, ...]) -> Counter[tuple[str, str]]:
    """The expected linear symbologies, found on the whole page by zxing-cpp."""
    found: Counter[tuple[str, str]] = Counter()
    for symbology in {code.symbology for code in codes if code.symbology in _LINEAR_FORMATS}:
        formats = zxingcpp.BarcodeFormats([_LINEAR_FORMATS[symbology]])
        for symbol in zxingcpp.read_barcodes(pixels, formats=formats):
            text = symbol.text
            found[(symbology, text)] += 1
    return found


def read_matrix(pixels: Pixels, symbology: str) -> list[str]:
    """DataMatrix by libdmtx, QR by OpenCV; zxing-cpp, which drew them, only says where they stand."""
    wanted = zxingcpp.BarcodeFormat.QRCode if symbology == "qr" else zxingcpp.BarcodeFormat.DataMatrix
    texts = []
    for symbol in zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormats([wanted])):
        crop = _around(pixels, symbol.position)
        if symbology == "qr":
            texts.append(cv2.QRCodeDetector().detectAndDecode(crop)[0])
        else:
            texts += [each.data.decode("ascii") for each in decode_datamatrix(crop, max_count=1, timeout=2000)]
    return texts


def read_gs1(pixels: Pixels) -> str:
    """A GS1 matrix by rxing: its characters, the separator as GS. In QR it repeats GS and leaves the '%' that the
    symbol writes for it, and a '%' of the data is written twice."""
    [symbol] = pyrxing.read_barcodes(Image.fromarray(pixels))
    return re.sub("\x1d+%", "\x1d", symbol.text.replace("%%", "%"))


def _around(pixels: Pixels, position: zxingcpp.Position) -> Pixels:
    corners = [position.top_left, position.top_right, position.bottom_left, position.bottom_right]
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    margin = max(6, (max(xs) - min(xs)) // 12)
    crop = pixels[max(0, min(ys) - margin) : max(ys) + margin, max(0, min(xs) - margin) : max(xs) + margin]
    # White around the symbol, so that rules outside its quiet zone are not part of the picture.
    crop = cv2.copyMakeBorder(crop, 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=255)
    return np.ascontiguousarray(cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR))


def single_page(pdf: bytes, page: int) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(extract_page(pdf, page))
