"""Templates as data: what an operator writes is read back, drawn, or told what is wrong with it."""

from __future__ import annotations

import base64
import json
import random
import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labels import (
    KINDS,
    LabelRefused,
    ProductLabel,
    Size,
    Template,
    builtin_template,
    check_template,
    check_template_data,
    preview_png,
    read_template,
    render_bundle,
    template_data,
)
from labels.geometry import Box
from labels.media import SUPPORTED_DPI
from labels.samples import samples_of
from labels.validator import MOST_FINDINGS
from labels.vocabulary import WORDS
from tests.labels.reading import misread, opened

BUILT_IN = [(kind.name, size) for kind in KINDS.values() for size in kind.every_size]
PRODUCT = ProductLabel(barcode="100200345671", sku="TS-COTTON-BLK-XL", name="Cotton T-shirt", lot="A7")


def png(width: int = 8, height: int = 8, colour: str = "black") -> bytes:
    data = BytesIO()
    Image.new("L", (width, height), colour).save(data, "PNG")
    return data.getvalue()


def template(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "product", "size": [60, 40], "margin_mm": 1.5, "elements": list(elements), **more}


def text(box: list[float], value: str = "{sku}", **more: Any) -> dict[str, Any]:
    return {"type": "text", "box": box, "value": value, "largest_pt": 10, "smallest_pt": 5, **more}


def code(box: list[float], value: str = "{barcode}", **more: Any) -> dict[str, Any]:
    return {"type": "code", "box": box, "symbology": "code128", "value": value, **more}


CODE = code([2, 2, 56, 14])
ROWS = {"type": "rows", "field": "sku", "box": [2, 2, 20, 20], "row_mm": 5, "elements": []}


def codes_of(data: object, **options: Any) -> set[tuple[str, str]]:
    return {
        (finding.code, finding.at) for finding in check_template_data(data, **options)[1] if finding.severity == "error"
    }


@pytest.mark.parametrize(("name", "size"), BUILT_IN, ids=[f"{name}-{size.name}" for name, size in BUILT_IN])
def test_built_in_templates_are_right_and_survive_json(name: str, size: Size) -> None:
    built_in = builtin_template(name, size)
    read, findings = read_template(json.loads(json.dumps(template_data(built_in))))
    assert findings == []
    assert read == built_in
    for dpi in SUPPORTED_DPI:
        assert [finding for finding in check_template(built_in, dpi=dpi) if finding.severity == "error"] == []


def test_the_built_in_labels_use_every_word_but_the_picture() -> None:
    used: set[str] = set()

    def walk(elements: list[dict[str, Any]]) -> None:
        for each in elements:
            used.add(each["type"])
            walk(each.get("elements", []) + each.get("otherwise", []))

    for name, size in BUILT_IN:
        walk(template_data(builtin_template(name, size))["elements"])
    assert used == set(WORDS) - {"image"}


def test_a_template_of_ones_own_takes_the_place_of_the_built_in_one() -> None:
    logo = base64.b64encode(png()).decode()
    data = template(
        code([2, 2, 56, 14]),
        text([2, 18, 40, 5], "{sku} · {{kept}}"),
        {"type": "line", "start": [2, 25], "end": [58, 25]},
        {"type": "condition", "field": "lot", "elements": [text([2, 26, 40, 4], "Lot {lot}")]},
        {"type": "image", "box": [46, 27, 10, 10], "image": "logo"},
        images={"logo": logo},
    )
    own, findings = check_template_data(data)
    assert own is not None
    assert not [finding for finding in findings if finding.severity == "error"]
    ours, theirs = render_bundle([PRODUCT], templates=[own]), render_bundle([PRODUCT])
    assert ours.pdf != theirs.pdf
    assert ours.pdf == render_bundle([PRODUCT], templates=[own]).pdf
    with opened(ours.pdf) as [page]:
        assert misread(page, ours.pages[0], 203, (0, 0), one_bit=True) == []
    picture = np.asarray(Image.open(BytesIO(preview_png(PRODUCT, template=own))))
    assert picture[32 * 8, 51 * 8] == 0, "the logo is ink"
    assert picture[32 * 8, 44 * 8] == 255


def test_the_preview_has_its_true_size() -> None:
    for dpi in SUPPORTED_DPI:
        picture = Image.open(BytesIO(preview_png(PRODUCT, dpi=dpi)))
        assert abs(picture.width - 60 / 25.4 * dpi) <= 1
        assert abs(picture.height - 40 / 25.4 * dpi) <= 1
        assert round(picture.info["dpi"][0]) == dpi


