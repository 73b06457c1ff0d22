"""An order in several parcels: begun, weighed, closed, opened again, handed over and given up one by one."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.outbound.stage import BIN2, CABLE, LAMP, MUG, SERUM, Stage, body, in_days
from tests.outbound.test_concurrency import at_once
from tests.outbound.test_lanes import somebody_waits
from wms.facility.packaging.models import Packaging
from wms.outbound.documents import waybills
from wms.outbound.models import Order
from wms.outbound.queries import order_detail, return_source
from wms.outbound.recall import whereabouts
from wms.outbound.service import boxes, changes, interceptions, packing
from wms.platform.database import db, session, transaction
from wms.printing.models import LabelDocument
from wms.returns.queries import with_customer
from wms.shipping import service as shipping
from wms.shipping.carriers.interface import WISHES
from wms.shipping.models import Parcel


@pytest.fixture
def bench(stage: Stage) -> Order:
    """Two mugs and four cables, picked."""
    stage.stock(MUG, 2)
    stage.stock(CABLE, 4, BIN2)
    order = stage.order({MUG: 2, CABLE: 4})
    stage.wave(order)
    stage.pick_all(order)
    return order


def verify(stage: Stage, order: Order, sku: str, units: int, **more: object) -> None:
    for _ in range(units):
        stage.do(packing.verify, stage.cast.picker, order.id, stage.cast.ACME.products[sku], 1, **more)


def close(stage: Stage, order: Order, packaging: uuid.UUID | None = None) -> str:
    """Weigh and close the open box; returns its number."""
    weight = packing.bench(order.id, packaging).band.expected_g
    stage.do(packing.weigh, stage.cast.picker, order.id, weight, packaging_id=packaging)
    number = str(stage.parcel(order).tracking_number)
    stage.do(packing.close_parcel, stage.cast.picker, order.id, number)
    return number


def split(stage: Stage, order: Order) -> tuple[str, str]:
    """The mugs in one parcel, the cables in another."""
    verify(stage, order, MUG, 2)
    stage.do(boxes.begin_next, stage.cast.picker, order.id)
    first = close(stage, order)
    verify(stage, order, CABLE, 4)
    return first, close(stage, order)


def parcels(stage: Stage, order: Order) -> list[tuple[int, str, int | None, int | None]]:
    session().expire_all()
    rows = select(Parcel.n, Parcel.state, Parcel.weight_g, Parcel.units).order_by(Parcel.n)
    return [tuple(row) for row in session().execute(rows)]  # type: ignore[misc]


def held(number: str) -> int:
    return int(
        session().execute(
            text("SELECT coalesce(sum(b.on_hand), 0) FROM balance b JOIN handling_unit h ON h.id = b.handling_unit_id"
                 " WHERE h.code = :code"), {"code": number},
        ).scalar_one()
    )  # fmt: skip


def test_with_one_box_closed_nothing_is_offered_that_is_refused(stage: Stage, bench: Order) -> None:
    other: dict[str, Any] = {
        "consignee": body({MUG: 1})["consignee"], "service": "HOUSE-STD", "remark": "Ring twice.", "platform": "amazon",
        "packing": ["carton"], "packing_remark": "Tissue paper.", "declaration": None,
        **dict.fromkeys(WISHES),
        "values": [{"position": 1, "unit_value_minor": 100, "currency": "EUR"}],
    }  # fmt: skip
    assert order_detail(bench)["changeable"] == sorted(other)
    verify(stage, bench, MUG, 2)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    close(stage, bench)
    session().expire_all()
    assert order_detail(bench)["changeable"] == ["remark"]
    for name, value in other.items():
        if name != "remark":
            refusal = stage.refused(changes.edit_order, stage.cast.acme, bench.id, None, {name: value})
            assert (refusal.code, refusal.params["fields"]) == ("edit_too_late", [name])
    stage.do(changes.edit_order, stage.cast.acme, bench.id, None, {"remark": other["remark"]})


def test_each_parcel_has_its_own_number_weight_and_goods(stage: Stage, bench: Order) -> None:
    first, second = split(stage, bench)
    assert first != second
    assert stage.state(bench) == "packed"
    assert parcels(stage, bench) == [(1, "closed", 700, 2), (2, "closed", 200, 4)]
    assert (held(first), held(second)) == (2, 4)
    told = session().execute(text("SELECT data->>'weight_g' FROM event WHERE name = 'order.packed'")).scalar_one()
    assert told == "900"


def test_the_order_is_shipped_with_its_last_parcel(stage: Stage, bench: Order) -> None:
    first, second = split(stage, bench)
    result = stage.hand_over(second)
    assert (result.waits, result.already, stage.state(bench)) == (True, False, "packed")
    assert {each.product_id: each.shipped for each in stage.demands(bench)} == {
        stage.cast.ACME.products[MUG]: 0, stage.cast.ACME.products[CABLE]: 4,
    }  # fmt: skip
    assert stage.hand_over(second).already
    result = stage.hand_over(first)
    assert (result.waits, stage.state(bench)) == (False, "shipped")
    assert [each.shipped for each in stage.demands(bench)] == [each.quantity for each in stage.demands(bench)]
    assert stage.hand_over(first).already


def test_no_parcel_leaves_before_all_are_packed(stage: Stage, bench: Order) -> None:
    verify(stage, bench, MUG, 2)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    first = close(stage, bench)
    assert stage.refused(stage.hand_over, first).code == "not_packed"


def test_a_box_is_full_only_with_something_in_it_and_something_left(stage: Stage, bench: Order) -> None:
    begin = boxes.begin_next
    assert stage.refused(begin, stage.cast.picker, bench.id).code == "box_empty"
    verify(stage, bench, MUG, 1)
    assert stage.refused(packing.weigh, stage.cast.picker, bench.id, 380).code == "not_verified"
    stage.do(begin, stage.cast.picker, bench.id)
    stage.do(begin, stage.cast.picker, bench.id)  # again: no third one
    assert len(parcels(stage, bench)) == 2
    verify(stage, bench, MUG, 1)
    verify(stage, bench, CABLE, 4)
    assert stage.refused(begin, stage.cast.picker, bench.id).code == "box_is_all"


def test_a_parcel_begun_for_nothing_is_dropped_when_all_fits(stage: Stage, bench: Order) -> None:
    verify(stage, bench, MUG, 2)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    verify(stage, bench, CABLE, 4)
    number = close(stage, bench)
    assert stage.state(bench) == "packed"
    assert [row[:2] for row in parcels(stage, bench)] == [(1, "closed"), (2, "voided")]
    assert stage.hand_over(number).waits is False


def test_the_next_parcel_is_taken_back(stage: Stage, bench: Order) -> None:
    verify(stage, bench, MUG, 2)
    assert stage.do(boxes.take_back_next, stage.cast.picker, bench.id) is False
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    assert stage.do(boxes.take_back_next, stage.cast.picker, bench.id) is True
    assert [row[:2] for row in parcels(stage, bench)] == [(1, "open"), (2, "voided")]
    assert stage.refused(packing.weigh, stage.cast.picker, bench.id, 700).code == "not_verified"


def test_labels_that_are_being_drawn_are_locked_in_their_order(floor: Stage, fresh_app: Flask) -> None:
    """Who takes the next parcel back while both labels are drawn waits for the first of them, and holds none."""
    floor.stock(MUG, 2)
    order = floor.order({MUG: 2})
    floor.wave(order)
    floor.pick_all(order)
    verify(floor, order, MUG, 1)
    floor.do(boxes.begin_next, floor.cast.picker, order.id)
    query = select(LabelDocument.id).join(Parcel, Parcel.id == LabelDocument.subject_id)
    first, second = session().scalars(query.where(LabelDocument.state != "superseded").order_by(LabelDocument.id)).all()
    key, picker, held = order.id, floor.cast.picker, threading.Event()
    lock = text("SELECT 1 FROM label_document WHERE id = :id FOR NO KEY UPDATE NOWAIT")

    def draw() -> bool:
        with db.engine.connect() as other:
            other.execute(lock, {"id": first})
            held.set()
            waited = somebody_waits()
            other.execute(lock, {"id": second})
            return waited

    def take_back() -> bool:
        held.wait(10)
        with transaction():
            return boxes.take_back_next(picker, key)

    assert at_once(fresh_app, draw, take_back) == [True, True]


def test_labels_say_which_of_how_many(stage: Stage, bench: Order) -> None:
    verify(stage, bench, MUG, 2)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    valid = session().scalars(
        select(LabelDocument).where(LabelDocument.kind == "waybill", LabelDocument.state == "requested")
    ).all()  # fmt: skip
    told = sorted((label.number, label.total) for label in waybills(valid))  # type: ignore[union-attr]
    assert told == [(1, 2), (2, 2)]
    stage.do(boxes.take_back_next, stage.cast.picker, bench.id)
    (left,) = session().scalars(
        select(LabelDocument).where(LabelDocument.kind == "waybill", LabelDocument.state == "requested")
    )
    (label,) = waybills([left])
    assert (label.number, label.total) == (1, 1)  # type: ignore[union-attr]


def test_what_was_weighed_is_what_is_closed(stage: Stage, bench: Order) -> None:
    verify(stage, bench, MUG, 1)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    stage.do(packing.weigh, stage.cast.picker, bench.id, 380)
    verify(stage, bench, MUG, 1)  # at another tablet
    number = str(stage.parcel(bench).tracking_number)
    assert stage.refused(packing.close_parcel, stage.cast.picker, bench.id, number).code == "weight_needed"


def test_a_check_in_a_closed_parcel_is_not_taken_back(stage: Stage, bench: Order) -> None:
    verify(stage, bench, MUG, 2)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    close(stage, bench)
    assert stage.do(packing.unverify, stage.cast.picker, bench.id) is False
    verify(stage, bench, CABLE, 1)
    assert stage.do(packing.unverify, stage.cast.picker, bench.id) is True
    assert {line.sku: line.verified for line in packing.pack_lines(bench.id)} == {MUG: 2, CABLE: 0}


def test_the_label_of_the_other_parcel_closes_nothing(stage: Stage, bench: Order) -> None:
    verify(stage, bench, MUG, 2)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    stage.do(packing.weigh, stage.cast.picker, bench.id, 700)
    other = str(packing.bench(bench.id).parcels[1].tracking_number)
    assert stage.refused(packing.close_parcel, stage.cast.picker, bench.id, other).code == "wrong_waybill"


def test_cancelled_with_one_parcel_closed_everything_goes_back(stage: Stage, bench: Order) -> None:
    verify(stage, bench, MUG, 2)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    close(stage, bench)
    verify(stage, bench, CABLE, 1)
    stage.cancel(bench)
    assert {row[1] for row in parcels(stage, bench)} == {"voided"}
    assert stage.put_back_all(bench) == 6
    assert (stage.free(MUG), stage.free(CABLE)) == ((2, 0), (4, 0))


def test_with_one_parcel_gone_it_is_too_late_to_cancel(stage: Stage, bench: Order) -> None:
    first, second = split(stage, bench)
    stage.hand_over(first)
    assert stage.refused(stage.cancel, bench).code == "parcel_gone"
    assert stage.state(bench) == "packed"
    assert held(second) == 4


def test_a_closed_parcel_is_opened_again(stage: Stage, bench: Order) -> None:
    first, second = split(stage, bench)
    tote, other = stage.totes()[:2]
    stage.do(boxes.reopen, stage.cast.picker, stage.cast.overseas.id, first, tote)
    assert stage.state(bench) == "picked"
    assert session().get_one(Order, bench.id).tote_id == tote
    assert (held(first), held(second)) == (0, 4)
    assert parcels(stage, bench) == [(1, "open", None, None), (2, "closed", 200, 4)]
    assert packing.bench(bench.id).in_box == 2
    refused = stage.refused(boxes.reopen, stage.cast.picker, stage.cast.overseas.id, second, tote)
    assert refused.code == "box_in_hand"
    assert close(stage, bench) == first
    assert (stage.state(bench), held(first)) == ("packed", 2)
    assert tote in stage.totes() and other in stage.totes()
    assert not stage.hand_over(second).already
    assert stage.hand_over(first).waits is False


def test_goods_change_over_between_opened_parcels(stage: Stage, bench: Order) -> None:
    first, second = split(stage, bench)
    tote = stage.totes()[0]
    stage.do(boxes.reopen, stage.cast.picker, stage.cast.overseas.id, first, tote)
    stage.do(packing.unverify, stage.cast.picker, bench.id)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    assert close(stage, bench) == first
    verify(stage, bench, MUG, 1)
    third = close(stage, bench)
    assert [held(number) for number in (first, second, third)] == [1, 4, 1]
    assert [row[:2] for row in parcels(stage, bench)] == [(1, "closed"), (2, "closed"), (3, "closed")]


@pytest.mark.parametrize("state", ["open", "gone", "void"])
def test_what_is_not_closed_is_not_opened(stage: Stage, bench: Order, state: str) -> None:
    first, _second = split(stage, bench)
    tote = stage.totes()[0]
    number, code = first, {"open": "parcel_open", "gone": "parcel_gone", "void": "waybill_voided"}[state]
    if state == "open":
        stage.do(boxes.reopen, stage.cast.picker, stage.cast.overseas.id, first, tote)
    elif state == "gone":
        stage.hand_over(first)
        number = first
    else:
        stage.cancel(bench)
    assert stage.refused(boxes.reopen, stage.cast.picker, stage.cast.overseas.id, number, tote).code == code


def test_opened_again_only_into_a_tote_that_is_free_or_its_own(stage: Stage, bench: Order) -> None:
    first, _ = split(stage, bench)
    other = stage.order({MUG: 1})
    assert stage.state(other) == "short"
    picker, house = stage.cast.picker, stage.cast.overseas.id
    bonded = stage.totes(stage.cast.bonded)[0]
    assert stage.refused(boxes.reopen, picker, house, first, bonded).code == "not_a_tote"
    assert stage.refused(boxes.reopen, stage.cast.customs_clerk, house, first, stage.totes()[0]).code == "not_found"


def test_a_bonded_order_is_one_parcel(stage: Stage) -> None:
    stage.stock(MUG, 2, house=stage.cast.bonded)
    order = stage.bonded_order({MUG: 2})
    stage.release(order)
    stage.wave(order, house=stage.cast.bonded)
    stage.pick_all(order, stage.cast.bonded)
    verify(stage, order, MUG, 1)
    assert stage.refused(boxes.begin_next, stage.cast.picker, order.id).code == "one_parcel_order"
    assert len(parcels(stage, order)) == 1


def test_numbered_goods_are_in_the_parcel_they_were_checked_into(stage: Stage) -> None:
    session().execute(text("UPDATE product SET serial_control = 'exit' WHERE sku = :sku"), {"sku": LAMP})
    stage.stock(LAMP, 2)
    order = stage.order({LAMP: 2})
    stage.wave(order)
    stage.pick_all(order)
    verify(stage, order, LAMP, 1, serial="SN-1")
    stage.do(boxes.begin_next, stage.cast.picker, order.id)
    first = close(stage, order)
    verify(stage, order, LAMP, 1, serial="SN-2")
    second = close(stage, order)
    found = session().execute(
        text("SELECT v.serial, p.tracking_number FROM verification v JOIN parcel p ON p.id = v.parcel_id ORDER BY 1")
    ).all()  # fmt: skip
    assert [tuple(row) for row in found] == [("SN-1", first), ("SN-2", second)]


def test_seller_return_and_recall_know_both_parcels(stage: Stage) -> None:
    stage.stock(SERUM, 2, batch="L1", expires_on=in_days(400))
    order = stage.order({SERUM: 2})
    stage.wave(order)
    stage.pick_all(order)
    verify(stage, order, SERUM, 1)
    stage.do(boxes.begin_next, stage.cast.picker, order.id)
    first = close(stage, order)
    verify(stage, order, SERUM, 1)
    second = close(stage, order)
    stage.hand_over(first)
    stage.hand_over(second)
    session().expire_all()
    detail = order_detail(session().get_one(Order, order.id))
    assert [(each["tracking_number"], each["units"]) for each in detail["parcels"]] == [(first, 1), (second, 1)]
    (gone,) = [row for row in whereabouts(stage.cast.acme, stage.cast.ACME.products[SERUM], "L1") if row.is_gone]
    assert (gone.quantity, sorted(str(gone.tracking_numbers).split(", "))) == (2, sorted([first, second]))
    for number in (first, second):
        source = return_source(stage.cast.acme, number)
        assert source is not None
        assert (source.order_id, [line.shipped for line in source.lines]) == (order.id, [2])


def test_the_box_used_is_remembered_with_its_size_and_weight(stage: Stage, bench: Order) -> None:
    box = session().scalars(
        select(Packaging).where(Packaging.code == "BOX-S", Packaging.warehouse_id == stage.cast.overseas.id)
    ).one()  # fmt: skip
    verify(stage, bench, MUG, 2)
    verify(stage, bench, CABLE, 4)
    band = packing.bench(bench.id, box.id).band
    goods = 2 * 320 + 4 * 35
    assert (band.expected_g, band.low_g) == (goods + box.empty_g, goods + box.empty_g - 26)
    assert stage.refused(packing.weigh, stage.cast.picker, bench.id, goods, packaging_id=box.id).code == "weight_off"
    close(stage, bench, box.id)
    parcel = session().scalars(select(Parcel)).one()
    assert (parcel.packaging_id, parcel.length_mm, parcel.width_mm, parcel.height_mm) == (box.id, 206, 156, 118)


def test_a_parcel_packed_by_an_older_release_leaves_and_is_opened(stage: Stage, bench: Order) -> None:
    """Its checks name no parcel."""
    verify(stage, bench, MUG, 2)
    verify(stage, bench, CABLE, 4)
    number = close(stage, bench)
    session().execute(text("UPDATE verification SET parcel_id = NULL"))
    session().execute(text("UPDATE parcel SET units = NULL"))
    stage.do(boxes.reopen, stage.cast.picker, stage.cast.overseas.id, number, stage.totes()[0])
    assert close(stage, bench) == number
    session().execute(text("UPDATE verification SET parcel_id = NULL"))
    stage.hand_over(number)
    assert (stage.state(bench), [each.shipped for each in stage.demands(bench)]) in (
        ("shipped", [2, 4]), ("shipped", [4, 2]),
    )  # fmt: skip


def unit_of(number: str) -> uuid.UUID:
    query = select(Parcel.handling_unit_id).where(Parcel.tracking_number == number, Parcel.state != "voided")
    found = session().scalars(query).one()
    assert found is not None
    return found


def gone() -> int:
    """Units with customers by the moves."""
    statement = (
        "SELECT coalesce(sum(CASE WHEN to_party = 'customer' THEN quantity WHEN from_party = 'customer' THEN -quantity"
        " END), 0) FROM stock_move"
    )
    return int(session().scalar(text(statement)))


@pytest.mark.parametrize("loaded", [1, 2])
def test_several_parcels_are_taken_off_the_load_one_by_one(stage: Stage, bench: Order, loaded: int) -> None:
    numbers = split(stage, bench)
    units = [unit_of(number) for number in numbers]
    for number in numbers[:loaded]:
        stage.hand_over(number)
    asked = stage.do(interceptions.request_interception, stage.cast.acme, bench.id, "buyer_cancelled")
    assert stage.refused(interceptions.accept, stage.cast.supervisor, asked.id).code == "intercept_scan_back"
    if loaded == 1:  # in hand, but one of its fellows stands on the load: nothing is decided by this scan
        assert stage.do(interceptions.catch, stage.cast.picker, units[1]) == interceptions.Caught(1)
        assert stage.state(bench) == "packed"
    else:
        assert stage.do(interceptions.catch, stage.cast.picker, units[1]) == interceptions.Caught(1)
        assert (stage.state(bench), gone()) == ("packed", 2)
        assert stage.refused(stage.hand_over, numbers[1]).code == "intercepted"
    assert stage.do(interceptions.catch, stage.cast.picker, units[0]) == interceptions.Caught(0)
    assert (stage.state(bench), gone()) == ("cancelled", 0)
    assert stage.put_back_all(bench) == 6
    assert {each.state for each in session().scalars(select(Parcel))} == {"voided"}


def test_what_was_taken_off_goes_again_when_nobody_wants_it_stopped(stage: Stage, bench: Order) -> None:
    numbers = split(stage, bench)
    units = [unit_of(number) for number in numbers]
    for number in numbers:
        stage.hand_over(number)
    stage.do(interceptions.request_interception, stage.cast.acme, bench.id, "buyer_cancelled")
    stage.do(interceptions.catch, stage.cast.picker, units[0])
    stage.do(interceptions.withdraw, stage.cast.acme, bench.id)
    assert (stage.state(bench), gone()) == ("packed", 6 - held(numbers[0]))
    assert not stage.hand_over(numbers[0]).already
    assert (stage.state(bench), gone()) == ("shipped", 6)
    # and comes back as a return as if it had left once
    product = stage.cast.ACME.products[MUG]
    assert sum(row[2] for row in with_customer(bench.id, product)) == 2


def test_a_truck_that_left_with_a_part_of_it_ends_the_request(stage: Stage, bench: Order) -> None:
    numbers = split(stage, bench)
    units = [unit_of(number) for number in numbers]
    for number in numbers:
        stage.hand_over(number)
    stage.do(interceptions.request_interception, stage.cast.acme, bench.id, "buyer_cancelled")
    stage.do(interceptions.catch, stage.cast.picker, units[0])
    load_id = session().scalars(select(Parcel.manifest_id).where(Parcel.tracking_number == numbers[1])).one()
    stage.do(shipping.close_manifest, stage.cast.picker, load_id)
    stage.jobs()
    order = session().get_one(Order, bench.id, populate_existing=True)
    assert (order.interception, order.state) == ("refused", "packed")
    assert interceptions.why_not(order) == "intercept_too_late"  # a part of it is on the road
    assert stage.refused(interceptions.request_interception, stage.cast.acme, bench.id, "other").code == (
        "intercept_too_late"
    )
    stage.hand_over(numbers[0])
    assert stage.state(bench) == "shipped"


def test_a_parcel_that_went_ahead_keeps_its_order_from_being_cancelled(stage: Stage, bench: Order) -> None:
    first, second = split(stage, bench)
    stage.hand_over(first)
    asked = stage.do(interceptions.request_interception, stage.cast.acme, bench.id, "buyer_cancelled")
    assert stage.refused(interceptions.accept, stage.cast.supervisor, asked.id).code == "intercept_scan_back"
    stage.do(interceptions.refuse, stage.cast.supervisor, asked.id, "other")
    stage.hand_over(second)
    assert stage.state(bench) == "shipped"
