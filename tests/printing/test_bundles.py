"""Asking for labels, making their files, and forgetting them."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import func, select, text

from labels import LabelRefused, Size
from tests.cast import Cast
from tests.outbound.stage import MUG, Stage
from tests.platform.test_worker import read_codes
from tests.printing.conftest import Desk
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility.models import Location
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.platform.files import StoredFile, store
from wms.platform.outbox import OutboxJob
from wms.printing import queries
from wms.printing import service as printing
from wms.printing.models import BundleState, LabelBundle, LabelDocument, LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.sources import sources


def states(desk: Desk, bundle_id: uuid.UUID) -> list[str]:
    return [document.state for document in desk.documents(bundle_id)]


def bundle(bundle_id: uuid.UUID) -> LabelBundle:
    with transaction():
        return session().get_one(LabelBundle, bundle_id, populate_existing=True)


def pdf(bundle_id: uuid.UUID) -> bytes:
    with transaction():
        return printing.bundle_pdf(SYSTEM, bundle_id)


def pages(content: bytes) -> int:
    document = pypdfium2.PdfDocument(content)
    try:
        return len(document)
    finally:
        document.close()


def refusal_of(use_case, *arguments: object) -> str:
    with pytest.raises(Refused) as caught, transaction():
        use_case(*arguments)
    return caught.value.code


def test_a_bundle_has_one_page_a_label_in_the_order_asked_for(desk: Desk):
    drafts = [desk.draft() for _ in range(5)]
    (bundle_id,) = desk.request(*drafts)
    assert (bundle(bundle_id).state, states(desk, bundle_id)) == ("requested", ["requested"] * 5)
    assert desk.work() == 1
    assert (bundle(bundle_id).state, bundle(bundle_id).pages) == ("ready", 5)
    assert [document.page_index for document in desk.documents(bundle_id)] == [0, 1, 2, 3, 4]
    assert read_codes(pdf(bundle_id)) == [draft.barcode for draft in drafts]


def test_more_than_a_hundred_pages_are_several_bundles(desk: Desk):
    bundles = desk.request(*(desk.draft() for _ in range(205)))
    assert [len(desk.documents(each)) for each in bundles] == [100, 100, 5]
    with transaction():
        assert session().scalar(select(func.count()).select_from(OutboxJob)) == 3


def test_copies_are_pages_and_fill_bundles_to_the_brim(desk: Desk, cast: Cast):
    product = next(iter(cast.ACME.products.values()))
    draft = DocumentDraft(LabelKind.PRODUCT, "product", product, cast.ACME.id, copies=230)
    bundles = desk.request(draft)
    desk.work()
    assert [bundle(each).pages for each in bundles] == [100, 100, 30]
    assert [pages(pdf(each)) for each in bundles] == [100, 100, 30]


def test_asking_again_for_a_single_label_gives_the_bundle_it_is_in(desk: Desk):
    draft, other = desk.draft(), desk.draft()
    (first,) = desk.request(draft)
    assert desk.request(draft, draft) == [first]
    found = desk.request(other, draft)
    assert found[1] == first
    assert [len(desk.documents(each)) for each in found] == [1, 1]
    with transaction():
        assert session().scalar(select(func.count()).select_from(LabelDocument)) == 2


def test_a_replacement_supersedes_the_label_and_its_waiting_print(desk: Desk):
    subject = new_id()
    old = desk.ready(desk.draft(subject))
    with transaction():
        job = printing.request_print(SYSTEM, old.id)
    new = desk.ready(desk.draft(subject, replace=True))
    with transaction():
        assert (new.version, new.state) == (2, "ready")
        assert session().get_one(LabelDocument, old.id, populate_existing=True).state == "superseded"
        assert [each.state for each in queries.jobs_of(old.id)] == ["voided"]
    assert refusal_of(printing.document_pdf, SYSTEM, old.id) == "label_superseded"
    assert refusal_of(printing.arm, SYSTEM, job.id) == "label_superseded"


def test_two_who_ask_for_the_same_labels_at_once_get_the_same_bundle(desk: Desk, fresh_app: Flask):
    drafts = [desk.draft() for _ in range(30)]
    found: list[list[uuid.UUID]] = []

    def ask(wanted: list[DocumentDraft]) -> None:
        with fresh_app.app_context():
            found.append(desk.request(*wanted))

    threads = [threading.Thread(target=ask, args=(each,)) for each in (drafts, drafts[::-1], drafts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({tuple(each) for each in found}) == 1
    with transaction():
        assert session().scalar(select(func.count()).select_from(LabelDocument)) == 30
        assert session().scalar(select(func.count()).select_from(LabelBundle)) == 1


def test_a_label_that_cannot_be_drawn_is_refused_alone(desk: Desk):
    good, glyph, source, misread = (desk.draft() for _ in range(4))
    desk.names[glyph.subject_id] = "Kim \U000e0001"
    desk.refused[source.subject_id] = "consignee_gone"
    wrong = desk.draft(misread.subject_id, barcode="TS-ANOTHER")
    (bundle_id,) = desk.request(glyph, good, source, wrong)
    desk.work()
    found = desk.documents(bundle_id)
    assert [document.state for document in found] == ["refused", "ready", "refused", "refused"]
    assert [found[place].refusal for place in (0, 2, 3)] == ["missing_glyph", "consignee_gone", "barcode_differs"]
    assert (found[0].refusal_field, found[1].page_index, bundle(bundle_id).pages) == ("consignee_name", 0, 1)
    assert read_codes(pdf(bundle_id)) == [good.barcode]
    assert refusal_of(printing.document_pdf, SYSTEM, found[0].id) == "label_refused"


def test_when_nothing_can_be_drawn_the_bundle_fails_and_the_job_is_done(desk: Desk):
    draft = desk.draft()
    desk.refused[draft.subject_id] = "gone"
    (bundle_id,) = desk.request(draft)
    assert desk.work() == 1
    assert bundle(bundle_id).state == BundleState.FAILED
    assert refusal_of(printing.bundle_pdf, SYSTEM, bundle_id) == "bundle_failed"


def test_a_kind_that_nobody_speaks_for_is_refused(desk: Desk):
    del sources.by_kind[LabelKind.WAYBILL]
    (bundle_id,) = desk.request(desk.draft())
    desk.work()
    assert [document.refusal for document in desk.documents(bundle_id)] == ["no_source"]


def test_a_job_run_twice_makes_one_file(desk: Desk):
    (bundle_id,) = desk.request(desk.draft())
    desk.work()
    with transaction():
        session().execute(text("UPDATE outbox_job SET state = 'new'"))
    assert desk.work() == 1
    with transaction():
        assert session().scalar(select(func.count()).select_from(StoredFile)) == 1
        made = session().execute(text("SELECT count(*) FROM event WHERE name = 'printing.bundle_ready'")).scalar()
        assert made == 1
    assert desk.asked == 1
    assert states(desk, bundle_id) == ["ready"]


def test_what_becomes_void_while_it_is_drawn_stays_void(desk: Desk, fresh_app: Flask):
    draft, other = desk.draft(), desk.draft()
    (bundle_id,) = desk.request(draft, other)
    drawn = desk.waybills

    def meanwhile(documents):
        def void() -> None:
            with fresh_app.app_context(), transaction():
                printing.void_documents("parcel", [draft.subject_id])

        thread = threading.Thread(target=void)
        thread.start()
        thread.join(10)
        return drawn(documents)

    sources.add({LabelKind.WAYBILL: meanwhile})
    desk.work()
    assert states(desk, bundle_id) == ["voided", "ready"]


def test_void_labels_are_neither_drawn_nor_handed_out(desk: Desk):
    kept, gone = desk.draft(), desk.draft()
    (bundle_id,) = desk.request(kept, gone)
    with transaction():
        assert printing.void_documents("parcel", [gone.subject_id]) == 1
        assert printing.void_documents("parcel", [gone.subject_id]) == 0
    desk.work()
    assert read_codes(pdf(bundle_id)) == [kept.barcode]
    found = desk.documents(bundle_id)
    assert refusal_of(printing.document_pdf, SYSTEM, found[1].id) == "label_voided"
    (again,) = desk.request(gone)  # a new shipment of the same parcel id: a new version
    assert again != bundle_id


def test_one_label_is_cut_out_of_its_bundle(desk: Desk):
    drafts = [desk.draft() for _ in range(3)]
    (bundle_id,) = desk.request(*drafts)
    assert refusal_of(printing.bundle_pdf, SYSTEM, bundle_id) == "not_ready"
    assert refusal_of(printing.document_pdf, SYSTEM, desk.documents(bundle_id)[1].id) == "not_ready"
    desk.work()
    with transaction():
        single = printing.document_pdf(desk.cast.acme, desk.documents(bundle_id)[1].id)
    assert read_codes(single) == [drafts[1].barcode]


def test_others_labels_do_not_exist(desk: Desk, cast: Cast):
    document = desk.ready()
    mixed, bare = desk.draft(owner_id=cast.RIVAL.id), desk.draft()
    (several,) = desk.request(mixed, bare)
    for somebody in (cast.rival, cast.customs_clerk):
        assert refusal_of(printing.document_pdf, somebody, document.id) == "not_found"
        assert refusal_of(printing.bundle_pdf, somebody, document.bundle_id) == "not_found"
        assert refusal_of(printing.request_print, somebody, document.id) == "not_found"
    for seller in (cast.acme, cast.rival):  # a bundle of several sellers is the warehouse's
        assert refusal_of(printing.bundle_pdf, seller, several) == "not_found"
    assert refusal_of(printing.request_documents, cast.customs_clerk, cast.overseas.id, [bare]) == "not_found"


def test_labels_of_bins_and_products_say_what_the_scanner_reads(desk: Desk, cast: Cast):
    code, label = next(iter(cast.overseas.labels.items()))
    product = next(iter(cast.ACME.products.values()))
    (bundle_id,) = desk.request(
        DocumentDraft(LabelKind.LOCATION, "location", cast.overseas.locations[code], barcode=label),
        DocumentDraft(LabelKind.PRODUCT, "product", product, cast.ACME.id, size_mm=(70, 50)),
        DocumentDraft(LabelKind.PRODUCT, "product", new_id(), cast.ACME.id),
        DocumentDraft(LabelKind.LOCATION, "location", new_id()),
    )
    desk.work()
    assert states(desk, bundle_id) == ["ready", "ready", "refused", "refused"]
    with transaction():
        codes = set(session().execute(text("SELECT barcode FROM product_barcode WHERE product_id = :id"),
                                      {"id": product}).scalars())  # fmt: skip
    first, second = read_codes(pdf(bundle_id))
    assert first == label
    assert second in codes


def test_files_with_people_on_them_are_erased_when_their_date_comes(desk: Desk, cast: Cast):
    document = desk.ready()
    (bins,) = desk.request(DocumentDraft(LabelKind.LOCATION, "location", next(iter(cast.overseas.locations.values()))))
    desk.work()
    erase_on = bundle(document.bundle_id).erase_on
    assert erase_on is not None
    sha256 = only_file(document.bundle_id)
    with transaction():
        assert printing.erase_due(erase_on - timedelta(days=1)) == 0
    with transaction():
        assert printing.erase_due(erase_on) == 1
    assert not store().path_of(sha256).exists()
    assert refusal_of(printing.bundle_pdf, SYSTEM, document.bundle_id) == "label_erased"
    assert refusal_of(printing.document_pdf, SYSTEM, document.id) == "label_erased"
    assert bundle(bins).erase_on is None
    assert pages(pdf(bins)) == 1


def only_file(bundle_id: uuid.UUID) -> str:
    with transaction():
        file_id = session().get_one(LabelBundle, bundle_id, populate_existing=True).file_id
        return session().get_one(StoredFile, file_id).sha256


def test_one_orders_labels_are_erased_and_the_others_of_the_bundle_stay(desk: Desk):
    order = new_id()
    drafts = [desk.draft(), desk.draft(parent=("order", order)), desk.draft()]
    (bundle_id,) = desk.request(*drafts)
    desk.work()
    sha256 = only_file(bundle_id)
    with transaction():
        assert printing.erase_labels_of("order", order) == 1
    assert not store().path_of(sha256).exists()
    assert refusal_of(printing.bundle_pdf, SYSTEM, bundle_id) == "not_ready"
    assert desk.work() == 1
    assert read_codes(pdf(bundle_id)) == [drafts[0].barcode, drafts[2].barcode]
    with transaction():
        assert printing.erase_labels_of("order", order) == 0
    assert refusal_of(printing.document_pdf, SYSTEM, desk.documents(bundle_id)[1].id) == "label_erased"


def test_the_last_label_of_a_bundle_takes_the_file_with_it(desk: Desk):
    order = new_id()
    document = desk.ready(desk.draft(parent=("order", order)))
    with transaction():
        printing.erase_labels_of("order", order)
    assert bundle(document.bundle_id).erased_at is not None
    assert desk.work() == 0


def test_erase_on_the_command_line(desk: Desk, fresh_app: Flask, cast: Cast):
    order = Stage(cast).order({MUG: 1}).id
    document = desk.ready(desk.draft(parent=("order", order)))
    run = fresh_app.test_cli_runner().invoke
    result = run(args=["erase", "--order", str(order)])
    assert result.exit_code == 0, result.output
    assert "1  printing" in result.output
    assert bundle(document.bundle_id).file_id is None
    result = run(args=["erase"])
    assert "0  printing" in result.output


def test_a_job_for_a_bundle_that_is_not_there_is_recorded_not_lost(desk: Desk):
    with transaction():
        outbox.add_job("printing.render_bundle", {"bundle_id": str(new_id())}, "x")
    assert desk.work() == 0
    with transaction():
        assert outbox.open_counts() == {"new": 1}


def test_the_queue_holds_ids_only(desk: Desk):
    draft = desk.draft()
    desk.names[draft.subject_id] = "Erika Mustermann"
    (bundle_id,) = desk.request(draft)
    desk.work()
    with transaction():
        assert list(session().scalars(select(OutboxJob.payload))) == [{"bundle_id": str(bundle_id)}]
        for table in ("outbox_job", "label_bundle", "label_document", "event"):
            dump = session().execute(text(f"SELECT string_agg(t::text, ' ') FROM {table} t")).scalar()
            assert "Mustermann" not in str(dump)


def test_sizes_are_those_asked_for(desk: Desk):
    document = desk.ready(desk.draft(size_mm=(101.6, 152.4)))
    assert Size(*document.size_mm) == Size(101.6, 152.4)


def test_a_source_must_answer_for_each_document(desk: Desk):
    sources.add({LabelKind.WAYBILL: lambda documents: [LabelRefused("x")] * (len(documents) + 1)})
    (bundle_id,) = desk.request(desk.draft())
    assert desk.work() == 0
    assert bundle(bundle_id).state == "requested"


def test_the_warehouses_day_decides_when_to_erase(desk: Desk, cast: Cast):
    (bundle_id,) = desk.request(desk.draft())
    assert bundle(bundle_id).erase_on == clock.today("Europe/Berlin") + timedelta(days=30)
    with transaction():
        assert session().get_one(Location, next(iter(cast.overseas.locations.values()))) is not None
