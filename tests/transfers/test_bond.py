"""Between bonded warehouses: two lists that name each other, nothing leaves before, and both books follow the goods."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.customs.authority import Authority
from tests.outbound.stage import MUG, SERUM, Stage
from tests.transfers.conftest import build
from tests.transfers.test_transfers import (
    TOPICS,
    booking_of,
    cartons_of,
    figures,
    in_two_boxes,
    receive,
    settle_differences,
    transfer,
)
from wms.core.ids import new_id
from wms.core.refusals import RefusalKind
from wms.customs import linked, settling
from wms.customs import service as customs
from wms.customs.audit import CHECKS as CUSTOMS
from wms.customs.models import SettlementKind
from wms.customs.settling import Asked
from wms.facility.models import Location, Warehouse, WarehouseKind
from wms.inbound import service as inbound
from wms.inbound.service import CountDraft
from wms.inventory import unaccounted
from wms.inventory.models import BookItem, Permit
from wms.inventory.queries import Scope
from wms.outbound.models import Order
from wms.outbound.rules import TRANSFER, regime_of
from wms.outbound.service import handover, orders, release
from wms.platform.auditing import run_checks
from wms.platform.database import session, transaction
from wms.transfers import bond
from wms.transfers.audit import CHECKS


@pytest.fixture
def zone(stage: Stage) -> uuid.UUID:
    """A second bonded warehouse."""
    return stage.do(build, "BND2", WarehouseKind.BONDED)


@pytest.fixture(autouse=True)
def customs_agrees(stage: Stage) -> Any:
    yield
    result = run_checks(CUSTOMS)
    session().rollback()
    assert result["ok"], [check for check in result["checks"] if check["violations"]]


def ordered(stage: Stage, units: int = 5) -> Order:
    stage.stock(MUG, units + 3, house=stage.cast.bonded)
    return transfer(stage, {MUG: units}, warehouse="NGB1", to_warehouse="BND2")


def filed(stage: Stage, order: Order) -> Order:
    """Both lists stand, and customs let it go."""
    boss = stage.cast.supervisor
    stage.do(bond.file_out, boss, order.id, "QD-OUT")
    stage.do(bond.file_in, boss, order.id, "QD-IN", "QD-OUT")
    stage.do(release.record_release, boss, order.id, "QD-OUT")
    return order


def packed(stage: Stage, order: Order) -> str:
    stage.wave(house=stage.cast.bonded)
    stage.pick_all(order, stage.cast.bonded)
    return stage.pack(order)


def left(stage: Stage, units: int = 5) -> Order:
    order = filed(stage, ordered(stage, units))
    stage.hand_over(packed(stage, order), stage.cast.bonded)
    stage.jobs(*TOPICS)
    return order


def book(house: uuid.UUID) -> tuple[int, int]:
    session().expire_all()
    item = session().scalars(select(BookItem).where(BookItem.warehouse_id == house)).one()
    return item.booked, item.unbooked


def permits(order: Order) -> list[tuple[str, str, int, int, bool]]:
    session().expire_all()
    rows = session().execute(
        select(Warehouse.code, Permit.kind, Permit.quantity, Permit.used, Permit.withdrawn_at)
        .join(Warehouse, Warehouse.id == Permit.warehouse_id).where(Permit.subject_id == order.id)
        .order_by(Permit.kind)
    )  # fmt: skip
    return [(code, kind, quantity, used, gone is not None) for code, kind, quantity, used, gone in rows]


def test_both_lists_stand_before_customs_lets_it_go(stage: Stage, zone: uuid.UUID) -> None:
    order, boss = ordered(stage), stage.cast.supervisor
    assert order.customs_state == "waiting"
    assert stage.refused(release.record_release, boss, order.id, "QD-OUT").code == "lists_missing"
    assert stage.refused(bond.file_in, boss, order.id, "QD-IN", "QD-OUT").code == "list_out_first"
    stage.do(bond.file_out, boss, order.id, "QD-OUT")
    stage.do(bond.file_out, boss, order.id, "QD-OUT")  # a double click
    assert stage.refused(bond.file_out, boss, order.id, "QD-OTHER").code == "list_filed"
    assert stage.refused(release.record_release, boss, order.id, "QD-OUT").code == "lists_missing"
    assert stage.refused(bond.file_in, boss, order.id, "QD-IN", "QD-ELSE").code == "list_not_linked"
    stage.do(bond.file_in, boss, order.id, "QD-IN", "QD-OUT")
    assert stage.refused(release.record_release, boss, order.id, "QD-IN").code == "list_not_linked"
    assert permits(order) == []
    stage.do(release.record_release, boss, order.id, "QD-OUT")
    assert permits(order) == [("NGB1", "release", 5, 0, False), ("BND2", "transfer_in", 5, 0, False)]
    assert stage.refused(bond.file_out, boss, order.id, "QD-OUT").code == "not_released_twice"
    second = transfer(stage, {MUG: 1}, warehouse="NGB1", to_warehouse="BND2", reference="second")
    assert stage.refused(bond.file_out, boss, second.id, "QD-OUT").code == "document_taken"


def test_packed_goods_wait_at_the_gate_for_both_lists(stage: Stage, zone: uuid.UUID) -> None:
    with transaction():
        session().get_one(Warehouse, stage.cast.bonded.id).before_release = "pack"
    order, boss, picker = ordered(stage), stage.cast.supervisor, stage.cast.picker
    number, house = packed(stage, order), stage.cast.bonded.id
    assert stage.refused(handover.hand_over, picker, house, number).code == "customs_not_released"
    stage.do(bond.file_out, boss, order.id, "QD-OUT")
    assert stage.refused(handover.hand_over, picker, house, number).code == "customs_not_released"
    stage.do(bond.file_in, boss, order.id, "QD-IN", "QD-OUT")
    assert stage.refused(handover.hand_over, picker, house, number).code == "customs_not_released"
    stage.do(release.record_release, boss, order.id, "QD-OUT")
    stage.hand_over(number, stage.cast.bonded)
    assert stage.state(order) == "shipped"


def test_each_parcel_frees_the_book_of_what_is_in_it_and_no_more(stage: Stage, zone: uuid.UUID) -> None:
    """Goods that still stand at the gate are still claimed: nobody else is promised what the book has of them."""
    order, house = filed(stage, ordered(stage, 3)), stage.cast.bonded
    stage.wave(house=house)
    stage.pick_all(order, house)
    claimed = []
    for number in in_two_boxes(stage, order):
        stage.hand_over(number, house)
        session().expire_all()
        item = session().scalars(select(BookItem).where(BookItem.warehouse_id == house.id)).one()
        claimed.append((item.booked, item.promised))
    assert claimed == [(5, 2), (3, 0)]
    assert stage.state(order) == "shipped"


def test_the_goods_leave_one_book_and_enter_the_other(stage: Stage, zone: uuid.UUID) -> None:
    order = left(stage)
    assert stage.state(order) == "shipped"
    assert (book(stage.cast.bonded.id), permits(order)[0]) == ((3, 0), ("NGB1", "release", 5, 5, False))
    receive(stage, order, {MUG: 5})
    assert figures(stage, order) == {MUG: (5, 0, 5, 0, 0)}
    assert (book(zone), permits(order)[1]) == ((0, 5), ("BND2", "transfer_in", 5, 5, False))
    item = session().scalars(select(BookItem.item_number).where(BookItem.warehouse_id == zone)).one()
    stage.do(customs.record_book_receipt, stage.cast.supervisor, zone, item, "QD-IN", 5)
    assert book(zone) == (5, 0)


def test_a_count_is_taken_back_and_its_leave_with_it(stage: Stage, zone: uuid.UUID) -> None:
    order = left(stage)
    carton, boss = cartons_of(order)[0], stage.cast.supervisor
    stage.do(inbound.arrive_carton, boss, carton.barcode, warehouse_id=zone)
    mug = stage.cast.ACME.products[MUG]
    stage.do(inbound.count_many, boss, carton.id, [CountDraft(mug, 4)])
    assert permits(order)[1][3] == 4
    stage.do(inbound.uncount, boss, carton.id)
    assert (permits(order)[1][3], book(zone)) == (0, (0, 0))
    stage.do(inbound.count_many, boss, carton.id, [CountDraft(mug, 5)])
    assert (permits(order)[1][3], book(zone)) == (5, (0, 5))


def test_more_than_was_listed_is_unaccounted_there(stage: Stage, zone: uuid.UUID) -> None:
    order = left(stage)
    receive(stage, order, {MUG: 7})
    assert figures(stage, order) == {MUG: (5, 0, 5, 0, 0)}
    (row,) = unaccounted.rows_seen(Scope())
    assert (row.warehouse, row.over, row.missing) == ("BND2", 2, 0)


def test_what_was_lost_on_the_way_is_missing_there_and_settled(stage: Stage, zone: uuid.UUID) -> None:
    order, boss = left(stage), stage.cast.supervisor
    assert stage.refused(bond.enter_lost, boss, order.id).code == "nothing_lost"  # it is still on its way
    receive(stage, order, {MUG: 3})
    settle_differences(stage, order)
    stage.jobs(*TOPICS)
    assert figures(stage, order) == {MUG: (5, 0, 3, 2, 0)}
    stage.do(bond.enter_lost, boss, order.id)
    assert stage.refused(bond.enter_lost, boss, order.id).code == "nothing_lost"
    assert (figures(stage, order), book(zone)) == ({MUG: (5, 0, 3, 2, 0)}, (0, 5))
    (row,) = unaccounted.rows_seen(Scope())
    assert (row.warehouse, row.missing, row.over) == ("BND2", 2, 0)
    item = session().scalars(select(BookItem.item_number).where(BookItem.warehouse_id == zone)).one()
    stage.do(customs.record_book_receipt, boss, zone, item, "QD-IN", 5)
    made = stage.do(settling.declare, boss, zone, row.id, Asked(SettlementKind.DUTY, 2))
    assert Authority(boss).answer(made.id) == ["settled"]
    assert book(zone) == (3, 0)


def test_what_is_entered_is_not_entered_again_by_another_batch(stage: Stage, zone: uuid.UUID, client: Any) -> None:
    """Another batch came than was sent, so of the one that was sent more is away than was lost. More is entered only when
    more is lost: a carton was opened again and counted anew.
    """
    boss, until = stage.cast.supervisor, date(2029, 8, 31)
    stage.stock(SERUM, 8, house=stage.cast.bonded, batch="SENT", expires_on=until)
    order = filed(stage, transfer(stage, {SERUM: 5}, warehouse="NGB1", to_warehouse="BND2"))
    stage.hand_over(packed(stage, order), stage.cast.bonded)
    stage.jobs(*TOPICS)
    carton, serum = cartons_of(order)[0], stage.cast.ACME.products[SERUM]
    stage.do(inbound.arrive_carton, boss, carton.barcode, warehouse_id=zone)
    stage.do(inbound.count_many, boss, carton.id, [CountDraft(serum, 3, batch="CAME", expires_on=until)])
    stage.do(inbound.close_carton, boss, carton.id)
    settle_differences(stage, order)
    place = session().scalars(select(Location.id).where(Location.warehouse_id == zone, Location.kind == "storage"))
    stage.do(inbound.put_away_all, boss, carton.id, place.first())
    stage.jobs(*TOPICS)
    assert figures(stage, order) == {SERUM: (5, 0, 3, 2, 0)}

    def may_be_entered() -> bool:
        page = stage.cast.sign_in(client, boss).get("/portal/transfers/bond").text
        return f"/portal/transfers/bond/{order.id}/lost" in page

    assert may_be_entered()
    stage.do(bond.enter_lost, boss, order.id)
    assert not may_be_entered()
    assert stage.refused(bond.enter_lost, boss, order.id).code == "nothing_lost"
    session().execute(text("UPDATE transfer_line SET lost = 3"))
    session().commit()
    assert may_be_entered()
    session().execute(text("UPDATE transfer_line SET lost = 2"))
    session().commit()


def test_what_turns_up_after_it_was_entered_as_missing_is_set_off(stage: Stage, zone: uuid.UUID) -> None:
    """A carton that was given up turns up when customs' leave is used up for what was missing: it is over, and both are the
    same goods.
    """
    order, boss = left(stage), stage.cast.supervisor
    carton = cartons_of(order)[0]
    stage.do(inbound.mark_missing, boss, carton.id)
    settle_differences(stage, order)
    stage.jobs(*TOPICS)
    assert figures(stage, order) == {MUG: (5, 0, 0, 5, 0)}
    stage.do(bond.enter_lost, boss, order.id)
    stage.do(inbound.arrive_carton, boss, carton.barcode, warehouse_id=zone)
    stage.do(inbound.count_many, boss, carton.id, [CountDraft(stage.cast.ACME.products[MUG], 5)])
    stage.do(inbound.close_carton, boss, carton.id)
    settle_differences(stage, order)
    stage.jobs(*TOPICS)
    assert figures(stage, order) == {MUG: (5, 0, 0, 5, 0)}  # under the lists nothing came; what did is set off
    (row,) = unaccounted.rows_seen(Scope())
    assert (row.warehouse, row.missing, row.over) == ("BND2", 5, 5)
    place = session().scalars(select(Location.code).where(Location.warehouse_id == zone, Location.kind == "storage"))
    stage.do(settling.set_off, boss, zone, row.id, 5, place.first())
    assert (unaccounted.rows_seen(Scope()), book(zone)) == ([], (0, 5))


def test_a_unit_in_another_carton_than_listed_is_no_surplus(stage: Stage, zone: uuid.UUID) -> None:
    """Customs' leave says how many may come in, whatever carton they lie in."""
    order, boss, mug = left(stage), stage.cast.supervisor, stage.cast.ACME.products[MUG]
    booking, carton = booking_of(order), cartons_of(order)[0]
    session().execute(text("UPDATE carton_line SET declared = 4 WHERE carton_id = :c"), {"c": carton.id})
    session().commit()
    stage.do(inbound.arrive_carton, boss, carton.barcode, warehouse_id=zone)
    stage.do(inbound.count_many, boss, carton.id, [CountDraft(mug, 5)])
    assert (booking.id == booking_of(order).id, permits(order)[1][3], book(zone)) == (True, 5, (0, 5))
    assert not unaccounted.rows_seen(Scope())