# One size of a kind at the resolution that divides worst; every size at the usual one.
DOTS = [(name, size, 203) for name, size in BUILT_IN] + [(kind.name, kind.sizes[0], 300) for kind in KINDS.values()]


@pytest.mark.parametrize(("name", "size", "dpi"), DOTS, ids=[f"{name}-{size.name}-{dpi}" for name, size, dpi in DOTS])
def test_no_bar_of_a_preview_is_resampled(name: str, size: Size, dpi: int) -> None:
    """Every module is as many pixels wide as it has dots, black or white throughout."""
    label = samples_of(name, size)[0]
    picture = np.asarray(Image.open(BytesIO(preview_png(label, dpi=dpi))))
    for placed, (right, down) in render_bundle([label], dpi=dpi).pages[0].placements:
        dots, left, top = placed.dots_per_module, placed.left + right, placed.top + down
        step = dots if placed.symbol.is_matrix else placed.height // 2
        for row in range(top + step // 2, top + placed.height, step):
            modules = picture[row, left : left + placed.symbol.width * dots].reshape(-1, dots).astype(int)
            assert np.all(np.minimum(modules, 255 - modules) < 16), "no half tones in a symbol"
            assert np.all(np.ptp(modules, axis=1) < 16), "no module shares its pixels with another"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, ("not_an_object", "")),
        ([], ("not_an_object", "")),
        (template(CODE, colour="red"), ("unknown_attribute", "colour")),
        (template(CODE, size=[60]), ("bad_size", "size")),
        (template(CODE, size=[60, -40]), ("out_of_range", "size")),
        (template(CODE, size=[60, 1e9]), ("out_of_range", "size")),
        (template(CODE, size=[60, float("nan")]), ("not_a_number", "size")),
        (template(CODE, size=[60, 10**400]), ("out_of_range", "size")),
        (template(CODE, kind="toaster"), ("unknown_kind", "kind")),
        (template(CODE, kind=7), ("bad_name", "kind")),
        (template(CODE, margin_mm=-1), ("out_of_range", "margin_mm")),
        (template(7), ("not_an_object", "elements[0]")),
        (template({"type": "script", "run": "x"}), ("unknown_word", "elements[0]")),
        (template({"type": []}), ("unknown_word", "elements[0]")),
        (template(text([2, 2, 20, 5], colour="red")), ("unknown_attribute", "elements[0].colour")),
        (template({"type": "text", "box": [1, 1, 5, 5]}), ("missing_attribute", "elements[0].value")),
        (template(text([2, 2, -20, 5])), ("out_of_range", "elements[0].box")),
        (template(text([2, 2, 0, 5])), ("out_of_range", "elements[0].box")),
        (template(text([2, 2, 1e300, 5])), ("out_of_range", "elements[0].box")),
        (template(text([2, 2, float("inf"), 5])), ("out_of_range", "elements[0].box")),
        (template(text([2, 2, "20", 5])), ("not_a_number", "elements[0].box")),
        (template(text([2, 2, 20])), ("bad_box", "elements[0].box")),
        (template(text([2, 2, 20, 5], largest_pt=0)), ("out_of_range", "elements[0].largest_pt")),
        (template(text([2, 2, 20, 5], largest_pt=1e6)), ("out_of_range", "elements[0].largest_pt")),
        (template(text([2, 2, 20, 5], lines=1.5)), ("not_a_whole_number", "elements[0].lines")),
        (template(text([2, 2, 20, 5], align="middle")), ("unknown_choice", "elements[0].align")),
        (template(text([2, 2, 20, 5], bold="yes")), ("not_true_or_false", "elements[0].bold")),
        (template(text([2, 2, 20, 5], "{sku")), ("bad_braces", "elements[0].value")),
        (template(text([2, 2, 20, 5], "{__class__}")), ("bad_braces", "elements[0].value")),
        (template(text([2, 2, 20, 5], "x" * 501)), ("bad_value", "elements[0].value")),
        (template(text([2, 2, 20, 5], "a\x00b")), ("control_character", "elements[0].value")),
        (template(text([2, 2, 20, 5], "\ud800")), ("control_character", "elements[0].value")),
        (template({"type": "condition", "field": "lot", "values": ["\x00"], "elements": []}), ("bad_values", "elements[0].values")),
        (template({"type": "condition", "field": "lot", "values": [10**40], "elements": []}), ("bad_values", "elements[0].values")),
        (template(code([2, 2, 56, 14], symbology="aztec")), ("unknown_symbology", "elements[0].symbology")),
        (template(code([2, 2, 56, 14], fallbacks=[{"symbology": "qr"}])), ("missing_attribute", "elements[0].fallbacks[0].value")),
        (template(*[text([2, 2, 20, 5])] * 401), ("too_many_elements", "elements")),
        (template(CODE, images={"../etc": "AAAA"}), ("bad_name", "images")),
        (template(CODE, images={"logo": "!"}), ("image_broken", "images.logo")),
        (template(CODE, images={f"a{place}": "AAAA" for place in range(5)}), ("bad_images", "images")),
        (template(text([2, 2, 20, 5], "{colour}")), ("unknown_field", "elements[0].value")),
        (template(text([2, 2, 20, 5], "{captions.title}")), ("unknown_field", "elements[0].value")),
        (template({"type": "condition", "field": "colour", "elements": []}), ("unknown_field", "elements[0].field")),
        (template({"type": "condition", "field": "a.b.c", "elements": []}), ("bad_field", "elements[0].field")),
        (template(code([2, 2, 56, 14], "{importer_lines}")), ("not_a_text_field", "elements[0].value")),
        (template(text([2, 2, 20, 5], "\U0001f600")), ("missing_glyph", "elements[0].value")),
        (template(ROWS), ("not_a_list_field", "elements[0].field")),
        (template({"type": "image", "box": [2, 2, 9, 9], "image": "logo"}), ("unknown_image", "elements[0]")),
        (template(text([2, 2, 20, 5], largest_pt=5, smallest_pt=9)), ("sizes_crossed", "elements[0]")),
        (template(text([2, 2, 20, 0.5])), ("text_taller_than_box", "elements[0]")),
        (template(text([50, 2, 20, 5])), ("outside_page", "elements[0]")),
        (template(text([0.2, 2, 20, 5])), ("outside_printable", "elements[0]")),
        (template(code([2, 0, 56, 14])), ("outside_printable", "elements[0]")),
        (template({"type": "line", "start": [2, 2], "end": [20, 20]}), ("oblique_line", "elements[0]")),
        (template(code([2, 2, 56, 14], preferred_mm=0.2)), ("module_below_two_dots", "elements[0].preferred_mm")),
        (template(code([2, 2, 20, 14])), ("module_below_two_dots", "elements[0]")),
        (template(code([2, 2, 56, 3])), ("code_does_not_fit", "elements[0]")),
        (template(code([2, 2, 56, 14], symbology="ean13")), ("not_digits", "elements[0]")),
        (template(code([2, 2, 56, 14], symbology="ean13")), ("wrong_check_digit", "elements[0]")),
        (template(text([2, 2, 20, 5]), text([10, 4, 20, 5])), ("overlap", "elements[1]")),
        (template(code([2, 2, 56, 14]), text([2, 10, 20, 5])), ("quiet_zone", "elements[1]")),
        (template(text([2, 10, 20, 5]), code([2, 2, 56, 14])), ("quiet_zone", "elements[1]")),
        (template(code([2, 2, 56, 14]), {"type": "line", "start": [2, 9], "end": [50, 9]}), ("quiet_zone", "elements[1]")),
        (template({"type": "box", "box": [2, 2, 56, 20], "filled": True}, code([2, 2, 56, 14])), ("overlap", "elements[1]")),
        (template(text([2, 2, 20, 5]), {"type": "box", "box": [2, 2, 56, 20], "filled": True}), ("covered", "elements[1]")),
        (template({"type": "box", "box": [2, 2, 56, 20], "filled": True}, text([2, 2, 20, 5])), ("same_colour", "elements[1]")),
        (template(text([2, 2, 20, 5], white=True)), ("white_on_paper", "elements[0]")),
        (template(text([2, 2, 3, 3], overflow="refuse")), ("text_does_not_fit", "elements[0]")),
    ],
)  # fmt: skip
def test_findings(data: object, expected: tuple[str, str]) -> None:
    number = "6901234567890" if expected[0] == "wrong_check_digit" else PRODUCT.barcode
    assert expected in codes_of(data, contents=[ProductLabel(barcode=number, sku="TS-COTTON-BLK-XL")])


