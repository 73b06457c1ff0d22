"""Whole dots, full quiet zones, or nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labels import LabelRefused, LocationLabel, ProductLabel, WaybillLabel, render_bundle
from labels.geometry import Box
from labels.media import SIZE_50X30, SIZE_60X40, Resolution, Size
from labels.placement import Placement, place
from labels.samples import samples
from tests.labels.reading import one_bit_of, page_pixels

PRINTER = Resolution(203)


def test_three_dots_then_two_then_the_fallback_then_a_refusal() -> None:
    content = "SKU-ABCDEF-XY"
    wide = place("code128", content, Box(0, 0, 100, 20), PRINTER)
    narrow = place("code128", content, Box(0, 0, 60, 20), PRINTER)
    assert (wide.dots_per_module, narrow.dots_per_module) == (3, 2)
    square = place("code128", content, Box(0, 0, 40, 20), PRINTER, fallbacks=[("code128", ""), ("datamatrix", content)])
    assert square.symbol.symbology == "datamatrix"
    short = place(
        "code128", content, Box(0, 0, 40, 20), PRINTER, fallbacks=[("code128", "100417"), ("datamatrix", content)]
    )
    assert (short.symbol.symbology, short.symbol.content) == ("code128", "100417")
    with pytest.raises(LabelRefused) as refused:
        place("code128", content, Box(0, 0, 40, 20), PRINTER)
    assert refused.value.code == "code_does_not_fit"
    assert float(refused.value.params["needed_width_mm"]) > 40


def test_too_long_for_bars_is_a_matter_of_room_too() -> None:
    content = "A" * 120
    placed = place("code128", content, Box(0, 0, 100, 40), PRINTER, fallbacks=[("datamatrix", content)])
    assert placed.symbol.symbology == "datamatrix"
    with pytest.raises(LabelRefused, match="too_long"):
        place("code128", content, Box(0, 0, 100, 40), PRINTER)
    with pytest.raises(LabelRefused, match="too_long"):
        place("code128", content, Box(0, 0, 8, 40), PRINTER, fallbacks=[("datamatrix", content)])


def test_ten_millimetres_hold_neither_bars_nor_matrix() -> None:
    with pytest.raises(LabelRefused, match="code_does_not_fit"):
        place("code128", "A" * 60, Box(0, 0, 10, 10), PRINTER, fallbacks=[("datamatrix", "A" * 60)])


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["code128", "datamatrix", "qr"]),
    st.text("ABC-123", min_size=1, max_size=30),
    st.floats(0, 5),
    st.floats(0, 5),
    st.floats(1, 120),
    st.floats(1, 40),
    st.sampled_from([203, 300, 600]),
)
def test_what_is_placed_keeps_its_quiet_zone_inside_the_box(
    symbology: str, content: str, left: float, top: float, width: float, height: float, dpi: int
) -> None:
    resolution, box = Resolution(dpi), Box(left, top, width, height)
    try:
        placed = place(symbology, content, box, resolution)
    except LabelRefused:
        # A square of less than 15 mm, or less than 30 mm across, may well be too small.
        assume(False)
    assert placed.dots_per_module >= 2
    assert placed.dots_per_module * resolution.dot_mm >= 0.249
    _assert_inside(placed, box, resolution)


def _assert_inside(placed: Placement, box: Box, resolution: Resolution) -> None:
    symbol, dots, slack = placed.symbol, placed.dots_per_module, 1e-6
    first = (placed.left - symbol.quiet_left * dots) * resolution.dot_mm
    last = (placed.left + (symbol.width + symbol.quiet_right) * dots) * resolution.dot_mm
    assert box.left - slack <= first
    assert last <= box.right + slack
    above = symbol.quiet_left * dots if symbol.is_matrix else 0
    assert box.top - slack <= (placed.top - above) * resolution.dot_mm
    assert (placed.top + placed.height + above) * resolution.dot_mm <= box.bottom + slack


def test_bars_are_printed_on_whole_dots() -> None:
    """Every dark run in the bars of a printed page is a multiple of the module, in dots."""
    label = LocationLabel(code="A-03", barcode="L-A-03-12-2-K", size=SIZE_60X40)
    pixels = one_bit_of(page_pixels(render_bundle([label]).pdf, 0, 203))
    row = pixels[round(26 / 25.4 * 203)]
    edges = np.flatnonzero(np.diff(row.astype(int)))
    runs = np.diff(edges)
    assert len(runs) > 40
    assert set(runs % 2) == {0}, "two dots a module"


def test_a_waybill_without_room_for_its_bars_is_refused_with_the_field() -> None:
    [label] = [each for each in samples()["waybill-100x150"][:1] if isinstance(each, WaybillLabel)]
    long = WaybillLabel(
        service_name="A",
        carrier_code="B",
        tracking_number="X" * 48,
        consignee_name="C",
        consignee_lines=("D",),
    )
    with pytest.raises(LabelRefused) as refused:
        render_bundle([label, long])
    assert refused.value.code == "code_does_not_fit"
    assert (refused.value.params["field"], refused.value.params["label"]) == ("tracking_number", 1)


def test_a_retail_code_has_no_fallback() -> None:
    """A till reads EAN; another symbol in its place would be no help."""
    label = ProductLabel(barcode="6901234567892", symbology="ean13", sku="1", size=SIZE_50X30)
    [page] = render_bundle([label]).pages
    assert [code.symbology for code in page.codes] == ["ean13"]


@pytest.mark.parametrize("width", [0, -1, float("nan"), float("inf"), 19.9, 300.1, "60", None, True])
def test_sizes_that_are_none(width: object) -> None:
    with pytest.raises(LabelRefused) as refused:
        Size(width, 40)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.params["field"]) == ("bad_size", "size.width_mm")


@pytest.mark.parametrize("dpi", [0, -203, 204, 72])
def test_resolutions_without_proof(dpi: int) -> None:
    with pytest.raises(LabelRefused, match="bad_dpi"):
        Resolution(dpi)