def test_nothing_comes_in_without_its_leave(stage: Stage, zone: uuid.UUID) -> None:
    order = left(stage)
    session().execute(text("UPDATE permit SET withdrawn_at = now() WHERE kind = 'transfer_in'"))
    session().commit()
    carton, boss = cartons_of(order)[0], stage.cast.supervisor
    stage.do(inbound.arrive_carton, boss, carton.barcode, warehouse_id=zone)
    draft = [CountDraft(stage.cast.ACME.products[MUG], 1)]
    assert stage.refused(inbound.count_many, boss, carton.id, draft).code == "customs_permit_needed"


def test_refused_lists_are_filed_anew_and_a_cancelled_transfer_has_no_leave(stage: Stage, zone: uuid.UUID) -> None:
    order, boss = ordered(stage), stage.cast.supervisor
    stage.do(bond.file_out, boss, order.id, "QD-OUT")
    stage.do(bond.file_in, boss, order.id, "QD-IN", "QD-OUT")
    stage.do(release.record_refusal, boss, order.id, "QD-OUT", "names differ")
    assert linked.lists_of([order.id]) == {}
    stage.do(bond.file_out, boss, order.id, "QD-OUT-2")
    stage.do(bond.file_in, boss, order.id, "QD-IN-2", "QD-OUT-2")
    stage.do(release.record_release, boss, order.id, "QD-OUT-2")
    stage.do(orders.cancel_order, stage.cast.acme, order.id, None, "buyer_cancelled")
    assert [row[1:] for row in permits(order)] == [("release", 5, 0, True), ("transfer_in", 5, 0, True)]