@pytest.mark.parametrize(
    ("element", "code_said"),
    [(text([2, 20, 20, 5], "{colour}"), "unknown_field"), (text([2, 20, 20, 5], "{size.width_mm}"), "unknown_field"),
     (ROWS, "not_a_list_field"), ({"type": "image", "box": [2, 20, 9, 9], "image": "logo"}, "unknown_image")],
)  # fmt: skip
def test_a_template_nobody_checked_is_refused_not_fatal(element: dict[str, Any], code_said: str) -> None:
    own, findings = read_template(template(element))
    assert own is not None, findings
    with pytest.raises(LabelRefused) as refused:
        render_bundle([PRODUCT], templates=[own])
    assert refused.value.code == code_said


def test_what_only_some_contents_suffer_is_a_warning() -> None:
    long = ProductLabel(barcode="WH-SKU-2026-ABCDEF-00417-XL", sku="1")
    findings = check_template_data(template(CODE), contents=[PRODUCT, long])[1]
    assert [(finding.code, finding.severity) for finding in findings] == [("module_below_two_dots", "warning")]
    findings = check_template_data(template(CODE), contents=[long])[1]
    assert [(finding.code, finding.severity) for finding in findings] == [("module_below_two_dots", "error")]


def test_deep_nesting_ends() -> None:
    data: dict[str, Any] = text([2, 2, 20, 5])
    for _ in range(2000):
        data = {"type": "condition", "field": "lot", "elements": [data]}
    assert "too_deep" in {finding.code for finding in read_template(template(data))[1]}


