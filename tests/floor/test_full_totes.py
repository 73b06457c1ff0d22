"""A full tote on a walk where each order has its own: the order goes on in a further one, and the bench packs out of both."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from tests.floor.worker import CABLE, CODES, MUG, Tablet, prepare_waybills, totes, tracking_numbers
from tests.outbound.stage import BIN2, BIN3, Stage
from wms.core import clock
from wms.outbound.models import Order, PickBatch
from wms.outbound.service import full_totes, interceptions, lanes, putback
from wms.platform.database import commit, session


@pytest.fixture
def stage(cast, db_session) -> Stage:
    return Stage(cast)


def holding(order: Order) -> list[tuple[str, int]]:
    """The order's totes with what is in each, by code."""
    rows = session().execute(
        text("SELECT h.code, coalesce(sum(b.on_hand), 0)::int FROM handling_unit h LEFT JOIN balance b ON"
             " b.handling_unit_id = h.id WHERE h.kind = 'tote' AND h.subject_id = :order GROUP BY 1 ORDER BY 1"),
        {"order": order.id},
    )  # fmt: skip
    return [tuple(row) for row in rows]  # type: ignore[misc]


def take(tablet: Tablet, units: int) -> str:
    """At the next stop of the walk; the code of its last scan."""
    if tablet.step == "scan_location":
        tablet.scan(tablet.seen["location_barcode"])
    return str(tablet.scan(CODES[tablet.seen["sku"]], quantity=units)["code"])


@pytest.fixture
def split(stage: Stage, client) -> tuple[Tablet, Order, list[str]]:
    """One mug in a first tote that was full, and the walk going on with a second: (tablet, order, labels of free totes)."""
    stage.stock(MUG, 5)
    stage.stock(CABLE, 5, BIN2)
    order = stage.order({MUG: 3, CABLE: 2})
    stage.wave(order)
    free = totes(stage.cast.overseas.id)
    tablet = Tablet(stage.cast.sign_in(client, stage.cast.receiver))
    tablet.start("pick")
    tablet.scan("CMD-OK")
    assert tablet.scan("CMD-FULL")["code"] == "command_not_here"  # none is bound
    tablet.scan(free[0])
    take(tablet, 1)
    assert (tablet.scan("CMD-FULL")["code"], tablet.step) == ("tote_full", "scan_tote")
    assert tablet.scan("CMD-BACK")["code"] == "step_back"
    tablet.scan("CMD-FULL")
    told = tablet.scan(free[1])
    assert (told["code"], tablet.step) == ("further_tote", "scan_location")
    return tablet, order, free


def test_both_screens_name_both_totes_and_the_bench_packs_out_of_both(stage: Stage, split) -> None:
    tablet, order, free = split
    first, second = (code for code, _ in holding(order))
    assert (tablet.seen["tote"], tablet.seen["other_totes"]) == (second, [first])
    assert f"and in {first}" in tablet.look()
    while tablet.step != "begin":
        take(tablet, tablet.seen["quantity"])
    assert [units for _, units in holding(order)] == [1, 4]
    prepare_waybills()
    tablet.start("pack")
    told = tablet.scan(free[0])  # any of them opens it
    assert (told["code"], told["title"]) == ("totes_opened", "To check: 5, in 2 totes.")
    assert f"{first} + {second}" in tablet.look()
    for sku, units in ((MUG, 3), (CABLE, 2)):
        for _ in range(units):
            tablet.scan(CODES[sku])
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    assert tablet.scan(tracking_numbers()[0])["code"] == "parcel_closed"
    assert (stage.state(order), holding(order)) == ("packed", [])
    assert set(free) == set(totes(stage.cast.overseas.id))


def test_a_box_is_filled_out_of_both_and_opened_again_into_either(stage: Stage, split) -> None:
    tablet, order, free = split
    while tablet.step != "begin":
        take(tablet, tablet.seen["quantity"])
    prepare_waybills()
    tablet.start("pack")
    tablet.scan(free[1])
    for sku in (MUG, MUG, CABLE):
        tablet.scan(CODES[sku])
    tablet.scan("CMD-FULL")
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    assert tablet.scan(tracking_numbers()[0])["code"] == "box_closed"
    assert sum(units for _, units in holding(order)) == 2
    tablet.scan("CMD-BACK")
    tablet.scan(tracking_numbers()[0])
    assert tablet.scan(free[2])["code"] == "wrong_tote"
    assert tablet.scan(free[0])["code"] == "parcel_reopened"
    assert sum(units for _, units in holding(order)) == 5


def test_who_takes_the_walk_over_sees_both(stage: Stage, client, split) -> None:
    tablet, order, _ = split
    first, second = (code for code, _ in holding(order))
    lapsed = clock.now() - timedelta(minutes=1)
    session().execute(update(PickBatch).values(lease_until=lapsed))
    commit()
    other = Tablet(stage.cast.sign_in(client, stage.cast.picker))
    other.start("pick")
    assert other.scan("CMD-OK")["code"] == "walk_taken"
    assert (other.seen["tote"], other.seen["other_totes"]) == (second, [first])
    assert tablet.scan(tablet.seen["location_barcode"])["tone"] in ("warn", "ok")  # it only looks there
    assert take(tablet, 1) == "walk_taken_over"
    refusal = stage.refused(full_totes.take_further, stage.cast.receiver, stage.tasks(order)[0].id, stage.totes()[0])
    assert refusal.code == "batch_taken"