def test_several_cartons_are_allowed_between_zones(stage: Stage, zone: uuid.UUID) -> None:
    """One order, one list, one parcel is retail's rule."""
    assert regime_of("1210", True).one_parcel
    assert not regime_of("1210", True, TRANSFER).one_parcel
    assert regime_of("1210", True, TRANSFER).needs_release


def test_only_the_clerks_of_each_end(stage: Stage, zone: uuid.UUID, client: Any) -> None:
    order, clerk = ordered(stage), stage.cast.customs_clerk  # of NGB1 only
    for stranger in (stage.cast.picker, stage.cast.acme_person):
        assert stage.refused(bond.file_out, stranger, order.id, "QD-1").kind is RefusalKind.NOT_FOUND
    stage.do(bond.file_out, clerk, order.id, "QD-1")
    assert stage.refused(bond.file_in, clerk, order.id, "QD-2", "QD-1").kind is RefusalKind.NOT_FOUND
    assert stage.refused(bond.enter_lost, clerk, order.id).kind is RefusalKind.NOT_FOUND
    assert stage.refused(bond.file_out, stage.cast.supervisor, new_id(), "QD-1").kind is RefusalKind.NOT_FOUND


def test_the_desk(stage: Stage, zone: uuid.UUID, client: Any) -> None:
    order = ordered(stage)
    boss = stage.cast.sign_in(client, stage.cast.supervisor)

    def post(step: str, **fields: str) -> int:
        path = f"/portal/transfers/bond/{order.id}/{step}"
        return boss.post(path, data={"command_id": str(new_id()), **fields}).status_code

    assert post("in", document="QD-IN", linked_to="QD-OUT") == 422
    assert post("out") == 422
    assert post("out", document="QD-OUT") == 303
    assert "QD-OUT" in boss.get("/portal/transfers/bond").text
    assert post("release", document="QD-OUT") == 422
    assert post("in", document="QD-IN", linked_to="QD-OUT") == 303
    assert post("release", document="QD-OUT") == 303
    assert post("lost") == 422
    page = boss.get("/portal/transfers/bond").text
    assert order.number in page
    assert "QD-IN" in page
    assert stage.cast.sign_in(client, stage.cast.picker).get("/portal/transfers/bond").status_code == 403
    assert "NGB1" in stage.cast.sign_in(client, stage.cast.acme_person).get("/portal/transfers/new").text


CORRUPTIONS = {
    "between zones goods leave when both lists stand and name each other": "DELETE FROM linked_list WHERE side = 'in'",
    "of what a transfer between zones lost, no more is entered as missing than was lost":
        "UPDATE transfer_line SET lost = 1 WHERE lost = 2",
}  # fmt: skip


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_audit_sees_what_is_wrong(stage: Stage, zone: uuid.UUID, name: str) -> None:
    order = left(stage)
    receive(stage, order, {MUG: 3})
    settle_differences(stage, order)
    stage.jobs(*TOPICS)
    stage.do(bond.enter_lost, stage.cast.supervisor, order.id)
    assert booking_of(order).closed_at is not None
    assert run_checks(CHECKS)["ok"]
    session().execute(text(CORRUPTIONS[name]))
    found = [check["name"] for check in run_checks(CHECKS)["checks"] if check["violations"]]
    session().rollback()
    assert name in found
