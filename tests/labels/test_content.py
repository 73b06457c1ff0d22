"""Contents of the single labels: what they derive, what stands in for what does not fit, where papers are cut."""

from __future__ import annotations

from dataclasses import replace

import pypdfium2
import pytest

from labels import (
    LAYOUTS,
    ContentsLine,
    CustomsLine,
    CustomsWaybillLabel,
    Label,
    LabelRefused,
    Manifest,
    ManifestLine,
    PackingSlip,
    PalletLabel,
    ProductLabel,
    Size,
    WaybillLabel,
    grouped,
    pages_of,
    render_bundle,
    render_sheets,
)
from labels.media import SIZE_100X150
from labels.samples import samples_of

PRODUCT = ProductLabel(barcode="100200345671", sku="TS-1")
MANIFEST = Manifest(number="M-1", barcode="M-1", carrier="A", lines=(ManifestLine(tracking_number="1"),))


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("9400111206206406260787", "94 0011 1206 2064 0626 0787"),
        ("YT2229521272164446", "YT 2229 5212 7216 4446"),
        ("JJD0003900079999", "JJD 0 0039 0007 9999"),
        ("LX123456785CN", "LX 123 456 785 CN"),
        ("1Z5R89390357567127", "1Z 5R89 3903 5756 7127"),
        ("123", "123"),
        ("ABC", "ABC"),
        ("1", "1"),
    ],
)
def test_numbers_are_grouped_for_reading_aloud(number: str, shown: str) -> None:
    assert grouped(number) == shown
    assert grouped(number).replace(" ", "") == number


def codes_of(label: Label) -> list[tuple[str, str]]:
    [page] = render_bundle([label]).pages
    return [(code.symbology, code.content) for code in page.codes]


def test_a_long_sku_code_falls_back_to_the_short_number_and_then_to_a_matrix() -> None:
    long = replace(PRODUCT, barcode="WH-SKU-2026-ABCDEF-00417")
    assert codes_of(replace(long, size=Size(100, 60), short_id="100417")) == [("code128", long.barcode)]
    assert codes_of(replace(long, short_id="100417")) == [("code128", "100417")]
    assert codes_of(long) == [("datamatrix", long.barcode)]
    assert codes_of(replace(long, size=Size(50, 30), short_id="ABCDEFGHIJKLMNOP")) == [("datamatrix", long.barcode)]


