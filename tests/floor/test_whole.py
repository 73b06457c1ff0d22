"""Whole cartons and containers on the tablet: the shortcut is shown, works once however often it is sent, and asks."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.floor.worker import CABLE, CODES, MUG, Tablet, announce, house_carrier, order, prepare_waybills, totes
from tests.inbound.dock import bins, product, sellable, stock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.facility import service as facility
from wms.facility.models import HandlingUnitKind, LocationKind
from wms.inventory import holds
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance, HoldScope
from wms.inventory.rules import Stock
from wms.inventory.service import Subject, count, receive
from wms.platform.database import commit, session

BIN, NEXT = "A-01-01-1", "A-01-01-2"


def counts() -> tuple[int, int]:
    """(postings, units received) so far."""
    row = session().execute(
        text("SELECT (SELECT count(*) FROM stock_posting), (SELECT coalesce(sum(received_good + received_damaged), 0)"
             " FROM carton_line)")
    ).one()  # fmt: skip
    return int(row[0]), int(row[1])


def received(cast: Any, tablet: Tablet, lines: dict[str, int]) -> str:
    """A carton counted as announced and closed; returns its label."""
    (label,) = announce(cast, lines, warehouse=tablet.warehouse)
    tablet.start("receive")
    for code in (label, "CMD-FULL", "CMD-OK"):
        assert tablet.scan(code)["tone"] in ("next", "ok", "done")
    return label


def pallet(
    cast: Any, *goods: tuple[str, int], place: str = BIN, kind: HandlingUnitKind = HandlingUnitKind.PALLET
) -> Any:
    """A container in a bin of DE1 with ACME's goods in it."""
    unit = facility.create_handling_unit(SYSTEM, cast.overseas.id, kind, f"X{new_id().hex[-6:].upper()}",
                                         cast.overseas.locations[place])  # fmt: skip
    commit()
    for sku, quantity in goods:
        target = Stock(
            cast.overseas.id, cast.ACME.id, cast.ACME.products[sku], unit.location_id, handling_unit_id=unit.id
        )
        receive(SYSTEM, target, quantity, Subject("test", None))
        commit()
    return unit


# ---------- receive ----------


def test_a_carton_is_received_as_announced_with_one_card(cast, client, db_session, tablet):
    (label,) = announce(cast, {MUG: 10, CABLE: 4})
    tablet.start("receive")
    tablet.scan(label)
    assert (tablet.seen["left"], tablet.seen["hint"]) == (14, "One by one, or all as announced with FULL")
    shown = tablet.look()
    assert 'data-command="CMD-FULL"' in shown and "14 as announced" in shown and tablet.seen["hint"] in shown
    tablet.scan(CODES[MUG])
    told = tablet.scan("CMD-FULL")
    assert (told["code"], told["tone"], told["title"]) == ("counted_as_declared", "ok", "13 counted as announced.")
    assert (tablet.step, tablet.seen["left"], tablet.seen["hint"]) == ("scan_product", 0, None)
    assert 'data-command="CMD-FULL"' not in tablet.look()
    assert [(each["declared"], each["received"]) for each in tablet.seen["lines"]] == [(4, 4), (10, 10)]
    assert tablet.scan("CMD-OK")["code"] == "carton_closed"


def test_it_is_said_in_chinese(cast, client, db_session):
    tablet = Tablet(cast.sign_in(client, cast.picker))
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    tablet.scan(label)
    assert tablet.seen["hint"] == "逐件扫，或扫 FULL 整箱按预报收"
    assert tablet.scan("CMD-FULL")["title"] == "已按预报收 10 件。"
    assert tablet.scan("CMD-FULL")["title"] == "预报的已全部清点。"


def test_the_card_sent_twice_counts_once(cast, client, db_session, tablet):
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    tablet.scan(label)
    body = tablet.body("CMD-FULL")
    first, second = tablet.send(body), tablet.send(body)
    assert first.json["feedback"] == second.json["feedback"]
    assert (first.json["undo"]["command"], second.headers["Idempotent-Replay"]) == ("CMD-UNDO", "true")
    assert counts() == (1, 10)


