"""The floor under label rendering: only what no way of making a waybill PDF can leave out.

A bare loop encodes the two symbols of a page, formats its operators and compresses them; there is
no layout, no measuring, no checking, no font and no document. `bench/labels.py` compares with it.
"""

from __future__ import annotations

import time
import zlib

import zxingcpp
from barcode.codex import Code128


def page(number: str, texts: tuple[str, ...]) -> bytes:
    """The compressed content stream of one page."""
    modules = Code128(number).build()[0]
    matrix = zxingcpp.create_barcode(number, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
    image = matrix.to_image(1, False, False)
    height, width = image.shape
    rows = bytes(memoryview(image))  # type: ignore[arg-type]
    operators = [_bars(modules, 0)]
    operators += [
        _bars("".join("0" if value else "1" for value in rows[row * width : (row + 1) * width]), row)
        for row in range(height)
    ]
    operators += [
        f"BT /F1 {8 + place:.2f} Tf 1 0 0 1 {10.5 + place:.2f} {400.25 - 12 * place:.2f} Tm ({text}) Tj ET"
        for place, text in enumerate(texts)
    ]
    return zlib.compress("\n".join(operators).encode("latin-1"), 5)


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


def pages_per_second(numbers: list[str], texts: tuple[str, ...], rounds: int = 5) -> float:
    """The best of several rounds over all numbers."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for number in numbers:
            page(number, texts)
        best = min(best, time.perf_counter() - started)
    return len(numbers) / best