def test_a_tote_that_held_nothing_is_free_and_others_totes_are_not_taken(stage: Stage, split) -> None:
    tablet, order, free = split
    assert tablet.scan("CMD-FULL")["code"] == "tote_full"
    assert tablet.scan(tablet.seen["location_barcode"])["tone"] == "error"
    other = stage.order({MUG: 1})
    stage.wave(other)
    taken = stage.tote(other)
    barcode = session().execute(text("SELECT barcode FROM handling_unit WHERE id = :id"), {"id": taken}).scalar_one()
    assert tablet.scan(barcode)["code"] == "tote_taken"
    tablet.scan(free[3])
    assert [units for _, units in holding(order)] == [1, 0]  # the second went: nothing was in it
    assert free[1] in totes(stage.cast.overseas.id)


@pytest.mark.parametrize("how", ["cancel", "intercept"])
def test_given_up_its_goods_are_put_back_out_of_both(stage: Stage, client, split, how: str) -> None:
    tablet, order, free = split
    take(tablet, 1)
    first, second = (code for code, _ in holding(order))
    if how == "intercept":
        stage.do(interceptions.request_interception, stage.cast.acme, order.id, "buyer_cancelled")
        shown = stage.cast.sign_in(client, stage.cast.supervisor).get("/office/interceptions").get_data(as_text=True)
        assert f"{first}, {second}" in shown
    else:
        stage.cancel(order)
    tablet.start("putback")
    for label in free[:2]:
        told = tablet.scan(label)["code"]
        assert told in (("intercept_caught", "source_taken") if how == "intercept" else ("source_taken",))
        tablet.scan(CODES[MUG])
        assert tablet.scan(stage.cast.overseas.labels[BIN3])["code"] == "item_put_back"
    assert (stage.state(order), holding(order)) == ("cancelled", [])
    assert set(free) == set(totes(stage.cast.overseas.id))
    assert stage.refused(putback.put_back, stage.cast.receiver, stage.totes()[0], stage.cast.ACME.products[MUG], 1,
                         stage.cast.overseas.locations[BIN3]).code == "nothing_to_put_back"  # fmt: skip


def test_a_full_container_of_single_pieces_is_followed_by_another(stage: Stage, client) -> None:
    stage.stock(MUG, 5)
    made = [stage.order({MUG: 1}) for _ in range(3)]
    stage.wave(*made)
    stage.jobs("printing.render_bundle")
    free = totes(stage.cast.overseas.id)
    tablet = Tablet(stage.cast.sign_in(client, stage.cast.receiver))
    tablet.start("pick")
    for raw in ("CMD-OK", "CMD-MIXED", free[0]):
        tablet.scan(raw)
    take(tablet, 1)
    tablet.scan("CMD-FULL")
    assert tablet.scan(free[1])["code"] == "lane_bound"
    while tablet.step != "begin":
        take(tablet, 1)
    rows = "SELECT sum(b.on_hand)::int FROM handling_unit h JOIN balance b ON b.handling_unit_id = h.id WHERE"
    assert session().execute(text(f"{rows} h.subject_kind = 'lane' GROUP BY h.id ORDER BY 1")).scalars().all() == [1, 2]
    tablet.start("lane")
    for _ in made:
        tablet.scan(CODES[MUG])
        assert tablet.scan(tablet.seen["tracking_number"])["code"] == "parcel_closed"
    assert set(free) == set(totes(stage.cast.overseas.id))
    batch = session().scalars(select(PickBatch)).one()
    units = session().execute(text("SELECT id FROM handling_unit WHERE barcode = ANY(:labels)"), {"labels": free[:2]})
    refusal = stage.refused(lanes.take_further, stage.cast.receiver, batch.id, *units.scalars())
    assert refusal.code == "no_singles"


def test_a_further_tote_is_the_order_s_and_no_container_of_single_pieces(stage: Stage, client) -> None:
    """While a full one is followed, nobody begins the fast lane with the tote that is wanted for it."""
    stage.stock(MUG, 5)
    stage.stock(CABLE, 5, BIN2)
    stage.wave(stage.order({MUG: 3}), stage.order({CABLE: 1}))
    free = totes(stage.cast.overseas.id)
    tablet = Tablet(stage.cast.sign_in(client, stage.cast.receiver))
    tablet.start("pick")
    tablet.scan("CMD-OK")
    assert 'data-command="CMD-MIXED"' in tablet.look()
    tablet.scan(free[0])
    take(tablet, 1)
    tablet.scan("CMD-FULL")
    assert 'data-command="CMD-MIXED"' not in tablet.look()
    assert tablet.scan("CMD-MIXED")["code"] == "command_not_here"
    assert tablet.scan(free[1])["code"] == "further_tote"
