"""Labels that others made: normalised without a dot's difference, and hostile files refused within bounds."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pypdfium2
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from labels import LabelRefused, Size, check_incoming, render_bundle
from labels.samples import samples
from tests.labels.reading import page_pixels

WAYBILL = samples()["waybill-100x150"][0]
PDF = render_bundle([WAYBILL]).pdf
NUMBER = "9400111206206406260787"
MEDIUM = Size(100, 150)
MM = 72 / 25.4


def changed(change: Callable[[pypdfium2.PdfPage], object], pdf: bytes = PDF) -> bytes:
    document = pypdfium2.PdfDocument(pdf)
    change(document[0])
    written = BytesIO()
    document.save(written)
    document.close()
    return written.getvalue()


def written(width_mm: float, height_mm: float, pages: int = 1, **options: object) -> bytes:
    data = BytesIO()
    canvas = Canvas(data, pagesize=(width_mm * MM, height_mm * MM), **options)
    for _ in range(pages):
        canvas.rect(10, 10, 50, 50)
        canvas.showPage()
    canvas.save()
    return data.getvalue()


def raw_pdf(content: bytes, extra: bytes = b"", resources: bytes = b"") -> bytes:
    """A page of 100 × 150 mm with a compressed content stream of any kind; PDFium needs no table of offsets."""
    packed = zlib.compress(content, 9)
    return b"".join(
        (
            b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 283.46 425.2]/Contents 4 0 R/Resources<<%b>>>>endobj\n"
            % resources,
            b"4 0 obj<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream endobj\n%b" % (len(packed), packed, extra),
            b"trailer<</Root 1 0 R>>\n%%EOF\n",
        )
    )


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_rotation_is_baked_in(turned: int) -> None:
    """What a viewer showed is what prints, with no flag left to a driver."""
    given = changed(lambda page: page.set_rotation(turned))
    normal = check_incoming(given, MEDIUM if turned % 180 == 0 else Size(150, 100), tracking_number=NUMBER)
    assert normal.confirmed
    document = pypdfium2.PdfDocument(normal.pdf)
    assert document[0].get_rotation() == 0
    document.close()
    seen, printed = page_pixels(given, 0, 203), page_pixels(normal.pdf, 0, 203)
    assert seen.shape == printed.shape
    assert np.mean(np.abs(seen.astype(int) - printed)) < 0.01


def test_a_page_on_its_side_is_turned() -> None:
    given = changed(lambda page: page.set_rotation(90))
    normal = check_incoming(given, MEDIUM, tracking_number=NUMBER)
    assert {code.content for code in normal.codes[0]} == {NUMBER}
    assert page_pixels(normal.pdf, 0, 203).shape == page_pixels(PDF, 0, 203).shape


@pytest.mark.parametrize(("width", "height"), [(100.9, 149.1), (99.1, 150.9), (100, 150)])
def test_a_page_within_a_millimetre_gets_the_exact_size(width: float, height: float) -> None:
    document = pypdfium2.PdfDocument(check_incoming(written(width, height), MEDIUM).pdf)
    assert abs(document[0].get_width() / MM - 100) < 0.05
    assert abs(document[0].get_height() / MM - 150) < 0.05
    document.close()


@pytest.mark.parametrize(("width", "height"), [(101.6, 152.4), (98, 150), (100, 151.2), (50, 75), (210, 297)])
def test_another_medium_is_refused(width: float, height: float) -> None:
    with pytest.raises(LabelRefused) as refused:
        check_incoming(written(width, height), MEDIUM)
    assert refused.value.code == "wrong_size"
    assert (refused.value.params["width_mm"], refused.value.params["height_mm"]) == (width, height)


def test_only_the_part_a_viewer_shows_counts() -> None:
    """Carriers send A4 with a crop box around the label."""
    big = changed(lambda page: (page.set_mediabox(-100, -200, 495, 642), page.set_cropbox(0, 0, 283.46, 425.2)))
    normal = check_incoming(big, MEDIUM, tracking_number=NUMBER)
    assert normal.confirmed
    assert np.mean(np.abs(page_pixels(normal.pdf, 0, 203).astype(int) - page_pixels(PDF, 0, 203))) < 3


def test_nothing_but_the_drawing_stays() -> None:
    data = BytesIO()
    canvas = Canvas(data, pagesize=(100 * MM, 150 * MM))
    canvas.linkURL("https://elsewhere.example/", (0, 0, 200, 200))
    canvas.setTitle("secret title")
    canvas.rect(10, 10, 50, 50)
    canvas.save()
    normal = check_incoming(data.getvalue(), MEDIUM).pdf
    assert b"elsewhere" in data.getvalue()
    for left in (b"elsewhere", b"secret title", b"/Annots", b"/OpenAction", b"/AA", b"/JavaScript"):
        assert left not in normal


def test_the_same_file_gives_the_same_bytes_in_another_second() -> None:
    first = check_incoming(PDF, MEDIUM).pdf
    time.sleep(1.1)
    assert check_incoming(PDF, MEDIUM).pdf == first


def test_the_tracking_number() -> None:
    assert check_incoming(PDF, MEDIUM, tracking_number="9400 1112 0620 6406 2607 87").confirmed
    assert check_incoming(PDF, MEDIUM, tracking_number="1206206406260787").confirmed, "after a routing prefix"
    with pytest.raises(LabelRefused) as refused:
        check_incoming(PDF, MEDIUM, tracking_number="9400111206206406260788")
    assert refused.value.code == "barcode_differs"
    assert NUMBER in str(refused.value.params["read"])
    assert not check_incoming(written(100, 150), MEDIUM, tracking_number=NUMBER).confirmed, "nothing could be read"


def _encrypted() -> bytes:
    return written(100, 150, encrypt=StandardEncryption("secret", canPrint=0))


SELF_DRAWING = (
    b"5 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A 5 0 R>>>>/Length 10>>stream\n"
    b"/A Do /A Do\nendstream endobj\n"
)


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (lambda: b"", {"not_a_pdf"}),
        (lambda: b"hello", {"not_a_pdf"}),
        (lambda: b"%PDF-1.7\n" + b"\0" * 1000, {"pdf_broken"}),
        (lambda: PDF[: len(PDF) // 2], {"pdf_broken", "wrong_pages"}),
        (lambda: b"%PDF-" + b"A" * 10_000_001, {"pdf_too_large"}),
        (_encrypted, {"pdf_encrypted"}),
        (lambda: written(100, 150, pages=2), {"wrong_pages"}),
        (lambda: written(100, 150, pages=1000), {"wrong_pages"}),
        (lambda: raw_pdf(b"1 1 m 2 2 l S\n" * 30_000_000), {"pdf_takes_too_long", "pdf_too_demanding"}),
        (lambda: raw_pdf(b"q " * 30_000_000), {"pdf_takes_too_long", "pdf_too_demanding"}),
    ],
)
def test_hostile_and_broken_files_are_refused(make: Callable[[], bytes], codes: set[str]) -> None:
    with pytest.raises(LabelRefused) as refused:
        check_incoming(make(), MEDIUM, seconds=1)
    assert refused.value.code in codes


def outcome(pdf: bytes) -> str:
    try:
        check_incoming(pdf, MEDIUM, seconds=1)
    except LabelRefused as refusal:
        return refusal.code
    return "read"


def test_what_draws_itself_ends() -> None:
    resources = b"/XObject<</A 5 0 R>>"
    allowed = {"read", "pdf_broken", "pdf_takes_too_long", "pdf_too_demanding"}
    assert outcome(raw_pdf(b"/A Do", SELF_DRAWING, resources)) in allowed


def test_spoiled_files_are_refused_or_read_but_never_fatal() -> None:
    chance = random.Random(4)
    outcomes = set()
    for _ in range(15):
        spoiled = bytearray(PDF)
        for _ in range(chance.choice((1, 8, 60))):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        outcomes.add(outcome(bytes(spoiled)))
    assert outcomes <= {
        "read",
        "not_a_pdf",
        "pdf_broken",
        "pdf_encrypted",
        "wrong_pages",
        "wrong_size",
        "pdf_too_demanding",
        "pdf_takes_too_long",
    }
    assert len(outcomes) > 1
