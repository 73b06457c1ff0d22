"""The office's pages: who sees them, and what a supervisor or clerk does there."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, text

from tests.life import MUG, announce, fresh, order, said
from tests.refused_forms import refused
from wms.catalog import service as catalog
from wms.catalog.queries import products_by_ids
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.customs.service import record_book_receipt
from wms.facility.models import Warehouse
from wms.inbound import service as inbound
from wms.inbound.models import Carton
from wms.inbound.service import CountDraft
from wms.inventory import service as stock
from wms.office import queries
from wms.outbound.models import OrderException, Wave
from wms.outbound.service import waves
from wms.platform.database import session, transaction

SUPERVISOR = (
    "/office/", "/office/orders", "/office/waves", "/office/exceptions", "/office/bins", "/office/stock",
    "/office/customs",
)  # fmt: skip


def text_of(answer) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:400]
    return unescape(answer.get_data(as_text=True))


def form(**fields: object) -> dict[str, str]:
    return {"command_id": str(new_id()), **{name: str(value) for name, value in fields.items()}}


def test_nobody_is_led_to_the_login(client):
    for path in SUPERVISOR:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"][:6]) == (302, "/login"), path


def test_a_supervisor_sees_every_page(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    for path in SUPERVISOR:
        assert supervisor.get(path).status_code == 200, path


def headings(answer) -> list[str]:
    return re.findall(r'class="nav-group">([^<]+)<', answer.get_data(as_text=True))


def test_the_navigation_of_staff_has_a_heading_for_each_part_once(cast, client, life):
    admin = cast.sign_in(client, cast.admin)
    parts = ["Goods in", "Goods out", "Stock control", "Customs", "Labels and printers", "Administration"]
    assert headings(admin.get("/office/")) == parts * 2  # beside the page, and in the menu of a phone
    assert headings(cast.sign_in(client, cast.acme_person).get("/portal/stock")) == []


def test_a_label_leads_to_its_own_field_where_forms_have_fields_of_one_name(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    row = life.ask("SELECT b.id FROM balance b JOIN location l ON l.id = b.location_id WHERE b.on_hand > 0"
                   " AND l.kind = 'storage' LIMIT 1")  # fmt: skip
    waiting = life.ask("SELECT id FROM outbound_order WHERE state = 'promised' LIMIT 1")
    for page in (f"/office/stock/{row}", "/office/bins", f"/portal/orders/{waiting}"):
        shown = text_of(supervisor.get(page))
        ids, wanted = re.findall(r' id="([^"]+)"', shown), re.findall(r'<label [^>]*for="([^"]+)"', shown)
        assert wanted and [name for name in wanted if ids.count(name) != 1] == [], page


def test_sellers_see_none_of_it(cast, client):
    seller = cast.sign_in(client, cast.acme_person)
    for path in SUPERVISOR:
        assert seller.get(path).status_code == 403, path


@pytest.mark.parametrize(("person", "first_page"), [("supervisor", "/office/"), ("customs_clerk", "/office/customs")])
def test_staff_begin_at_their_desk(cast, client, person, first_page):
    assert cast.sign_in(client, getattr(cast, person)).get("/").headers["Location"] == first_page


def test_the_board_counts_orders_by_state(cast, client, life):
    shown = text_of(cast.sign_in(client, cast.supervisor).get("/office/"))
    assert "Ready for a wave" in shown
    assert "Hamburg 1" in shown
    admin = cast.sign_in(client, cast.admin)
    admin.post("/language", data={"language": "zh-CN"})
    assert "待下发" in text_of(admin.get("/office/"))


def test_a_wave_under_way_is_on_the_board_however_many_are_done_since(cast, client, life):
    with life.app.app_context(), transaction():
        mine = session().scalars(select(Wave).where(Wave.state == "released").order_by(Wave.id)).first()
        for number in range(10):
            session().add(Wave(
                id=new_id(), warehouse_id=mine.warehouse_id, number=f"WV-LATER-{number}", state="done",
                created_at=mine.created_at, released_at=mine.released_at + timedelta(minutes=1 + number),
                planned_m=0, bin_order_m=0, unplanned_m=0,
            ))  # fmt: skip
        number = mine.number
    shown = cast.sign_in(client, cast.supervisor).get("/office/").text
    assert (number in shown, "WV-LATER-9" in shown) == (True, False)


def test_the_board_says_what_is_at_risk_and_what_is_late(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    change = text("UPDATE outbound_order SET release_by = now() + :release * interval '1 minute',"
                  " ship_by = now() + :ship * interval '1 minute' WHERE id = :id")  # fmt: skip
    for release, ship, at_risk, late in ((600, 700, 0, 0), (50, 170, 1, 0), (-10, 110, 1, 0), (-130, -10, 0, 1)):
        with life.app.app_context(), transaction():
            session().execute(change, {"id": life.promised.id, "release": release, "ship": ship})
            mine = next(each for each in queries.orders_by_state(cast.supervisor) if each["code"] == "DE1")
        assert (mine["at_risk"], mine["late"]) == (at_risk, late)
        shown = text_of(supervisor.get("/office/"))
        assert ("their truck has left" in shown, "to be released within the hour" in shown) == (True, True)


def test_a_wave_is_released_by_hand_once(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    wanted = form(warehouse=cast.overseas.id, limit=10)
    made = supervisor.post("/office/waves", data=wanted)
    assert "Walk" in text_of(supervisor.get(made.headers["Location"]))
    assert supervisor.post("/office/waves", data=wanted).headers["Location"] == made.headers["Location"]
    assert life.ask("SELECT state FROM outbound_order WHERE id = :id", id=life.promised.id) == "waved"
    again = supervisor.post("/office/waves", data=form(warehouse=cast.overseas.id, limit=7))
    assert refused(again, "/office/waves/plans", limit="7") == ["No order is ready for a wave."]


def stopped(cast, life, reference: str) -> uuid.UUID:
    """An order whose picker found too little; the id of its exception."""
    with life.app.app_context(), transaction():
        made = order(cast, reference, [(MUG, 1)])
        waves.release_wave(cast.supervisor, cast.overseas.id, order_ids=[made.id])
        found = OrderException(
            id=new_id(), warehouse_id=made.warehouse_id, order_id=made.id, kind="short_at_pick",
            created_at=made.created_at,
        )  # fmt: skip
        session().add(found)
        session().flush()
        return found.id


def test_a_supervisor_cancels_an_order_that_has_stopped(cast, client, life):
    found = stopped(cast, life, "SHOP-X")
    supervisor = cast.sign_in(client, cast.supervisor)
    assert "Too little at the bin" in text_of(supervisor.get("/office/exceptions"))
    supervisor.post(f"/office/exceptions/{found}", data=form(decision="cancel"))
    assert "Nothing has stopped" in text_of(supervisor.get("/office/exceptions"))
    assert life.ask("SELECT resolution FROM order_exception WHERE id = :id", id=found) == "cancel"
    again = supervisor.post(f"/office/exceptions/{found}", data=form(decision="resolved"))
    assert said(life.app, again) == ["Somebody decided this already."]


def test_a_decision_that_does_not_exist_is_no_page(cast, client, life):
    found = stopped(cast, life, "SHOP-Y")
    answer = cast.sign_in(client, cast.supervisor).post(f"/office/exceptions/{found}", data=form(decision="burn"))
    assert answer.status_code == 404


def test_bins_are_made_by_a_pattern(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    wanted = form(zone="A", pattern="B-{aisle:02}-{bay:02}", aisles_first=1, aisles_last=2, bays_first=1, bays_last=3)
    made = supervisor.post(f"/office/bins/{cast.overseas.id}", data=wanted)
    assert made.status_code == 302
    assert said(life.app, made) == ["6 bins are made."]
    assert "B-02-03" in text_of(supervisor.get(made.headers["Location"] + "&q=B-"))
    again = supervisor.post(f"/office/bins/{cast.overseas.id}", data={**wanted, "command_id": str(new_id())})
    assert again.status_code == 422
    assert "is already there." in again.get_data(as_text=True)


def test_the_floor_sees_bins_and_makes_none(cast, client, life):
    picker = cast.sign_in(client, cast.picker, face="portal")
    assert "A-01-01-1" in text_of(picker.get("/office/bins"))
    answer = picker.post(f"/office/bins/{cast.overseas.id}", data=form(zone="A", pattern="C-{aisle}"))
    assert answer.status_code == 403
    assert life.ask("SELECT count(*) FROM location WHERE code LIKE 'C-%'") == 0


def test_labels_of_a_zone_become_a_file(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    made = supervisor.post(f"/office/bins/{cast.overseas.id}/labels", data=form(zone="PACK"))
    assert "1 label" in text_of(supervisor.get(made.headers["Location"]))


def mug_row(cast, life) -> int:
    """The row of ACME's mugs in A-01-01-1."""
    found: int = life.ask(
        "SELECT id FROM balance WHERE product_id = :product AND location_id = :place",
        product=cast.ACME.products[MUG], place=cast.overseas.locations["A-01-01-1"],
    )  # fmt: skip
    return found


