"""The floor under label rendering: only what no way of making a label's page can leave out.

A bare loop encodes the symbols of a page, formats its operators and compresses them; there is no layout,
no measuring, no checking, no font and no document. `bench/labels.py` compares with it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import zxingcpp
from barcode.codex import Code128

_MATRICES = {
    "datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
    "gs1_datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
    "qr": zxingcpp.BarcodeFormat.QRCode,
    "gs1_qr": zxingcpp.BarcodeFormat.QRCode,
}


def page(codes: Sequence[tuple[str, str]], texts: Sequence[str]) -> bytes:
    """The compressed content stream of one page with these (symbology, content) and texts."""
    operators: list[str] = []
    for symbology, content in codes:
        operators += _matrix(symbology, content) if symbology in _MATRICES else [_bars(Code128(content).build()[0], 0)]
    operators += [
        f"BT /F1 {8 + place:.2f} Tf 1 0 0 1 {10.5 + place:.2f} {400.25 - 12 * place:.2f} Tm ({text}) Tj ET"
        for place, text in enumerate(texts)
    ]
    return zlib.compress("\n".join(operators).encode("latin-1", "replace"), 5)


def _matrix(symbology: str, content: str) -> list[str]:
    options = {"force_square": True} if "datamatrix" in symbology else {"ec_level": "M"}
    image = zxingcpp.create_barcode(content, _MATRICES[symbology], **options).to_image(1, False, False)
    height, width = image.shape
    pixels = bytes(memoryview(image))  # type: ignore[arg-type]
    return [
        _bars("".join("0" if value else "1" for value in pixels[row * width : (row + 1) * width]), row)
        for row in range(height)
    ]


def _bars(modules: str, row: int) -> str:
    rectangles, left = [], 0
    while left < len(modules):
        right = left
        while right < len(modules) and modules[right] == modules[left]:
            right += 1
        if modules[left] == "1":
            rectangles.append(f"{left} {row} {right - left} 1 re")
        left = right
    return "\n".join(rectangles)
