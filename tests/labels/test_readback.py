"""Every built-in label, size and resolution, printed as pixels at every sub-dot offset and read back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from labels import Code, render_bundle, render_sheets
from labels.geometry import Box
from labels.media import SUPPORTED_DPI
from labels.samples import samples, sheet_samples
from tests.labels.reading import LINEAR_FORMATS, OFFSETS, misread, opened, read_linear

EVERY_WAY = [(offset, one_bit) for offset in OFFSETS for one_bit in (False, True)]


@pytest.mark.parametrize("dpi", SUPPORTED_DPI)
@pytest.mark.parametrize("name", samples())
def test_every_symbol_reads_back(name: str, dpi: int) -> None:
    bundle = render_bundle(samples()[name], dpi=dpi)
    wrong: list[str] = []
    # The cards that test scanners and printers carry the same symbols in the same places on every page.
    read: set[tuple[Code, Box]] = set()
    with opened(bundle.pdf) as pages:
        for page, info in zip(pages, bundle.pages, strict=True):
            assert info.codes, "a label without a code cannot be worked with"
            for offset, one_bit in EVERY_WAY:
                wrong += misread(page, info, dpi, offset, one_bit=one_bit, but=read)
            read |= set(zip(info.codes, info.code_boxes, strict=True))
    assert not wrong


@pytest.mark.parametrize("dpi", SUPPORTED_DPI)
@pytest.mark.parametrize("name", sheet_samples())
def test_every_symbol_on_a_sheet_reads_back(name: str, dpi: int) -> None:
    """Cells stand on whole dots too; each sheet has one offset of its own at every resolution."""
    layout, labels = sheet_samples()[name]
    bundle = render_sheets(labels, layout, dpi=dpi)
    offset = OFFSETS[(len(labels) + dpi) % len(OFFSETS)]
    with opened(bundle.pdf) as [page]:
        assert len(bundle.pages[0].codes) >= layout.cells
        wrong = [
            each for one_bit in (False, True) for each in misread(page, bundle.pages[0], dpi, offset, one_bit=one_bit)
        ]
    assert not wrong


@pytest.mark.parametrize("name", samples())
def test_a_scanner_over_the_whole_page_finds_these_bars_and_no_others(name: str) -> None:
    bundle = render_bundle(samples()[name])
    with opened(bundle.pdf) as pages:
        for page, info in zip(pages, bundle.pages, strict=True):
            expected = Counter(
                (code.symbology, code.content) for code in info.codes if code.symbology in LINEAR_FORMATS
            )
            pixels = page.pixels(Box(0, 0, info.width_mm, info.height_mm), 203)
            assert read_linear(pixels, info.codes) == expected


def test_the_eyes_see_a_wrong_symbol() -> None:
    """The proof can fail: another content in the same place is told."""
    bundle = render_bundle(samples()["location-100x60"][:1])
    info = bundle.pages[0]
    with opened(bundle.pdf) as [page]:
        assert misread(page, info, 203, OFFSETS[0], one_bit=False) == []
        other = replace(info, codes=(Code("code128", "L-A-03-12-2-X"),))
        assert len(misread(page, other, 203, OFFSETS[0], one_bit=False)) == 1
        [(placed, _)] = info.placements
        moved = replace(info, placements=((placed, (0, -300)),))
        assert len(misread(page, moved, 203, OFFSETS[0], one_bit=False)) == 1
