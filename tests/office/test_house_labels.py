"""Labels of what stands in a building: in every size, what they say, and who may ask."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from labels import KINDS, LabelRefused
from tests.office.test_pages import form
from wms.core.checkdigits import is_valid_sscc
from wms.facility.models import HandlingUnit, LocationKind, Zone
from wms.facility.queries import system_location
from wms.platform import outbox
from wms.platform.database import session, transaction
from wms.printing import service as printing
from wms.printing.documents import zone_signs
from wms.printing.models import LabelBundle, LabelDocument, PrintJob
from wms.printing.service import PrinterDraft
from wms.printing.unit_labels import code_on_label


@pytest.fixture
def page(cast, life) -> str:
    return f"/office/warehouses/{cast.overseas.id}"


def perform(life) -> None:
    with life.app.app_context():
        for job_id, _ in outbox.due_jobs(age_seconds=-60):
            outbox.perform(job_id)


def documents(life, kind: str) -> list[LabelDocument]:
    with life.app.app_context():
        found = (
            session().scalars(select(LabelDocument).where(LabelDocument.kind == kind).order_by(LabelDocument.id)).all()
        )
        session().expunge_all()
        return list(found)


def test_signs_and_labels_come_in_each_size_of_their_kind(cast, client, life, page):
    boss = cast.sign_in(client, cast.supervisor)
    wanted = {kind: [size.name for size in KINDS[kind].sizes] for kind in ("zone", "station", "tote")}
    for kind, sizes in wanted.items():
        for size in sizes:
            assert boss.post(f"{page}/labels", data=form(kind=kind, size=size)).status_code == 302, (kind, size)
    perform(life)
    for kind, sizes in wanted.items():
        made = documents(life, kind)
        assert {f"{each.width_mm:g}x{each.height_mm:g}" for each in made} == set(sizes)
        assert {each.state for each in made} == {"ready"}


def test_a_zone_sign_names_its_zone_and_aisles(cast, life):
    with life.app.app_context(), transaction():
        zone = session().scalars(select(Zone).where(Zone.warehouse_id == cast.overseas.id, Zone.code == "A")).one()
        sign, gone = zone_signs([LabelDocument(subject_id=zone.id, width_mm=297.0, height_mm=210.0),
                                 LabelDocument(subject_id=cast.overseas.id, width_mm=297.0, height_mm=210.0)])  # fmt: skip
    assert (sign.code, sign.barcode) == ("A", "")  # type: ignore[union-attr]
    assert isinstance(gone, LabelRefused)


def test_pallets_are_numbered_on_and_bear_an_sscc_where_there_is_a_prefix(cast, client, life, page):
    boss = cast.sign_in(client, cast.supervisor)
    boss.post(f"{page}/units", data=form(kind="pallet", count=2, prefix="pal"))
    life.app.extensions["wms_config"] = replace(life.app.extensions["wms_config"], gs1_prefix="4012345")
    answer = boss.post(f"{page}/units", data=form(kind="pallet", count=1, prefix="pal", bin="a-01-01-1"))
    assert answer.status_code == 302
    with life.app.app_context():
        query = select(HandlingUnit).where(HandlingUnit.kind == "pallet").order_by(HandlingUnit.code)
        units = session().scalars(query).all()
        dock = system_location(cast.overseas.id, LocationKind.DOCK).id
    assert [each.code for each in units] == ["PAL0001", "PAL0002", "PAL0003"]
    assert units[0].barcode.startswith("B-") and is_valid_sscc(units[2].barcode)
    assert [each.location_id for each in units] == [dock, dock, cast.overseas.locations["A-01-01-1"]]
    perform(life)
    codes = [code_on_label(each.barcode) for each in units]
    assert codes[2] == f"(00){units[2].barcode}"
    assert [(each.state, each.barcode) for each in documents(life, "pallet")] == [("ready", code) for code in codes]
    refused = boss.post(f"{page}/units", data=form(kind="pallet", count=1, bin="NOWHERE"))
    assert refused.status_code == 422 and "NOWHERE" in refused.text


@pytest.fixture
def printer(cast, life) -> tuple[object, object]:
    """A label printer of 100 × 60 mm, and one of 100 × 150, whose agent lives."""
    with life.app.app_context(), transaction():
        agent = printing.add_agent(cast.supervisor, cast.overseas.id, "office")
        printing.enrol(agent.text, "office", "1.1.0")
        sizes = {"small": 60.0, "large": 150.0}
        small, large = (
            printing.save_printer(
                cast.supervisor,
                PrinterDraft(agent.id, name, "raw", "socket://10.0.0.9:9100", width_mm=100.0, height_mm=height),
            ).id
            for name, height in sizes.items()
        )
        printing.note_poll(
            agent.id, "office", "1.1.0", 0, [printing.Told(each, "ready", "") for each in (small, large)]
        )
    return small, large


def test_the_office_chooses_a_printer_that_fits(cast, client, life, page, printer):
    small, large = printer
    of_totes = select(PrintJob).join(LabelDocument).where(LabelDocument.kind == "tote")
    boss = cast.sign_in(client, cast.supervisor)
    boss.post(f"{page}/labels", data=form(kind="tote", size="100x60"))
    perform(life)
    with life.app.app_context():
        bundle = (
            session()
            .scalars(
                select(LabelBundle).where(
                    LabelBundle.id.in_(select(LabelDocument.bundle_id).where(LabelDocument.kind == "tote"))
                )
            )
            .first()
        )
        assert bundle is not None
        here = f"/labels/bundles/{bundle.id}"
    shown = boss.get(here).text
    assert f'value="{small}"' in shown and f'value="{large}"' not in shown
    assert boss.post(f"{here}/print", data=form(printer=large, next=here)).headers["Location"] == here
    with life.app.app_context():
        assert session().scalars(of_totes).all() == [], "refused, and nothing is half asked for"
    command = form(printer=small, next=here)
    for _ in range(2):  # pressed twice, or sent again
        assert boss.post(f"{here}/print", data=command).headers["Location"] == here
    with life.app.app_context():
        jobs = session().scalars(of_totes).all()
        labels = len(session().scalars(select(LabelDocument).where(LabelDocument.bundle_id == bundle.id)).all())
    assert len(jobs) == labels and {each.printer_id for each in jobs} == {small}
    assert {each.batch_seq for each in jobs} == set(range(1, labels + 1))


def test_no_printer_of_another_house_and_none_for_sellers(cast, client, life, page, printer):
    boss = cast.sign_in(client, cast.supervisor)
    boss.post(f"{page}/labels", data=form(kind="tote", size="100x60"))
    perform(life)
    with life.app.app_context(), transaction():
        bundle_id = session().scalars(select(LabelDocument.bundle_id).where(LabelDocument.kind == "tote")).first()
        agent = printing.add_agent(cast.admin, cast.bonded.id, "other")
        draft = PrinterDraft(agent.id, "Other", "raw", "socket://10.0.0.9:9100", width_mm=100.0, height_mm=60.0)
        other = printing.save_printer(cast.admin, draft).id
    assert boss.post(f"/labels/bundles/{bundle_id}/print", data=form(printer=other)).status_code == 404
    seller = cast.sign_in(client, cast.acme_person)
    assert seller.post(f"/labels/bundles/{bundle_id}/print", data=form(printer=printer[0])).status_code == 403
    assert seller.post(f"{page}/labels", data=form(kind="tote")).status_code == 403


@pytest.mark.parametrize(("fields", "status"), [
    ({"kind": "waybill"}, 404), ({"kind": ""}, 404), ({"kind": "tote", "size": "1x1"}, 422),
    ({"kind": "zone", "of": "nonsense"}, 404), ({"kind": "put-wall", "of": "NOWALL"}, 302),
])  # fmt: skip
def test_what_there_is_not_is_refused(fields, status, cast, client, life, page):
    boss = cast.sign_in(client, cast.supervisor)
    before = life.ask("SELECT count(*) FROM label_document")
    assert boss.post(f"{page}/labels", data=form(**fields)).status_code == status
    assert life.ask("SELECT count(*) FROM label_document") == before
