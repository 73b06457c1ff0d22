"""Every built-in label, size and resolution, printed as pixels and read back."""

from __future__ import annotations

from collections import Counter

import pytest

from labels import Bundle, render_bundle
from labels.media import SUPPORTED_DPI
from labels.samples import samples
from tests.labels.reading import Pixels, one_bit, page_pixels, read_linear, read_matrix

MATRICES = ("datamatrix", "qr")
CASES = [(name, dpi) for name in samples() for dpi in SUPPORTED_DPI]


def check_page(pixels: Pixels, bundle: Bundle, page: int) -> None:
    codes = bundle.pages[page].codes
    assert codes, "a label without a code cannot be worked with"
    expected = Counter((code.symbology, code.content) for code in codes if code.symbology not in MATRICES)
    assert read_linear(pixels, codes) == expected
    for symbology in MATRICES:
        wanted = sorted(code.content for code in codes if code.symbology == symbology)
        if wanted:
            assert sorted(read_matrix(pixels, symbology)) == wanted


@pytest.mark.parametrize(("name", "dpi"), CASES)
def test_every_symbol_reads_back(name: str, dpi: int) -> None:
    bundle = render_bundle(samples()[name], dpi=dpi)
    for page in range(len(bundle.pages)):
        pixels = page_pixels(bundle.pdf, page, dpi)
        check_page(pixels, bundle, page)
        check_page(one_bit(pixels), bundle, page)
