"""The list that a driver signs: of the office, of the gate, in both languages at once, with nobody's name on it."""

from __future__ import annotations

import re
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from labels import LabelRefused
from tests.office.test_pages import form
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility.models import Station
from wms.outbound.extras.models import OrderExtra
from wms.outbound.service.load_lists import CAPTIONS, load_lists, request_load_list
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.printing import service as printing
from wms.printing.models import LabelDocument, PrintJob
from wms.printing.service import PrinterDraft
from wms.shipping.models import Manifest, Parcel, Shipment


@pytest.fixture
def load(life) -> Manifest:
    with life.app.app_context():
        return session().scalars(select(Manifest)).one()


def made(life) -> Any:
    """The newest list, once the label job has run."""
    names = ("id", "bundle_id", "subject_id", "state", "barcode")
    query = select(*(getattr(LabelDocument, name) for name in names)).where(LabelDocument.kind == "manifest")
    with life.app.app_context():
        for job_id, _ in outbox.due_jobs(age_seconds=-60):
            outbox.perform(job_id)
        with transaction():
            return session().execute(query.order_by(LabelDocument.version.desc())).first()


def paper(pdf: bytes) -> tuple[str, set[str], tuple[float, float]]:
    """Its words, its codes, its size in mm."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        words = page.get_textpage().get_text_bounded()
        picture = page.render(scale=300 / 72, grayscale=True).to_pil()
        size = tuple(round(side * 25.4 / 72, 1) for side in page.get_size())
    return words, {each.text for each in zxingcpp.read_barcodes(picture)}, size  # type: ignore[return-value]


def test_the_office_gets_the_list_of_a_load_as_a_file(cast, client, life, load):
    boss = cast.sign_in(client, cast.supervisor)
    answer = boss.post(f"/office/manifests/{load.id}/list", data=form())
    document = made(life)
    assert answer.headers["Location"].endswith(f"/labels/bundles/{document.bundle_id}")
    assert (document.state, document.subject_id, document.barcode) == ("ready", load.id, load.number)
    words, codes, size = paper(boss.get(f"/labels/bundles/{document.bundle_id}.pdf").data)
    assert size == (210.0, 297.0)
    assert load.number in codes
    with life.app.app_context():
        parcels = session().scalars(select(Parcel).where(Parcel.manifest_id == load.id)).all()
    for wanted in (life.shipped.number, "DE", *(str(each.tracking_number) for each in parcels)):
        assert wanted in words
    for caption in (CAPTIONS.title, CAPTIONS.signature, CAPTIONS.handed_over, CAPTIONS.received):
        for language in caption.split(" / "):
            assert language in words, "both languages, none cut"
    for private in ("Schmidt", "Invalidenstra", "10115", "Berlin"):
        assert private not in words


def test_what_drivers_collect_stands_with_its_parcel_and_below_as_a_sum(cast, client, life, load):
    """COD of the order's first parcel, on the page and on the paper; a second parcel of it collects nothing."""
    boss, page = cast.sign_in(client, cast.supervisor), f"/office/manifests/{load.id}"
    assert "COD" not in boss.get(page).get_data(as_text=True), "nothing is collected with this load"
    boss.post(f"{page}/list", data=form())
    words, _, _ = paper(boss.get(f"/labels/bundles/{made(life).bundle_id}.pdf").data)
    assert "COD to collect" not in words
    with life.app.app_context(), transaction():
        first = session().scalars(select(Parcel).where(Parcel.manifest_id == load.id)).first()
        names = ("shipment_id", "warehouse_id", "owner_id", "carrier_id", "state", "weight_g", "manifest_id", "created_at",
                 "handed_over_at")  # fmt: skip
        session().add(
            Parcel(n=first.n + 1, client_reference="second", tracking_number="SECOND-0001",
                   **{name: getattr(first, name) for name in names})
        )  # fmt: skip
        order_id = session().get_one(Shipment, first.shipment_id).subject_id
        session().add(OrderExtra(order_id=order_id, packing=[], cod_minor=123456, cod_currency="EUR"))
    shown = re.sub(r"<[^>]+>|\s+", " ", boss.get(page).get_data(as_text=True))
    assert shown.count("1,234.56 EUR") == 3, "in the head, with its parcel, below the table"
    assert "COD to collect: 1,234.56 EUR (1 parcel)" in re.sub(" +", " ", shown)
    boss.post(f"{page}/list", data=form())
    words, _, _ = paper(boss.get(f"/labels/bundles/{made(life).bundle_id}.pdf").data)
    assert words.count("1,234.56 EUR") == 2, "with its parcel, and as the sum"
    assert "SECOND-0001" in words and "COD to collect / 代收合计: 1,234.56 EUR" in words
    boss.post("/language", data={"language": "zh-CN"})
    assert "代收合计" in boss.get(page).get_data(as_text=True)