def test_a_count_puts_the_book_right(cast, client, life):
    row = mug_row(cast, life)
    supervisor = cast.sign_in(client, cast.supervisor)
    before = life.ask("SELECT on_hand FROM balance WHERE id = :id", id=row)
    wrong = supervisor.post(f"/office/stock/{row}/count", data=form(counted="lots"))
    assert wrong.status_code == 422
    assert life.ask("SELECT on_hand FROM balance WHERE id = :id", id=row) == before
    counted = supervisor.post(f"/office/stock/{row}/count", data=form(counted=before - 2))
    assert said(life.app, counted) == ["The book was put right."]
    assert life.ask("SELECT on_hand FROM balance WHERE id = :id", id=row) == before - 2


def test_a_count_above_the_limit_waits_for_approval(cast, client, life):
    row = mug_row(cast, life)
    before = life.ask("SELECT on_hand FROM balance WHERE id = :id", id=row)
    counted = cast.sign_in(client, cast.supervisor).post(f"/office/stock/{row}/count", data=form(counted=before - 12))
    assert said(life.app, counted) == ["It is worth more than the limit: somebody else has to approve it."]
    assert life.ask("SELECT on_hand FROM balance WHERE id = :id", id=row) == before
    admin = cast.sign_in(client, cast.admin)
    assert "Counted" in text_of(admin.get("/office/adjustments"))
    waiting = life.ask("SELECT id FROM stock_adjustment WHERE state = 'requested'")
    assert said(life.app, admin.post(f"/office/adjustments/{waiting}/approve", data=form())) == ["Decided."]
    assert life.ask("SELECT on_hand FROM balance WHERE id = :id", id=row) == before - 12