def test_elements_that_never_meet_do_not_collide() -> None:
    there, other = text([2, 2, 20, 5]), text([2, 2, 20, 5], "{name}")
    either = {"type": "condition", "field": "lot", "elements": [there], "otherwise": [other]}
    assert codes_of(template(either), contents=[PRODUCT]) == set()
    apart = [
        {"type": "condition", "field": "symbology", "values": [value], "elements": [there]}
        for value in ("ean13", "ean8")
    ]
    assert codes_of(template(*apart), contents=[PRODUCT]) == set()
    both = [{"type": "condition", "field": field, "elements": [there]} for field in ("lot", "expiry")]
    assert ("overlap", "elements[1].elements[0]") in codes_of(template(*both), contents=[PRODUCT])


def test_a_text_that_must_not_be_cut_is_refused() -> None:
    own, _ = read_template(template(code([2, 2, 56, 14]), text([2, 20, 10, 4], overflow="refuse")))
    assert own is not None
    with pytest.raises(LabelRefused) as refused:
        render_bundle([PRODUCT], templates=[own])
    assert (refused.value.code, refused.value.params["field"]) == ("text_does_not_fit", "sku")


def test_findings_never_fail_whatever_the_data() -> None:
    """Templates with random parts replaced by nonsense: an answer each time, and what has none is drawn."""
    chance = random.Random(11)
    nonsense: list[Any] = [
        None,
        -1,
        0,
        1e308,
        float("nan"),
        "",
        "{",
        "x",
        [],
        {},
        [1],
        {"a": 1},
        True,
        10**400,
        "{sku}",
    ]
    drawn = 0
    for turn in range(300):
        name, size = BUILT_IN[turn % len(BUILT_IN)]
        data = json.loads(json.dumps(template_data(builtin_template(name, size))))
        for _ in range(chance.choice((1, 1, 3))):
            at: Any = data
            while True:
                key = chance.choice(list(at)) if isinstance(at, dict) else chance.randrange(len(at))
                if isinstance(at[key], dict | list) and at[key] and chance.random() < 0.8:
                    at = at[key]
                    continue
                at[key] = chance.choice(nonsense)
                break
        own, findings = check_template_data(data)
        if own is not None and not any(finding.severity == "error" for finding in findings):
            render_bundle(samples_of(own.kind, own.size), templates=[own])
            drawn += 1
    assert drawn > 1


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def made_png(header: bytes, pixels: bytes, *more: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(more) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


GREY_8X8 = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
ROWS_8X8 = zlib.compress((b"\0" + b"\x80" * 8) * 8)


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (b"", "image_not_png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image_not_png"),
        (b"\xff\xd8\xff\xe0", "image_not_png"),
        (b"GIF89a", "image_not_png"),
        (png()[:-10], "image_broken"),
        (png()[:40] + b"\xff" + png()[41:], "image_broken"),
        (made_png(struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0), ROWS_8X8), "image_too_large"),
        (made_png(struct.pack(">IIBBBBB", 0, 8, 8, 0, 0, 0, 0), ROWS_8X8), "image_too_large"),
        (made_png(struct.pack(">IIBBBBB", 8, 8, 3, 0, 0, 0, 0), ROWS_8X8), "image_broken"),
        (made_png(GREY_8X8, zlib.compress(b"\0" * 100_000_000)), "image_too_large"),
        (made_png(GREY_8X8, ROWS_8X8[:-4]), "image_broken"),
        (made_png(GREY_8X8, b"nonsense"), "image_broken"),
        (made_png(GREY_8X8, zlib.compress(b"")), "image_broken"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"a\0b") + chunk(b"IEND", b""), "image_broken"),
        (png() + b"\0" * 1_000_001, "image_too_large"),
    ],
)  # fmt: skip
def test_pictures_that_are_none(picture: bytes, expected: str) -> None:
    data = template(
        CODE,
        {"type": "image", "box": [46, 27, 10, 10], "image": "logo"},
        images={"logo": base64.b64encode(picture).decode()},
    )
    found = {finding.code for finding in check_template_data(data, contents=[PRODUCT])[1]}
    assert expected in found
    own = Template("product", Size(60, 40), (), 1.5)
    read, _ = read_template(template(CODE, {"type": "image", "box": [46, 27, 10, 10], "image": "logo"}))
    assert read is not None
    with pytest.raises(LabelRefused) as refused:
        render_bundle([PRODUCT], templates=[Template(own.kind, own.size, read.elements, 1.5, (("logo", picture),))])
    assert refused.value.code == expected