def test_the_gate_prints_the_list_on_its_printer_and_closes_the_load(cast, client, life, load):
    picker = cast.sign_in(client, cast.picker)
    with life.app.app_context(), transaction():
        station_id, label = (
            session()
            .execute(select(Station.id, Station.barcode).where(Station.id == cast.overseas.stations["P01"]))
            .one()
        )
        agent = printing.add_agent(cast.supervisor, cast.overseas.id, "gate")
        printing.enrol(agent.text, "gate", "1.1.0")
        draft = PrinterDraft(agent.id, "Office A4", "ipp", "ipp://10.0.0.9/ipp/print", width_mm=210.0, height_mm=297.0)
        printer_id = printing.save_printer(cast.supervisor, draft).id
        printing.bind_station(cast.supervisor, station_id, "manifest", printer_id)
    picker.post("/floor/station", data=form(barcode=label))
    page = picker.get("/floor/loads").text
    assert load.number in page
    without = picker.post(f"/floor/loads/{load.id}/list", data=form())  # its agent has not asked yet
    assert "/labels/bundles/" in without.headers["Location"]
    with life.app.app_context(), transaction():
        printing.note_poll(agent.id, "gate", "1.1.0", 0, [printing.Told(printer_id, "ready", "")])
    printed = picker.post(f"/floor/loads/{load.id}/list", data=form())
    assert "Office A4" in picker.get(printed.headers["Location"]).text
    document = made(life)
    with life.app.app_context(), transaction():
        job = session().scalars(select(PrintJob).where(PrintJob.document_id == document.id)).one()
        assert (job.printer_id, job.state, job.dup_policy) == (printer_id, "queued", "retry_ok")
        assert printing.offers(agent.id) == [(job.id, printer_id)]
    assert f"/floor/loads/{load.id}/close" not in page, "it is asked for first"
    assert f"/floor/loads/{load.id}/close" in picker.get(f"/floor/loads?ask={load.id}").text
    assert picker.post(f"/floor/loads/{load.id}/close", data=form()).status_code == 303
    with life.app.app_context():
        assert session().get_one(Manifest, load.id).state == "closed"
    closed = picker.get("/floor/loads?closed=1").text
    assert load.number in closed and "?ask=" not in closed, "its list can be printed still"
    picker.post("/language", data={"language": "zh-CN"})
    shown = picker.get("/floor/loads").text
    assert "打印清单" in shown
    assert not re.search(r">(Print the list|Loads|Back to the work)<", shown)


def test_who_has_nothing_to_do_with_a_load_gets_no_list(cast, client, life, load):
    seller = cast.sign_in(client, cast.acme_person)
    clerk = cast.sign_in(client, cast.customs_clerk)
    for path in (f"/office/manifests/{load.id}/list", f"/floor/loads/{load.id}/list"):
        assert seller.post(path, data=form()).status_code == 403
        assert clerk.post(path, data=form()).status_code in (403, 404)
    boss = cast.sign_in(client, cast.supervisor)
    assert boss.post(f"/office/manifests/{new_id()}/list", data=form()).status_code == 404
    with life.app.app_context():
        assert session().scalars(select(LabelDocument).where(LabelDocument.kind == "manifest")).all() == []


def test_an_empty_load_has_no_list(cast, client, life, load):
    with life.app.app_context(), transaction():
        values: dict[str, Any] = {name: getattr(load, name) for name in ("warehouse_id", "carrier_id", "created_at")}
        session().get_one(Manifest, load.id).state = "closed"
        session().flush()
        empty = Manifest(id=new_id(), number="MF-EMPTY", state="open", **values)
        session().add(empty)
        session().flush()
        with pytest.raises(Refused) as caught:
            request_load_list(cast.supervisor, empty.id)
        assert caught.value.code == "load_empty"
        gone = LabelDocument(subject_id=new_id(), width_mm=210.0, height_mm=297.0)
        (content,) = load_lists([gone])
        assert isinstance(content, LabelRefused)
        session().rollback()