def test_a_hold_is_placed_and_ended(cast, client, life):
    row = mug_row(cast, life)
    supervisor = cast.sign_in(client, cast.supervisor)
    supervisor.post(f"/office/stock/{row}/hold", data=form(scope="product", reason="recall"))
    assert "This product in the whole warehouse" in text_of(supervisor.get("/office/stock"))
    assert life.ask("SELECT held_by FROM balance WHERE id = :id", id=row) == 1
    hold = life.ask("SELECT id FROM stock_hold WHERE ended_at IS NULL")
    supervisor.post(f"/office/holds/{cast.overseas.id}/{hold}/end", data=form())
    assert life.ask("SELECT held_by FROM balance WHERE id = :id", id=row) == 0


def bonded_order(cast, life) -> uuid.UUID:
    """ACME's mugs in bond, booked by customs, and an order of them that waits for its release."""
    with life.app.app_context(), transaction():
        booking = inbound.create_booking(cast.acme, announce("PO-NB", [[(MUG, 10)]], "NGB1"), submitted=True)
        fresh()
        inbound.arrive_booking(cast.receiver, booking.id)
        carton = session().scalars(select(Carton.id).where(Carton.booking_id == booking.id)).one()
        fresh()
        inbound.count_many(cast.receiver, carton, [CountDraft(cast.ACME.products[MUG], 10)])
        fresh()
        inbound.close_carton(cast.receiver, carton)
        fresh()
        place = cast.bonded.locations["A-01-01-1"]
        inbound.put_away(cast.receiver, carton, cast.ACME.products[MUG], 10, place)
        fresh()
        record_book_receipt(cast.customs_clerk, cast.bonded.id, "1", "QD-IN-1", 10)
        fresh()
        return order(cast, "SHOP-NB", [(MUG, 2)], warehouse="NGB1", id_number="11010519491231002X").id


