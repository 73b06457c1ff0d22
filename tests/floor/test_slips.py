"""A packing slip where the order or its seller wants one: printed when the tote is opened, put in before the scale."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.floor.test_packing import bench, stage, tote_of
from tests.floor.worker import CODES, MUG, Tablet, tracking_numbers
from tests.outbound.stage import Stage
from tests.outbound.test_lanes import lane
from wms.core.ids import new_id
from wms.facility.packaging import service as catalogue
from wms.outbound.models import Order
from wms.outbound.packing_slips import request_packing_slip
from wms.outbound.rules import Fill
from wms.outbound.service import cut_offs
from wms.platform.database import commit, session, transaction
from wms.printing import service as printing
from wms.printing.models import LabelDocument, PrintJob
from wms.printing.service import PrinterDraft

__all__ = ["bench", "stage"]


def wish(stage: Stage, order: Order, whose: str) -> None:
    if whose == "seller":
        stage.do(cut_offs.set_terms, stage.cast.acme, stage.cast.ACME.id, Fill.ALL, pack_photo=False, pack_slip=True)
    elif whose == "order":
        insert = text("INSERT INTO order_extra (order_id, packing) VALUES (:order, ARRAY['packing_slip'])")
        session().execute(insert, {"order": order.id})
        commit()


def slips() -> list[LabelDocument]:
    session().expire_all()
    query = select(LabelDocument).where(LabelDocument.kind == "packing-slip")
    return list(session().scalars(query.order_by(LabelDocument.version)))


def opened(cast: Any, client: Any, order: Order) -> Tablet:
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.start("pack")
    tablet.scan(tote_of(order))
    return tablet


def slip_printer(cast: Any) -> uuid.UUID:
    """A printer for slips at the bench."""
    with transaction():
        station = cast.overseas.stations["P01"]
        agent = printing.add_agent(cast.supervisor, cast.overseas.id, "bench")
        printing.enrol(agent.text, "bench", "1.1.0")
        draft = PrinterDraft(agent.id, "Slips", "raw", "socket://10.0.0.9:9100", width_mm=100.0, height_mm=150.0)
        printer = printing.save_printer(cast.supervisor, draft).id
        printing.bind_station(cast.supervisor, station, "packing-slip", printer)
        printing.note_poll(agent.id, "bench", "1.1.0", 0, [printing.Told(printer, "ready", "")])
    return printer


def seated(cast: Any, client: Any, work: str) -> Tablet:
    """A tablet at the bench that has the printer."""
    station = cast.overseas.stations["P01"]
    label = session().execute(text("SELECT barcode FROM station WHERE id = :id"), {"id": station}).scalar_one()
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.caller.post("/floor/station", data={"barcode": label})
    tablet.start(work)
    return tablet


def at_bench(cast: Any, client: Any, order: Order) -> Tablet:
    """Its tote is opened at the bench."""
    tablet = seated(cast, client, "pack")
    tablet.scan(tote_of(order))
    return tablet


def test_what_goes_in_is_one_line_and_is_said_once(cast, client, stage: Stage, bench: Order) -> None:
    wish(stage, bench, "order")
    stage.do(catalogue.add_insert, cast.admin, cast.overseas.id, "Summer & sun", None, None)
    shown = opened(cast, client, bench).look()
    assert "Put in: Summer &amp; sun, Packing slip" in shown
    assert shown.count('class="panel insert"') == 1, "the goods to be checked keep the room"
    assert "With a packing slip" not in shown


@pytest.mark.parametrize("whose", ["order", "seller", "nobody"])
def test_it_is_printed_once_and_put_in_before_the_scale(cast, client, stage: Stage, bench: Order, whose: str) -> None:
    wish(stage, bench, whose)
    tablet = opened(cast, client, bench)
    assert ("Put in: Packing slip" in tablet.look()) is (whose != "nobody")
    assert [each.subject_id for each in slips()] == ([] if whose == "nobody" else [bench.id])
    tablet.scan(CODES[MUG])
    told = tablet.scan("CMD-FULL")["code"]
    if whose == "nobody":
        assert (told, tablet.step) == ("box_full", "weigh")
        return
    assert (told, tablet.step) == ("box_inserts_first", "inserts")
    shown = tablet.look()
    assert f"/floor/papers/orders/{bench.id}/slip" in shown and "Packing slip" in shown
    assert tablet.scan("CMD-OK")["code"] == "inserts_in"
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    tablet.scan(tracking_numbers()[0])
    assert "slip" not in tablet.seen["plan"], "the second parcel has none"
    tablet.scan("CMD-BACK")
    tablet.scan(tote_of(bench))
    assert len(slips()) == 1, "opened again, not printed again"


def test_it_comes_out_of_the_bench_s_printer_in_that_printer_s_size(cast, client, stage: Stage, bench: Order) -> None:
    wish(stage, bench, "order")
    printer = slip_printer(cast)
    tablet = at_bench(cast, client, bench)
    (slip,) = slips()
    assert slip.size_mm == (100.0, 150.0)
    job = session().scalars(select(PrintJob).where(PrintJob.document_id == slip.id)).one()
    assert (job.printer_id, job.state) == (printer, "queued")
    again = tablet.caller.post(
        f"/floor/papers/orders/{bench.id}/slip", data={"command_id": str(new_id()), "next": "/floor/work/pack"}
    )
    assert again.headers["Location"].endswith("/floor/work/pack")
    assert len(slips()) == 2


def test_a_slip_that_the_seller_had_made_is_not_the_one_in_the_parcel(cast, client, stage: Stage, bench: Order) -> None:
    """A file that somebody in an office looks at is no paper at the bench."""
    wish(stage, bench, "order")
    stage.do(request_packing_slip, stage.cast.acme, bench.id)
    printer = slip_printer(cast)
    at_bench(cast, client, bench)
    made = slips()
    assert len(made) == 2
    job = session().scalars(select(PrintJob)).one()
    assert (job.printer_id, job.document_id) == (printer, made[-1].id)
    at_bench(cast, client, bench)
    assert len(slips()) == 2


@pytest.mark.parametrize("whose", ["order", "seller"])
def test_the_fast_lane_prints_it_with_the_waybill(cast, client, stage: Stage, whose: str) -> None:
    """Two scans a parcel as before; an item that is put back and taken again prints no second one."""
    stage.stock(MUG, 2)
    wished, other = stage.order({MUG: 1}), stage.order({MUG: 1})
    wish(stage, wished, whose)
    printer = slip_printer(cast)
    lane(stage, wished, other)
    tablet = seated(cast, client, "lane")
    tablet.scan(CODES[MUG])
    assert tablet.step == "scan_waybill"
    assert "Put in: Packing slip" in tablet.look()
    (slip,) = slips()
    job = session().scalars(select(PrintJob).where(PrintJob.document_id == slip.id)).one()
    assert (slip.subject_id, job.printer_id) == (wished.id, printer)
    assert tablet.scan("CMD-UNDO")["code"] == "lane_given_back"
    tablet.scan(CODES[MUG])
    assert len(slips()) == 1
    again = tablet.caller.post(
        f"/floor/papers/orders/{wished.id}/slip", data={"command_id": str(new_id()), "next": "/floor/work/lane"}
    )
    assert again.headers["Location"].endswith("/floor/work/lane")
    assert f"/floor/papers/orders/{wished.id}/slip" in tablet.look(), "where it did not come out"
    assert tablet.scan(tablet.seen["tracking_number"])["code"] == "parcel_closed"
    tablet.scan(CODES[MUG])
    assert ("Put in: Packing slip" in tablet.look()) is (whose == "seller")
    assert {each.subject_id for each in slips()} == ({wished.id, other.id} if whose == "seller" else {wished.id})


def test_a_seller_asks_for_them_on_their_terms(cast, client, stage: Stage) -> None:
    seller = cast.sign_in(client, cast.acme_person)
    for wanted in ({"pack_slip": "1"}, {}):
        form = {"command_id": str(new_id()), "seller": "ACME", "fill": "partial", **wanted}
        assert seller.post("/portal/orders/terms", data=form).status_code == 302
        session().expire_all()
        terms = cut_offs.terms_of(cast.ACME.id)
        assert terms is not None and terms.pack_slip is bool(wanted)