def test_undo_takes_the_whole_carton_back(cast, client, db_session, tablet):
    (label,) = announce(cast, {MUG: 10, CABLE: 4})
    tablet.start("receive")
    tablet.scan(label)
    tablet.scan("CMD-FULL")
    assert tablet.scan("CMD-UNDO")["code"] == "count_undone"
    assert (counts(), tablet.seen["left"]) == ((2, 0), 14)


def test_after_damage_the_whole_carton_is_damaged(cast, client, db_session, tablet):
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    for code in (label, "CMD-QTY-3", "CMD-DAMAGE"):
        tablet.scan(code)
    assert tablet.scan("CMD-FULL")["title"] == "10 counted as damaged."
    assert (tablet.seen["damaged"], tablet.seen["quantity"]) == (False, None)
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "damaged", False): 10}


def test_what_cannot_be_taken_as_announced_is_named_and_nothing_counted(cast, client, db_session, tablet):
    product(cast.acme_person, "PHONE", serial_control="full")
    (label,) = announce(cast, {MUG: 10, "PHONE": 2})
    tablet.start("receive")
    assert tablet.scan("CMD-FULL")["code"] == "command_not_here"
    tablet.scan(label)
    told = tablet.scan("CMD-FULL")
    assert (told["code"], told["title"]) == ("item_needs_serials", "PHONE: scan 2 serial numbers, 0 given.")
    assert told["detail"] == "Nothing was counted. Scan that item's serial numbers."
    assert (counts(), tablet.step) == ((0, 0), "scan_product")


def test_in_bond_as_announced_is_never_too_much(cast, client, db_session):
    tablet = Tablet(cast.sign_in(client, cast.receiver), "NGB1")
    (label,) = announce(cast, {MUG: 10}, warehouse="NGB1")
    tablet.start("receive")
    tablet.scan(label)
    tablet.scan("CMD-FULL")
    assert tablet.scan("CMD-UNDO")["code"] == "count_undone"  # customs has not booked it
    tablet.scan("CMD-FULL")
    tablet.scan("CMD-OK")
    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.scan(cast.bonded.labels[BIN])["code"] == "carton_stowed"
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", False): 10}


# ---------- put away ----------


def test_a_bin_takes_the_whole_carton_and_an_order_is_picked_from_it(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 10, CABLE: 4})
    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.seen["hint"] == "Or a bin for all; WHOLE leaves it closed"
    assert tablet.seen["hint"] in tablet.look()
    told = tablet.scan(cast.overseas.labels[BIN])
    assert (told["code"], told["title"], tablet.step) == ("carton_stowed", "All 14 put away.", "scan_carton")
    assert tablet.scan(label)["code"] == "carton_not_counted"
    order(cast.api(client), {MUG: 2, CABLE: 1}, house_carrier())
    tablet.start("pick")
    tablet.scan("CMD-OK")
    prepare_waybills()
    assert tablet.scan("CMD-OK")["title"] == "Orders 1, stops 2."
    assert tablet.scan(totes(cast.overseas.id)[0])["code"] == "tote_bound"
    while tablet.step == "scan_location":
        wanted = tablet.seen
        assert wanted["location"] == BIN
        tablet.scan(wanted["location_barcode"])
        tablet.scan(CODES[wanted["sku"]], quantity=wanted["quantity"])
    assert tablet.step == "begin"
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", True): 8, ("TOTES", "good", False): 2}


def test_the_bin_sent_twice_takes_it_once_and_undo_takes_it_back(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 10, CABLE: 4})
    tablet.start("putaway")
    tablet.scan(label)
    body = tablet.body(cast.overseas.labels[BIN])
    first, second = tablet.send(body), tablet.send(body)
    assert first.json["feedback"] == second.json["feedback"]
    assert (first.json["undo"]["command"], second.headers["Idempotent-Replay"]) == ("CMD-UNDO", "true")
    assert sellable(cast.ACME.products[MUG]) == 10
    tablet.next = second.json["next"]
    assert tablet.scan("CMD-UNDO")["tone"] == "warn"
    assert (tablet.step, sorted(each["quantity"] for each in tablet.seen["lines"])) == ("scan_product", [4, 10])
    assert sellable(cast.ACME.products[MUG]) == 0
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "carton_stowed"
    assert tablet.scan("CMD-BACK")["code"] == "step_back"
    assert tablet.scan("CMD-UNDO")["code"] == "command_not_here"