def test_a_clerk_types_in_the_release_of_an_order(cast, client, life):
    order_id = bonded_order(cast, life)
    clerk = cast.sign_in(client, cast.customs_clerk)
    assert "SHOP-NB" in text_of(clerk.get("/office/customs"))
    empty = clerk.post(f"/office/customs/{order_id}/release", data=form(document=" "))
    assert empty.status_code == 422
    assert life.ask("SELECT customs_state FROM outbound_order WHERE id = :id", id=order_id) == "waiting"
    done = clerk.post(f"/office/customs/{order_id}/release", data=form(document="QD310526I000000001"))
    assert done.status_code == 302
    assert life.ask("SELECT customs_state FROM outbound_order WHERE id = :id", id=order_id) == "released"
    assert life.ask("SELECT sum(quantity) FROM permit WHERE subject_id = :id", id=order_id) == 2
    assert "SHOP-NB" not in text_of(clerk.get("/office/customs"))


def test_a_clerk_counts_nothing_and_releases_no_unbonded_order(cast, client, life):
    clerk = cast.sign_in(client, cast.customs_clerk)
    assert clerk.get(f"/office/stock/{mug_row(cast, life)}").status_code == 403
    answer = clerk.post(f"/office/customs/{life.promised.id}/release", data=form(document="QD1"))
    assert answer.status_code == 422  # not of the clerk's warehouse: as if it were not there
    assert life.ask("SELECT customs_state FROM outbound_order WHERE id = :id", id=life.promised.id) == "none"


PHONE = {
    "sku": "PHONE-C", "name_en": "Phone", "name_zh": "手机", "declared_weight_g": 200, "declared_length_mm": 150,
    "declared_width_mm": 70, "declared_height_mm": 8, "serial_control": "full", "declared_value_minor": 4_000,
    "declared_currency": "USD",
}  # fmt: skip


def test_a_count_under_serial_control_names_the_numbers_that_are_there(cast, client, life):
    with life.app.app_context(), transaction():
        phone = catalog.create_product(cast.acme_person, PHONE).id
        warehouse, facts = session().get_one(Warehouse, cast.overseas.id), products_by_ids([phone])[phone]
        goods = stock.goods(warehouse, facts, cast.overseas.locations["A-01-01-1"])
        stock.receive(SYSTEM, goods, 2, stock.Subject("test", None), serials=["N1", "N2"])
    row = life.ask("SELECT id FROM balance WHERE product_id = :p", p=phone)
    supervisor = cast.sign_in(client, cast.supervisor)
    assert 'name="serials"' in text_of(supervisor.get(f"/office/stock/{row}"))
    assert 'name="serials"' not in text_of(supervisor.get(f"/office/stock/{mug_row(cast, life)}"))
    typed, address = {"counted": "1", "serials": ""}, f"/office/stock/{row}/count"
    told = refused(supervisor.post(address, data=form(**typed)), address, "serials", **typed)
    assert told[0] == "Scan 1 serial numbers, 0 given."
    typed = {"counted": "1", "serials": "N2 N7"}
    told = refused(supervisor.post(address, data=form(**typed)), address, "serials", **typed)
    assert "N7" in told[0] or "2 given" in told[0]
    assert life.ask("SELECT on_hand FROM balance WHERE id = :id", id=row) == 2
    counted = supervisor.post(f"/office/stock/{row}/count", data=form(counted=1, serials=" N2\n"))
    assert said(life.app, counted) == ["The book was put right."]
    assert life.ask("SELECT string_agg(number, ' ') FROM serial WHERE balance_id = :id", id=row) == "N2"
