"""The bench: what is checked and how, the scale, the label, the closed parcel."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.outbound.stage import BIN1, BIN2, CABLE, LAMP, MUG, RED, SERUM, Stage, in_days
from wms.outbound import rules
from wms.outbound.models import Order
from wms.outbound.service import full_totes, packing, picking
from wms.platform.database import session


@pytest.fixture
def bench(stage: Stage) -> Order:
    """An order of two mugs and thirteen cables, picked, at the bench. It weighs 60 + 640 + 455 = 1155 g."""
    stage.stock(MUG, 10, BIN1)
    stage.stock(CABLE, 40, BIN2)
    order = stage.order({MUG: 2, CABLE: 13})
    stage.wave()
    stage.pick_all(order)
    return order


def product(stage: Stage, sku: str):
    return stage.cast.ACME.products[sku]


def verify(stage: Stage, order: Order, sku: str, units: int, pack: int = 1) -> str:
    return stage.do(packing.verify, stage.cast.picker, order.id, product(stage, sku), units, pack).profile.value


def test_the_tote_leads_to_its_order(stage: Stage, bench: Order) -> None:
    tote = session().get_one(Order, bench.id).tote_id
    assert tote is not None
    assert packing.start_packing(stage.cast.picker, tote).order.id == bench.id
    assert [(line.sku, line.quantity, line.verified) for line in packing.pack_lines(bench.id)] == [
        (CABLE, 13, 0), (MUG, 2, 0),
    ]  # fmt: skip
    assert stage.refused(packing.start_packing, stage.cast.picker, stage.totes()[0]).code == "tote_without_order"
    assert stage.refused(packing.start_packing, stage.cast.customs_clerk, tote).code == "not_found"


def test_a_tote_still_being_picked_is_not_packed(stage: Stage) -> None:
    stage.stock(MUG, 1)
    order = stage.order({MUG: 1})
    stage.wave()
    tote = stage.tote(order)
    assert stage.refused(packing.start_packing, stage.cast.picker, tote).params["state"] == "waved"


def test_up_to_twelve_of_a_line_are_scanned_one_by_one(stage: Stage, bench: Order) -> None:
    assert stage.refused(verify, stage, bench, MUG, 2).code == "scan_each"
    assert verify(stage, bench, MUG, 1) == "each"
    assert verify(stage, bench, MUG, 1) == "each"
    assert stage.refused(verify, stage, bench, MUG, 1).code == "all_verified"


def test_more_than_twelve_are_checked_by_the_case_or_by_the_first_and_a_quantity(stage: Stage, bench: Order) -> None:
    assert verify(stage, bench, CABLE, 12, pack=12) == "case_and_quantity"
    assert stage.refused(verify, stage, bench, CABLE, 12, 12).params == {"left": 1}
    assert verify(stage, bench, CABLE, 1) == "first_and_quantity"
    assert [each.verified for each in stage.demands(bench)] == [0, 13]


def test_what_is_not_in_the_order_is_taken_out(stage: Stage, bench: Order) -> None:
    assert stage.refused(verify, stage, bench, RED, 1).code == "not_in_order"
    assert stage.refused(verify, stage, bench, MUG, 0).code == "invalid_input"


def test_a_batch_that_is_scanned_is_one_that_was_picked(stage: Stage) -> None:
    """Picked out of two batches, in two totes; where a scan says nothing, or the book knows none, nothing is asked."""
    stage.stock(SERUM, 1, batch="L1", expires_on=in_days(300))
    stage.stock(SERUM, 3, BIN2, batch="L2", expires_on=in_days(400))
    stage.stock(MUG, 1)
    order = stage.order({SERUM: 3, MUG: 1})
    stage.wave(order)
    stage.tote(order)
    stage.do(picking.pick, stage.cast.picker, stage.tasks(order)[0].id, 1)
    stage.do(full_totes.take_further, stage.cast.picker, stage.tasks(order)[1].id, stage.totes()[0])
    stage.pick_all(order)
    serum, mug = (stage.cast.ACME.products[sku] for sku in (SERUM, MUG))
    check = (packing.verify, stage.cast.picker, order.id)
    refusal = stage.refused(*check, serum, 1, batch="L3")
    assert (refusal.code, refusal.params) == ("lot_not_picked", {"batch": "L3", "picked": ["L1", "L2"]})
    for batch in ("L1", "L2", None):
        stage.do(*check, serum, 1, batch=batch)
    assert stage.do(*check, mug, 1, batch="ANY").verified == 4


def test_the_last_check_is_taken_back(stage: Stage, bench: Order) -> None:
    verify(stage, bench, CABLE, 13)
    verify(stage, bench, MUG, 1)
    undo = packing.unverify
    assert stage.do(undo, stage.cast.picker, bench.id) is True
    assert [each.verified for each in stage.demands(bench)] == [0, 13]
    assert stage.do(undo, stage.cast.picker, bench.id) is True
    assert stage.do(undo, stage.cast.picker, bench.id) is False
    assert [each.verified for each in stage.demands(bench)] == [0, 0]


def test_a_serial_is_asked_for(stage: Stage) -> None:
    session().execute(
        text("UPDATE product SET serial_control = 'exit' WHERE id = :id"), {"id": stage.cast.ACME.products[LAMP]}
    )
    session().commit()
    stage.stock(LAMP, 2)
    order = stage.order({LAMP: 2})
    stage.wave()
    stage.pick_all(order)
    lamp = product(stage, LAMP)
    picker = stage.cast.picker
    assert stage.refused(packing.verify, picker, order.id, lamp, 1).code == "serial_needed"
    stage.do(packing.verify, picker, order.id, lamp, 1, serial="SN-1")
    assert stage.refused(packing.verify, picker, order.id, lamp, 1, serial="SN-1") is not None
    stage.do(packing.verify, picker, order.id, lamp, 1, serial="SN-2")
    rows = session().execute(text("SELECT number, state, subject_id FROM serial ORDER BY number")).all()
    assert [(row.number, row.state, row.subject_id) for row in rows] == [
        ("SN-1", "shipped", order.id), ("SN-2", "shipped", order.id),
    ]  # fmt: skip
    stage.do(packing.unverify, picker, order.id)
    assert session().scalar(text("SELECT count(*) FROM serial WHERE state = 'shipped'")) == 1


def test_an_unchecked_parcel_is_not_weighed(stage: Stage, bench: Order) -> None:
    verify(stage, bench, CABLE, 13)
    refusal = stage.refused(packing.weigh, stage.cast.picker, bench.id, 1155)
    assert (refusal.code, refusal.params) == ("not_verified", {"left": 2})


@pytest.mark.parametrize(
    ("weight", "accepted"), [(1059, False), (1060, True), (1155, True), (1190, True), (1191, False)]
)
def test_the_weight_must_be_within_its_band(stage: Stage, bench: Order, weight: int, accepted: bool) -> None:
    stage.verify_all(bench)
    assert packing.expected_weight(bench.id) == rules.WeightCheck(1155, 1060, 1190)
    if accepted:
        stage.do(packing.weigh, stage.cast.picker, bench.id, weight)
        assert stage.parcel(bench).weight_g == weight
    else:
        refusal = stage.refused(packing.weigh, stage.cast.picker, bench.id, weight)
        assert (refusal.code, refusal.params) == ("weight_off", {"measured": weight, "low": 1060, "high": 1190})
        assert stage.parcel(bench).weight_g is None


def test_a_supervisor_accepts_a_weight_outside_it_and_that_is_written_down(stage: Stage, bench: Order) -> None:
    stage.verify_all(bench)
    stage.do(packing.weigh, stage.cast.supervisor, bench.id, 1500, accept_anyway=True)
    row = session().execute(text("SELECT kind, detail, resolution FROM order_exception")).one()
    assert tuple(row) == ("weight", "1500 g, expected 1060-1190 g", "accepted")


def test_only_its_own_label_closes_a_parcel(stage: Stage, bench: Order) -> None:
    stage.verify_all(bench)
    number = str(stage.parcel(bench).tracking_number)
    close = packing.close_parcel
    assert stage.refused(close, stage.cast.picker, bench.id, number).code == "weight_needed"
    stage.do(packing.weigh, stage.cast.picker, bench.id, 1155)
    assert stage.refused(close, stage.cast.picker, bench.id, number + "X").code == "wrong_waybill"
    stage.do(close, stage.cast.picker, bench.id, number)
    assert stage.state(bench) == "packed"
    assert stage.refused(close, stage.cast.picker, bench.id, number).params["state"] == "packed"


def test_a_check_taken_back_after_the_weighing_keeps_the_parcel_open(stage: Stage, bench: Order) -> None:
    stage.verify_all(bench)
    stage.do(packing.weigh, stage.cast.picker, bench.id, 1155)
    stage.do(packing.unverify, stage.cast.picker, bench.id)
    number = str(stage.parcel(bench).tracking_number)
    assert stage.refused(packing.close_parcel, stage.cast.picker, bench.id, number).code == "not_verified"


def test_the_goods_are_in_the_parcel_and_the_tote_is_free(stage: Stage, bench: Order) -> None:
    tote = session().get_one(Order, bench.id).tote_id
    number = stage.pack(bench)
    assert tote in stage.totes()
    held = session().execute(
        text("SELECT h.code, sum(b.on_hand) FROM balance b JOIN handling_unit h ON h.id = b.handling_unit_id"
             " WHERE b.on_hand > 0 GROUP BY 1")
    ).all()  # fmt: skip
    assert [tuple(row) for row in held] == [(number, 15)]


def test_a_waybill_that_is_not_ready_is_waited_for(stage: Stage) -> None:
    stage.stock(MUG, 1)
    order = stage.order({MUG: 1})
    from wms.outbound.service import waves

    stage.do(waves.release_wave, stage.cast.supervisor, stage.cast.overseas.id)  # its job has not run yet
    stage.pick_all(order)
    stage.verify_all(order)
    assert stage.refused(packing.weigh, stage.cast.picker, order.id, 380).code == "waybill_not_ready"
    stage.jobs()
    stage.do(packing.weigh, stage.cast.picker, order.id, 380)
    stage.do(packing.close_parcel, stage.cast.picker, order.id, str(stage.parcel(order).tracking_number))
    assert stage.state(order) == "packed"


def test_a_number_captured_for_an_order_cancelled_at_the_bench_is_free_again(stage: Stage) -> None:
    lamp, picker = product(stage, LAMP), stage.cast.picker
    session().execute(text("UPDATE product SET serial_control = 'exit' WHERE id = :id"), {"id": lamp})
    session().commit()
    stage.stock(LAMP, 2)
    first, second = stage.order({LAMP: 1}), stage.order({LAMP: 1})
    stage.wave()
    stage.pick_all(first)
    stage.pick_all(second)
    stage.do(packing.verify, picker, first.id, lamp, 1, serial="SN-1")
    assert stage.refused(packing.verify, picker, second.id, lamp, 1, serial="SN-1").code == "serial_known"
    stage.cancel(first)
    stage.put_back_all(first)
    stage.do(packing.verify, picker, second.id, lamp, 1, serial="SN-1")
    row = session().execute(text("SELECT state, subject_id FROM serial")).one()
    assert tuple(row) == ("shipped", second.id)


def test_a_number_is_checked_once(stage: Stage) -> None:
    """Under full control: the one in the tote, and not twice for two units."""
    from tests.inbound.dock import product as make
    from tests.returns.test_serials import stocked

    phone, picker = make(stage.cast.acme_person, "PHONE-P", serial_control="full"), stage.cast.picker
    stocked(stage, phone, ["A", "B", "C"])
    order = stage.order({"PHONE-P": 2})
    stage.wave()
    stage.take()
    stage.tote(order)
    (task,) = stage.tasks(order)
    stage.do(picking.pick, picker, task.id, 2, None, ["A", "C"])
    stage.do(packing.verify, picker, order.id, phone, 1, serial="A")
    for number, code in (("A", "serial_checked"), ("B", "serial_not_here"), ("Z", "serial_unknown")):
        assert stage.refused(packing.verify, picker, order.id, phone, 1, serial=number).code == code
    stage.do(packing.unverify, picker, order.id)
    for number in ("A", "C"):
        stage.do(packing.verify, picker, order.id, phone, 1, serial=number)