def test_a_refused_bin_takes_nothing(cast, client, db_session, tablet):
    single = bins(cast.overseas.id, "S", LocationKind.STORAGE)["S-1"]
    label = received(cast, tablet, {MUG: 10, CABLE: 4})
    tablet.start("putaway")
    tablet.scan(label)
    before = counts()
    code = session().execute(text("SELECT barcode FROM location WHERE id = :id"), {"id": single}).scalar_one()
    told = tablet.scan(code)
    assert (told["code"], told["detail"]) == ("location_other_product", "Choose another bin.")
    assert tablet.scan(cast.overseas.labels["DOCK"])["code"] == "location_wrong_kind"
    told = tablet.scan(cast.overseas.labels[BIN], quantity=5)  # a number is typed for an item
    assert (told["code"], told["title"]) == ("whole_no_quantity", "That goes as a whole. Clear the number.")
    assert tablet.scan(cast.bonded.labels[BIN])["code"] == "scan_unknown"
    assert (counts(), tablet.step) == (before, "scan_product")
    assert sellable(cast.ACME.products[MUG]) == 0


# ---------- move ----------


def test_a_pallet_is_moved_with_two_scans(cast, client, db_session, tablet):
    unit = pallet(cast, (MUG, 10), (CABLE, 4))
    tablet.start("move")
    assert tablet.seen["hint"] == "Or the label of a pallet, tote or carton"
    assert tablet.seen["hint"] in tablet.look()
    told = tablet.scan(unit.barcode)
    assert (told["code"], told["title"]) == ("unit_in_hand", "14 in it. Scan where it goes.")
    assert (tablet.step, tablet.seen["unit"], tablet.seen["location"]) == ("scan_target", unit.code, BIN)
    assert unit.code in tablet.look()
    body = tablet.body(cast.overseas.labels[NEXT])
    first, second = tablet.send(body), tablet.send(body)
    assert first.json["feedback"] == second.json["feedback"]
    assert (first.json["feedback"]["code"], first.json["next"]["state"]) == ("unit_moved", "scan_location")
    assert second.headers["Idempotent-Replay"] == "true"
    assert stock(cast.ACME.products[MUG]) == {(NEXT, "good", True): 10}
    moves = text("SELECT count(DISTINCT p.id), count(*) FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id"
                 " WHERE p.reason = 'move' AND p.subject_kind = 'floor_task'")  # fmt: skip
    assert tuple(session().execute(moves).one()) == (1, 2)


def test_an_empty_tote_is_moved_and_one_of_an_order_is_not(cast, client, db_session, tablet):
    empty, bound = totes(cast.overseas.id)[:2]
    session().execute(text("UPDATE handling_unit SET subject_kind = 'put_back' WHERE barcode = :code"), {"code": bound})
    commit()
    tablet.start("move")
    told = tablet.scan(bound)
    assert (told["code"], told["title"], told["detail"]) == (
        "unit_in_use", "Somebody is working with it.", "Finish that work first, or call the lead.",
    )  # fmt: skip
    assert tablet.scan(empty)["title"] == "0 in it. Scan where it goes."
    assert tablet.scan(cast.overseas.labels["PACK"])["code"] == "unit_moved"
    assert counts() == (0, 0)
    told = tablet.scan(empty)
    assert tablet.scan(cast.overseas.labels["PACK"])["code"] == "move_undone"  # set down where it stood
    assert tablet.step == "scan_location" and counts() == (0, 0)