def test_a_retail_code_on_a_unit_has_no_fallback() -> None:
    case = replace(PRODUCT, barcode="10012345678902", symbology="itf14", size=Size(100, 60))
    assert codes_of(case) == [("itf14", "10012345678902")]
    with pytest.raises(LabelRefused) as refused:
        codes_of(replace(case, size=Size(60, 40)))
    assert (refused.value.code, refused.value.params["field"]) == ("code_does_not_fit", "barcode")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"sscc": "376130321109103421"}, "wrong_check_digit", "sscc"),
        ({"sscc": "37613032110910342"}, "bad_element_data", "sscc"),
        ({"elements": "(02)1"}, "bad_element_data", "elements"),
        ({"elements": "02095"}, "bad_element_string", "elements"),
    ],
)
def test_a_pallet_with_wrong_numbers_is_refused(changes: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        render_bundle([replace(PalletLabel(sscc="376130321109103420"), **changes)])
    assert (refused.value.code, refused.value.params["field"]) == (code, field)


def test_a_customs_form_takes_what_its_label_has_room_for() -> None:
    waybill = samples_of("waybill-customs", Size(100, 150))[0]
    assert isinstance(waybill, CustomsWaybillLabel)
    line = CustomsLine(description="A", quantity="1", weight="1", value="1")
    render_bundle([replace(waybill, lines=(line,) * 5)])
    with pytest.raises(LabelRefused) as refused:
        render_bundle([replace(waybill, lines=(line,) * 6)])
    assert (refused.value.code, refused.value.params["limit"]) == ("too_many_entries", 5)
    render_bundle([replace(waybill, size=Size(100, 180), lines=(line,) * 8)])


@pytest.mark.parametrize(("entries", "pages"), [(1, 1), (31, 1), (32, 2), (62, 2), (63, 3)])
def test_a_long_paper_is_cut_into_pages_and_loses_no_line(entries: int, pages: int) -> None:
    lines = tuple(ManifestLine(tracking_number=f"T{place}") for place in range(entries))
    cut = pages_of(replace(MANIFEST, lines=lines))
    assert [(page.page, page.pages) for page in cut if isinstance(page, Manifest)] == [
        (n + 1, pages) for n in range(pages)
    ]
    assert tuple(line for page in cut if isinstance(page, Manifest) for line in page.lines) == lines
    render_bundle(cut)


def test_a_packing_slip_adds_up_on_its_last_page_only() -> None:
    """Below the first dozen lines of three pages, a total reads as theirs."""
    [slip, *_] = samples_of("packing-slip", SIZE_100X150)
    assert isinstance(slip, PackingSlip)
    cut = pages_of(replace(slip, lines=slip.lines * 10, total="70"))
    assert len(cut) == 3
    document = pypdfium2.PdfDocument(render_bundle(cut).pdf)
    said = [page.get_textpage().get_text_range().split() for page in document]
    assert ["70" in words for words in said] == [False, False, True]
    assert all("SKU" in words for words in said), "headings stand on each"


def test_papers_and_labels_that_have_no_pages() -> None:
    assert pages_of(PRODUCT) == (PRODUCT,)
    with pytest.raises(LabelRefused, match="too_many_pages"):
        pages_of(replace(MANIFEST, lines=MANIFEST.lines * 1000 * 4))
    with pytest.raises(LabelRefused, match="too_many_entries"):
        render_bundle([replace(MANIFEST, lines=MANIFEST.lines * 32)])
    with pytest.raises(LabelRefused, match="bad_number_of_total"):
        render_bundle([replace(MANIFEST, page=3, pages=2)])


@pytest.mark.parametrize("contents", [[ContentsLine(sku="1", quantity="1")], (1,), ("a",), None])
def test_lists_of_other_things_are_refused(contents: object) -> None:
    carton = samples_of("carton", Size(100, 150))[0]
    with pytest.raises(LabelRefused) as refused:
        render_bundle([replace(carton, contents=contents)])  # type: ignore[call-arg]
    assert refused.value.code == "bad_entry"
    with pytest.raises(LabelRefused, match="bad_entry"):
        render_bundle([replace(carton, captions="none")])  # type: ignore[call-arg]


def test_sheets_start_where_one_was_used_before() -> None:
    layout = LAYOUTS["a4-24"]
    labels = [replace(PRODUCT, size=layout.cell)] * 24
    assert len(render_sheets(labels, layout).pages) == 1
    used = render_sheets(labels, layout, start=5)
    assert [len(page.codes) for page in used.pages] == [19, 5]
    assert used.pages[0].code_boxes[0].top > layout.corner(5)[1] - 0.1
    for start in (-1, 24, "1"):
        with pytest.raises(LabelRefused, match="bad_start"):
            render_sheets(labels, layout, start=start)  # type: ignore[arg-type]
    with pytest.raises(LabelRefused) as refused:
        render_sheets([labels[0], PRODUCT], layout)
    assert (refused.value.code, refused.value.params["label"]) == ("size_not_offered", 1)
    with pytest.raises(LabelRefused, match="too_many_pages"):
        render_sheets(labels * 101, layout)


def test_cells_of_a_sheet_stay_on_the_page_and_apart() -> None:
    for layout in LAYOUTS.values():
        corners = [layout.corner(cell) for cell in range(layout.cells)]
        assert len(set(corners)) == layout.cells
        for left, top in corners:
            assert 0 <= left <= layout.page.width_mm - layout.cell.width_mm + 0.01
            assert 0 <= top <= layout.page.height_mm - layout.cell.height_mm + 0.01
        assert layout.pitch_x_mm >= layout.cell.width_mm or layout.columns == 1
        assert layout.pitch_y_mm >= layout.cell.height_mm


def test_a_waybill_shows_the_text_it_is_given() -> None:
    given = WaybillLabel(
        service_name="A", carrier_code="B", tracking_number="1234567890", consignee_name="C", consignee_lines=("D",)
    )
    assert given.tracking_shown == "12 3456 7890"
    assert replace(given, tracking_text="1 2 3").tracking_shown == "1 2 3"
