"""Text: refused when it cannot be drawn, visible when it can, fitted without lies."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels import (
    CartonLabel,
    ContentsLine,
    LabelRefused,
    LocationLabel,
    ProductLabel,
    WaybillCaptions,
    WaybillLabel,
    missing_glyphs,
    render_bundle,
)
from labels.media import SIZE_60X40, SIZE_70X50
from labels.textfit import fit, wrap
from labels.typeface import ELLIPSIS, drawable, drawable_in_font, width_em, with_narrow_quotes
from tests.labels.reading import Pixels, page_pixels

WAYBILL = WaybillLabel(
    service_name="Standard",
    carrier_code="SD",
    tracking_number="YT2229521272164446",
    consignee_name="王*明",
    consignee_lines=("文三路 1 号",),
)


def test_missing_glyphs_are_found_with_their_positions() -> None:
    assert missing_glyphs("王小明 Müller, Łódź, Ελλάς, Москва №5 ¥€") == []
    assert missing_glyphs("A\U0001f600B\u0e01") == [(1, "\U0001f600"), (3, "\u0e01")]
    assert missing_glyphs("\u05d0") == [(0, "\u05d0")], "right-to-left letters are not laid out"
    assert missing_glyphs("x\u0301") == [(1, "\u0301")], "a combining mark would float"
    assert missing_glyphs("Mu\u0308 \U0001f600 e\u0301\U0001f600") == [(4, "\U0001f600"), (8, "\U0001f600")]
    assert missing_glyphs("m\u1e83w\u0301") == [], "as one letter and in pieces"
    assert missing_glyphs("\u1e0aD\u0307") == [(0, "\u1e0a"), (1, "\u1e0a")], "whole or not, the font has none"
    assert missing_glyphs("a\u200bb") == [(1, "\u200b")]


def test_the_table_of_glyphs_is_true() -> None:
    """`typeface.write_coverage()` makes it again after a change of font."""
    assert drawable() == drawable_in_font()


def test_asking_for_glyphs_does_not_read_the_font() -> None:
    program = (
        "from labels.typeface import missing_glyphs, typeface; missing_glyphs('王小明');"
        "raise SystemExit(typeface.cache_info().currsize)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize(
    ("label", "field", "position"),
    [
        (replace(WAYBILL, consignee_name="王\U0001f600明"), "consignee_name", 1),
        (replace(WAYBILL, consignee_lines=("abc", "de\U0001f600")), "consignee_lines[1]", 2),
        (replace(WAYBILL, captions=WaybillCaptions(ship_to="\U0001f600")), "captions.ship_to", 0),
        (ProductLabel(barcode="1", sku="1", name="x" * 250 + "\U0001f600"), "name", 250),
        (
            CartonLabel(
                destination="A",
                booking_number="B",
                box_barcode="C",
                seller_code="D",
                contents=(ContentsLine(sku="A", quantity="1"), ContentsLine(sku="A\U0001f600", quantity="1")),
            ),
            "contents[1].sku",
            1,
        ),
    ],
)
def test_a_missing_glyph_is_refused_where_it_stands(label: WaybillLabel, field: str, position: int) -> None:
    with pytest.raises(LabelRefused) as refused:
        render_bundle([WAYBILL, label])
    assert refused.value.code == "missing_glyph"
    assert refused.value.params == {
        "label": 1,
        "field": field,
        "position": position,
        "character": "\U0001f600",
    }


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"consignee_name": ""}, "empty", "consignee_name"),
        ({"consignee_name": "   "}, "empty", "consignee_name"),
        ({"consignee_lines": ()}, "empty", "consignee_lines"),
        ({"consignee_lines": ("a",) * 7}, "too_many_entries", "consignee_lines"),
        ({"consignee_lines": "Main Street"}, "not_text", "consignee_lines"),
        ({"service_name": "A" * 41}, "too_long", "service_name"),
        ({"weight": "1\n2"}, "control_character", "weight"),
        ({"weight": "1\x002"}, "control_character", "weight"),
        ({"weight": 1.5}, "not_text", "weight"),
        ({"weight": None}, "not_text", "weight"),
        ({"number": 0}, "bad_count", "number"),
        ({"number": float("nan")}, "bad_count", "number"),
        ({"total": 10_000}, "bad_count", "total"),
        ({"number": 3, "total": 2}, "bad_number_of_total", "number"),
        ({"matrix": "aztec"}, "bad_choice", "matrix"),
        ({"tracking_number": "库位"}, "bad_characters", "tracking_number"),
    ],
)
def test_bad_contents_name_their_field(changes: dict[str, object], code: str, field: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        render_bundle([replace(WAYBILL, **changes)])  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.params["field"]) == (code, field)


def test_a_bad_arrow_is_refused() -> None:
    with pytest.raises(LabelRefused, match="bad_choice"):
        render_bundle([LocationLabel(code="A", barcode="A", arrow="sideways")])  # type: ignore[arg-type]


def _name_pixels(name: str) -> Pixels:
    """The strip of a product label where only its name is printed, as black and white."""
    label = ProductLabel(barcode="1", sku="1", name=name, size=SIZE_70X50)
    pixels = page_pixels(render_bundle([label]).pdf, 0, 300)
    height = len(pixels)
    return pixels[int(height * 0.625) : int(height * 0.77)] < 128


def test_chinese_is_ink_on_the_page() -> None:
    assert not _name_pixels("").any(), "the strip holds nothing but the name"
    shapes = [_name_pixels(character) for character in "保税仓库"]
    for shape in shapes:
        # A glyph of about 14 pt at 300 dpi: an empty box or a dot would be far below this.
        assert shape.sum() > 200
    for place, shape in enumerate(shapes):
        assert all(not np.array_equal(shape, other) for other in shapes[place + 1 :])


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("1 rue de l’Étoile", "1 rue de l'Étoile"), ("O’Neill", "O'Neill"), ("“Mug”, ‘blue’", "\"Mug\", 'blue'"),
        ("Đ’Єва", "Đ'Єва"), ("保税“仓库”", "保税“仓库”"), ("他说“OK”了", "他说“OK”了"), ("l'Étoile", "l'Étoile"), ("’", "'"),
    ],
)  # fmt: skip
def test_an_apostrophe_does_not_part_a_word(given: str, shown: str) -> None:
    """The font's own is as wide as a Chinese character."""
    assert with_narrow_quotes(given) == shown
    one, other = (render_bundle([replace(WAYBILL, consignee_lines=(each,))]).pdf for each in (given, shown))
    assert np.array_equal(page_pixels(one, 0, 203), page_pixels(other, 0, 203))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Mu\u0308ller, Cafe\u0301", "Müller, Café"), ("Nguye\u0302\u0303n", "Nguyễn"), ("\u1112\u1161\u11ab", "한"),
        ("Piața Țepeș", "Piaţa Ţepeș"), ("Rue 5‑7", "Rue 5-7"), ("ʻAiea", "'Aiea"), ("GROẞ", "GROSS"),
    ],
)  # fmt: skip
def test_letters_in_pieces_and_their_doubles_are_printed(given: str, shown: str) -> None:
    """A file from macOS has its umlauts in two pieces, and Romania's post writes ț: neither is a reason to refuse an order."""
    assert missing_glyphs(given) == []
    one, other = (render_bundle([replace(WAYBILL, consignee_name=each)]).pdf for each in (given, shown))
    assert np.array_equal(page_pixels(one, 0, 203), page_pixels(other, 0, 203))