def test_a_tote_bound_meanwhile_stays(cast, client, db_session, tablet):
    """Seen free, then taken by a picker: the check under lock decides."""
    (tote, *_) = totes(cast.overseas.id)
    tablet.start("move")
    tablet.scan(tote)
    session().execute(text("UPDATE handling_unit SET subject_kind = 'put_back' WHERE barcode = :code"), {"code": tote})
    commit()
    assert tablet.scan(cast.overseas.labels["PACK"])["code"] == "unit_in_use"
    assert tablet.step == "scan_target"


def test_a_counted_carton_is_moved_at_the_dock_but_not_into_a_bin(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 10})
    tablet.start("move")
    assert tablet.scan(label)["code"] == "unit_in_hand"
    told = tablet.scan(cast.overseas.labels[BIN])
    assert (told["code"], told["detail"]) == ("carton_is_put_away", "Count it, then scan it under Put away.")
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 10}
    assert tablet.scan(cast.overseas.labels["INSP"])["code"] == "unit_moved"
    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.scan(cast.overseas.labels[BIN])["title"] == "All 10 put away."
    tablet.start("move")
    assert tablet.scan(label)["code"] == "unit_gone"
    (awaited,) = announce(cast, {MUG: 1})
    assert tablet.scan(awaited)["code"] == "carton_not_here"


def test_held_goods_and_an_order_s_goods_stay(cast, client, db_session, tablet):
    unit = pallet(cast, (MUG, 10))
    order(cast.api(client), {MUG: 2}, house_carrier())
    tablet.start("pick")
    tablet.scan("CMD-OK")
    tablet.start("move")
    tablet.scan(unit.barcode)
    assert tablet.scan(cast.overseas.labels[NEXT])["title"] == "2 of 10 are kept for orders."
    other = pallet(cast, (CABLE, 3))
    holds.place_hold(cast.supervisor, cast.overseas.id, HoldScope.HANDLING_UNIT, str(other.id), "check")
    commit()
    tablet.scan("CMD-BACK")
    tablet.scan(other.barcode)
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "stock_is_held"
    assert stock(cast.ACME.products[CABLE]) == {(BIN, "good", False): 3}
    tablet.scan("CMD-BACK")
    assert tablet.scan(other.barcode, quantity=2)["code"] == "whole_no_quantity"


def test_a_carton_no_booking_announced_is_a_container_like_any_other(cast, client, db_session, tablet):
    unit = pallet(cast, (MUG, 2), kind=HandlingUnitKind.CARTON)
    answer = tablet.caller.post("/floor/find", data={"command_id": str(new_id()), "raw": unit.barcode})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/floor/work/move")
    tablet.start("move")
    assert tablet.step == "scan_target"
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "unit_moved"


def test_another_warehouse_s_container_is_unknown(cast, client, db_session):
    unit = pallet(cast, (MUG, 2))
    tablet = Tablet(cast.sign_in(client, cast.receiver), "NGB1")
    tablet.start("move")
    assert tablet.scan(unit.barcode)["code"] == "scan_unknown"
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", True): 2}


@pytest.mark.parametrize("in_hand", [False, True])
def test_a_carton_that_others_emptied_ends_when_it_is_scanned(cast, client, db_session, tablet, in_hand):
    """Nothing else would end it, and its booking would stay open for ever."""
    label = received(cast, tablet, {MUG: 2})
    tablet.start("putaway")
    if in_hand:
        assert tablet.scan(label)["code"] == "source_taken"
    row = session().query(Balance).filter(Balance.product_id == cast.ACME.products[MUG], Balance.on_hand > 0).one()
    count(cast.supervisor, stock_of(row), 0, Subject("count", None))
    commit()
    told = tablet.scan(CODES[MUG] if in_hand else label)
    assert (told["code"], told["title"], tablet.step) == (
        "carton_finished", "Nothing is left in it. The carton is done.", "scan_carton",
    )  # fmt: skip
    state = text("SELECT c.state, b.state, h.state FROM carton c JOIN booking b ON b.id = c.booking_id JOIN handling_unit h"
                 " ON h.id = c.handling_unit_id WHERE c.barcode = :label")  # fmt: skip
    assert session().execute(state, {"label": label}).one() == ("stowed", "completed", "gone")