def test_bombs_in_texts_of_a_picture_are_never_unpacked() -> None:
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 200_000_000))
    profile = chunk(b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 200_000_000))
    data = template(CODE, {"type": "image", "box": [46, 27, 10, 10], "image": "logo"}, images={
        "logo": base64.b64encode(made_png(GREY_8X8, ROWS_8X8, bomb, profile)).decode()
    })  # fmt: skip
    own, findings = check_template_data(data, contents=[PRODUCT])
    assert own is not None
    assert findings == []
    render_bundle([PRODUCT], templates=[own])


def test_greys_become_dots() -> None:
    """Half grey prints as about half of the dots; black stays black, and what is transparent stays paper."""
    tones = Image.new("LA", (64, 64), (128, 255))
    tones.paste((0, 255), (0, 0, 32, 8))
    tones.paste((0, 0), (32, 0, 64, 8))
    data = BytesIO()
    tones.save(data, "PNG")
    element = {"type": "image", "box": [10, 10, 16, 16], "image": "logo"}
    own, _ = read_template(template(element, images={"logo": base64.b64encode(data.getvalue()).decode()}))
    assert own is not None
    picture = np.asarray(Image.open(BytesIO(preview_png(PRODUCT, template=own)))) < 128
    scale = 203 / 25.4
    area = picture[round(13 * scale) : round(25 * scale), round(11 * scale) : round(25 * scale)]
    assert 0.4 < area.mean() < 0.6
    assert picture[round(11 * scale), round(12 * scale) : round(17 * scale)].all()
    assert not picture[round(11 * scale), round(19 * scale) : round(25 * scale)].any()


def test_a_bundle_holds_labels_of_several_designs() -> None:
    """Each label is drawn as it is alone: what one design shares with its fellows is not another's."""
    designs = []
    for words in ("ACME", "RIVAL"):
        own, findings = check_template_data(template(code([2, 2, 56, 14]), text([2, 20, 40, 6], words)))
        assert own is not None, findings
        designs.append(own)
    chosen = [designs[0], None, designs[1], designs[0]]
    bundle = render_bundle([PRODUCT] * 4, chosen=chosen)
    with opened(bundle.pdf) as pages:
        for page, info, own in zip(pages, bundle.pages, chosen, strict=True):
            whole = Box(0, 0, 60, 40)
            alone = render_bundle([PRODUCT], templates=[own] if own else [])
            with opened(alone.pdf) as [single]:
                assert np.array_equal(page.pixels(whole, 203), single.pixels(whole, 203))
            assert misread(page, info, 203, (0, 0), one_bit=True) == []


@pytest.mark.parametrize(
    "elements",
    [
        [{"type": "rows", "field": "lines", "box": [8, 8, 194, 280], "row_mm": 2, "columns": 20,
          "elements": [text([0, 0, 5, 1.9], "{row}")] * 300}],
        [text([10, 10, 100, 8], "{page}")] * 400,
        [text([10, 10, 100, 200], "{batch}" * 30, lines=60, smallest_pt=3, largest_pt=400)] * 400,
        [code([2, 2, 96, 50], "{page}" * 60, symbology="qr")] * 400,
    ],
    ids=["rows", "texts", "long", "codes"],
)  # fmt: skip
def test_a_design_of_nonsense_ends(elements: list[dict[str, Any]]) -> None:
    """Counted in findings, not in seconds: past the most nothing more is looked for."""
    data = {"kind": "pick-list", "size": [210, 297], "margin_mm": 5, "elements": elements}
    assert 1 <= len(check_template_data(data)[1]) <= MOST_FINDINGS