def test_more_than_256_different_characters() -> None:
    """A second font subset begins there; its characters must not come out as others."""
    characters = sorted(each for each in drawable() if "\u4e00" <= each <= "\u9fff")[:400]
    labels = [
        ProductLabel(barcode="1", sku="1", name="".join(characters[at : at + 20]), size=SIZE_60X40)
        for at in range(0, 400, 20)
    ]
    together = render_bundle(labels).pdf
    for place in (0, 12, 13, 19):
        alone = page_pixels(render_bundle([labels[place]]).pdf, 0, 203)
        assert np.array_equal(page_pixels(together, place, 203), alone)


def test_shrinks_before_it_cuts_and_cuts_visibly() -> None:
    short = fit(("ABC",), 100, 20, largest_pt=12, smallest_pt=6, most_lines=1)
    assert (short.lines, short.size_pt, short.cut) == (("ABC",), 12, False)
    shrunk = fit(("ABCDEFGHIJKLMNOP",), 100, 20, largest_pt=12, smallest_pt=6, most_lines=1)
    assert shrunk.lines == ("ABCDEFGHIJKLMNOP",)
    assert 6 <= shrunk.size_pt < 12
    cut = fit(("ABCDEFGHIJ" * 8,), 100, 20, largest_pt=12, smallest_pt=6, most_lines=1)
    assert cut.cut
    assert cut.size_pt == 6
    assert cut.lines[0].endswith(ELLIPSIS)
    assert len(cut.lines[0]) > 15


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("ab -,/W保税，。1"), min_size=1, max_size=60).filter(str.strip),
        min_size=1,
        max_size=5,
    ),
    st.floats(20, 300),
    st.floats(8, 120),
    st.integers(1, 6),
)
def test_fitted_text_stays_in_its_box(paragraphs: list[str], width: float, height: float, lines: int) -> None:
    fitted = fit(tuple(paragraphs), width, height, largest_pt=14, smallest_pt=6, most_lines=lines)
    assert 6 <= fitted.size_pt <= 14
    assert 1 <= len(fitted.lines) <= lines
    for line in fitted.lines:
        assert width_em(line) * fitted.size_pt <= width + 1e-6
    if fitted.cut:
        assert fitted.lines[-1].endswith(ELLIPSIS)
    else:
        assert "".join(fitted.lines).replace(" ", "") == "".join(paragraphs).replace(" ", "")


def test_wrapping_keeps_words_and_closing_marks_together() -> None:
    assert wrap("Long Beach, CA", 6.0) == ["Long Beach,", "CA"]
    for line in wrap("宁波保税区，兴业一路。八号", 4.2)[1:]:
        assert line[0] not in "，。"
