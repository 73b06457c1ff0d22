"""Labels that a seller brings: judged before anything is kept, one page for each tracking number, printed as they are."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pypdfium2
import pytest

from labels import LabelRefused, Size, WaybillLabel, check_incoming, render_bundle
from labels.samples import samples
from tests.printing.conftest import Desk
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.platform.database import session, transaction
from wms.platform.files import store
from wms.platform.i18n import refusal_texts
from wms.printing import service as printing

SIZE = (100.0, 150.0)
NUMBERS = ["SL1000000017", "SL1000000025", "SL1000000033"]
WAYBILL = next(each for each in samples()["waybill-100x150"] if isinstance(each, WaybillLabel))


def sellers_pdf(*numbers: str, size_mm: tuple[float, float] = SIZE) -> bytes:
    """One page a number, as a seller's own software would draw it."""
    pages = [replace(WAYBILL, size=Size(*size_mm), tracking_number=number) for number in numbers]
    return render_bundle(pages).pdf


def blank(pages: int = 1) -> bytes:
    made, written = pypdfium2.PdfDocument.new(), BytesIO()
    for _ in range(pages):
        made.new_page(100 * 72 / 25.4, 150 * 72 / 25.4)
    made.save(written)
    return written.getvalue()


def kept_objects() -> set[str]:
    return {each.name for batch in store().listing() for each in batch}


def test_each_page_goes_to_its_number_whatever_their_order(desk: Desk):
    """The file is sorted by the seller, the numbers by the order: what joins them is the symbol on the page."""
    found = printing.keep_label_file(sellers_pdf(*reversed(NUMBERS)), SIZE, NUMBERS)
    assert [each.tracking_number for each in found] == NUMBERS
    for each in found:
        content = store().get(each.kept.sha256)
        assert check_incoming(content, Size(*SIZE), tracking_number=each.tracking_number).confirmed


def test_a_sellers_label_is_printed_as_it_is(desk: Desk):
    parcel = new_id()
    (page,) = printing.keep_label_file(sellers_pdf(NUMBERS[0]), SIZE, NUMBERS[:1])
    draft = desk.draft(parcel, barcode=page.tracking_number, size_mm=page.size_mm)
    with transaction():
        document_id = printing.add_incoming(SYSTEM, desk.cast.overseas.id, draft, page.kept)
    with transaction():
        pdf = printing.document_pdf(SYSTEM, document_id)
    assert check_incoming(pdf, Size(*SIZE), tracking_number=NUMBERS[0]).confirmed


WRONG = [
    (b"hello", NUMBERS[:1], "not_a_pdf"),
    (b"%PDF-1.7\n" + b"\0" * 99, NUMBERS[:1], "pdf_broken"),
    (sellers_pdf(NUMBERS[0], size_mm=(100, 180)), NUMBERS[:1], "wrong_size"),
    (sellers_pdf(*NUMBERS), NUMBERS[:2], "wrong_pages"),
    (sellers_pdf(NUMBERS[0]), NUMBERS[:2], "wrong_pages"),
    (sellers_pdf(NUMBERS[0]), NUMBERS[1:2], "page_of_another"),
    (sellers_pdf(NUMBERS[0], NUMBERS[0]), NUMBERS[:2], "page_of_another"),
    (sellers_pdf(NUMBERS[0]), ["7"], "page_of_another"),
    (sellers_pdf(NUMBERS[0]), ["--"], "page_of_another"),
    (blank(), NUMBERS[:1], "page_not_readable"),
    (blank(), [], "too_many_pages"),
]


def test_what_is_wrong_is_refused_at_its_field_and_nothing_is_kept(desk: Desk):
    before = kept_objects()
    for pdf, numbers, reason in WRONG:
        with pytest.raises(Refused) as caught:
            printing.keep_label_file(pdf, SIZE, numbers, "/labels/0")
        (error,) = caught.value.errors
        assert (error["pointer"], error["code"]) == ("/labels/0", "label_file_refused")
        assert error["params"]["reason"] == reason
        said = refusal_texts.translate(error["code"], error["params"])
        assert "–" not in said, "every number of the sentence is there"
    assert kept_objects() == before
    session().rollback()


def test_a_number_that_ends_another_takes_the_page_that_is_its_own():
    """With a routing prefix a code only ends in the number; where a page says exactly it, that page is meant."""
    long, short = "4210001199400111206206", "9400111206206"
    both = check_incoming(sellers_pdf(long, short), Size(*SIZE), pages=2)
    assert both.pages_saying([short, long]) == [1, 0]
    with pytest.raises(LabelRefused) as refused:
        both.pages_saying([short, long, short])
    assert refused.value.code == "number_on_no_page"
