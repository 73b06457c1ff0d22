"""Putting a carton away as it is, on the tablet: WHOLE, a bin, and its label goes on meaning it everywhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from tests.floor.test_whole import BIN, NEXT, counts, received
from tests.floor.worker import (
    CABLE,
    CODES,
    MUG,
    Tablet,
    announce,
    house_carrier,
    order,
    prepare_waybills,
    totes,
)
from tests.inbound.dock import bins, sellable, stock
from wms.facility.models import LocationKind
from wms.inventory.counting import planning
from wms.inventory.counting.rules import Rule
from wms.platform.database import commit, session


def unopened(cast: Any, tablet: Tablet, lines: dict[str, int]) -> str:
    """A carton of ACME's put away as it is; returns its label."""
    label = received(cast, tablet, lines)
    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.scan("CMD-WHOLE")["code"] == "carton_in_hand"
    assert tablet.scan(cast.overseas.labels[BIN])["code"] == "carton_stowed_whole"
    return label


def test_with_one_card_the_bin_takes_the_carton_as_it_is(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 10, CABLE: 4})
    tablet.start("putaway")
    assert tablet.scan("CMD-WHOLE")["code"] == "command_not_here"
    tablet.scan(label)
    shown = tablet.look()
    assert 'data-command="CMD-WHOLE"' in shown and "Leave closed" in shown
    assert tablet.seen["hint"] == "Or a bin for all; WHOLE leaves it closed"
    told = tablet.scan("CMD-WHOLE")
    assert (told["code"], told["title"], tablet.step) == (
        "carton_in_hand", "As it is, 14 in it. Scan the bin.", "scan_location",
    )  # fmt: skip
    assert (tablet.seen["unopened"], tablet.seen["quantity"], tablet.seen["location"]) == (True, 14, "A-01-01-1")
    shown = tablet.look()
    assert label in shown and "The carton as it is" in shown and "Item by item" in shown
    body = tablet.body(cast.overseas.labels[BIN])
    first, second = tablet.send(body), tablet.send(body)
    assert first.json["feedback"] == second.json["feedback"]
    assert first.json["feedback"]["title"] == "Put away as it is, with 14."
    assert (first.json["next"]["state"], second.headers["Idempotent-Replay"]) == ("scan_carton", "true")
    assert (sellable(cast.ACME.products[MUG]), counts()[0]) == (10, 2)
    inside = text("SELECT count(*) FROM balance WHERE is_there AND handling_unit_id IS NOT NULL")
    assert session().execute(inside).scalar_one() == 2


def test_a_carton_of_one_product_is_led_to_a_bin(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 10})
    tablet.start("putaway")
    tablet.scan(label)
    tablet.scan("CMD-WHOLE")
    assert tablet.seen["location"] is not None and tablet.seen["reason"]
    assert tablet.scan(cast.overseas.labels[tablet.seen["location"]])["code"] == "carton_stowed_whole"


def kept() -> list[str]:
    query = "SELECT l.code FROM bin_reservation r JOIN location l ON l.id = r.location_id ORDER BY 1"
    return list(session().execute(text(query)).scalars())


def test_two_closed_cartons_are_never_sent_to_one_slot(cast, client, db_session, tablet):
    """Mixed ones too: the bin is kept until the carton stands in it, and let go by one step back."""
    slots = bins(cast.overseas.id, "W", LocationKind.STORAGE, mixes_products=True)
    elsewhere = text("UPDATE location SET mixes_products = false WHERE warehouse_id = :w AND NOT id = ANY(:slots)")
    session().execute(elsewhere, {"w": cast.overseas.id, "slots": list(slots.values())})
    commit()
    first, second = (received(cast, tablet, {MUG: 3, CABLE: 2}) for _ in range(2))
    other = Tablet(cast.sign_in(client, cast.picker))
    for who, label in ((tablet, first), (other, second)):
        who.start("putaway")
        who.scan(label)
        who.scan("CMD-WHOLE")
    assert sorted([tablet.seen["location"], other.seen["location"]]) == ["W-1", "W-2"] and tablet.seen["reason"]
    assert kept() == ["W-1", "W-1", "W-2", "W-2"]  # a row for each product
    other.scan("CMD-BACK")
    mine = str(tablet.seen["location"])
    assert kept() == [mine, mine]
    assert tablet.scan(_label(mine))["code"] == "carton_stowed_whole"
    assert kept() == []


def _label(code: str) -> str:
    return str(session().execute(text("SELECT barcode FROM location WHERE code = :code"), {"code": code}).scalar_one())


def test_in_chinese(cast, client, db_session):
    tablet = Tablet(cast.sign_in(client, cast.picker))
    label = received(cast, tablet, {MUG: 10})
    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.seen["hint"] == "或扫库位全部上架；整箱不拆扫 WHOLE"
    assert tablet.scan("CMD-WHOLE")["title"] == "整箱不拆，内有 10 件，请扫库位。"
    assert tablet.scan(cast.overseas.labels[BIN])["title"] == "已整箱上架，内有 10 件。"


def test_undo_and_back(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 10})
    tablet.start("putaway")
    tablet.scan(label)
    tablet.scan("CMD-WHOLE")
    assert (tablet.scan("CMD-BACK")["code"], tablet.step) == ("step_back", "scan_product")
    assert tablet.scan("CMD-UNDO")["code"] == "nothing_to_undo"
    tablet.scan("CMD-WHOLE")
    tablet.scan(cast.overseas.labels[BIN])
    tablet.scan(cast.overseas.labels[BIN])  # no carton: refused, and what was done last can be taken back all the same
    assert 'data-command="CMD-UNDO"' in tablet.look()
    assert (tablet.scan("CMD-UNDO")["code"], tablet.step) == ("putaway_taken_back", "scan_product")
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 10}
    tablet.scan(CODES[MUG], quantity=3)  # and now it is opened
    assert tablet.scan(cast.overseas.labels[BIN])["code"] == "item_stowed"
    assert (tablet.seen["hint"], 'data-command="CMD-WHOLE"' in tablet.look()) == (
        "Or scan a bin: the whole carton goes there", False,
    )  # fmt: skip
    told = tablet.scan("CMD-WHOLE")
    assert (told["code"], told["title"]) == ("carton_begun", "Some of it is in a bin already: the rest goes loose.")
    assert told["detail"] == "Scan its items, or one bin for all that is left."


def test_what_differs_is_said_before_anybody_walks(cast, client, db_session, tablet):
    (label,) = announce(cast, {MUG: 10})
    tablet.start("receive")
    for code in (label, CODES[MUG], "CMD-OK"):
        tablet.scan(code)
    tablet.start("putaway")
    tablet.scan(label)
    told = tablet.scan("CMD-WHOLE")
    assert (told["code"], tablet.step) == ("carton_undecided", "scan_product")
    assert told["title"] == "It differs from what was announced, and nobody has decided yet."
    assert tablet.scan(cast.overseas.labels[BIN])["code"] == "carton_stowed"


def test_a_refused_bin_takes_nothing_and_a_supervisor_may_insist(cast, client, db_session, tablet):
    small = bins(cast.overseas.id, "V", LocationKind.STORAGE, mixes_products=True, max_weight_g=100)["V-1"]
    barcode = text("SELECT barcode FROM location WHERE id = :id")
    lead = Tablet(cast.sign_in(client, cast.supervisor))
    label = received(cast, lead, {MUG: 10, CABLE: 4})
    lead.start("putaway")
    lead.scan(label)
    lead.scan("CMD-WHOLE")
    before = counts()
    assert lead.scan(cast.overseas.labels["INSP"])["code"] == "location_wrong_kind"
    full = session().execute(barcode, {"id": small}).scalar_one()
    assert lead.scan(full)["code"] == "overrule_confirm"
    assert (counts(), lead.step) == (before, "scan_location")
    assert lead.scan(full)["code"] == "carton_stowed_whole"


def test_its_label_moves_it_repacks_it_and_counts_it(cast, client, db_session, tablet):
    label = unopened(cast, tablet, {MUG: 10, CABLE: 4})
    tablet.start("move")
    assert tablet.scan(label)["title"] == "14 in it. Scan where it goes."
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "unit_moved"
    assert tablet.scan("CMD-UNDO")["code"] == "move_taken_back"
    assert tablet.scan(cast.overseas.labels[BIN])["code"] == "move_undone"
    planning.set_rule(cast.supervisor, cast.overseas.id, Rule(approve_above_minor=10**9))
    planning.plan_bins(cast.supervisor, cast.overseas.id, [cast.overseas.locations[BIN]])
    commit()
    tablet.start("count")
    tablet.scan(cast.overseas.labels[BIN])
    assert tablet.scan(label)["code"] == "count_unit"
    for sku, units in ((MUG, 10), (CABLE, 4)):
        assert tablet.scan(CODES[sku], quantity=units)["code"] == "count_tally"
    assert tablet.scan("CMD-OK")["code"] == "count_done"
    tablet.start("repack")
    assert tablet.scan(label)["title"] == "14 in it. Scan what you take."
    assert tablet.scan("CMD-FULL")["code"] == "all_in_hand"
    assert tablet.scan(cast.overseas.labels[BIN])["code"] == "part_packed"
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", True): 10}
    tablet.start("putaway")
    told = tablet.scan(label)
    assert (told["code"], tablet.step) == ("scan_wrong_kind", "scan_carton")


def test_a_picker_is_told_the_carton_to_open(cast, client, db_session, tablet):
    label = unopened(cast, tablet, {MUG: 10})
    order(cast.api(client), {MUG: 2}, house_carrier())
    tablet.start("pick")
    tablet.scan("CMD-OK")
    prepare_waybills()
    tablet.scan("CMD-OK")
    tablet.scan(totes(cast.overseas.id)[0])
    code = (
        session().execute(text("SELECT code FROM handling_unit WHERE barcode = :label"), {"label": label}).scalar_one()
    )
    for scanned in (tablet.seen["location_barcode"], None):
        assert tablet.seen["container"] == code and f"in {code}" in tablet.look()
        if scanned:
            tablet.scan(scanned)
    assert tablet.scan(CODES[MUG], quantity=2)["tone"] in ("done", "next")
    assert sellable(cast.ACME.products[MUG]) == 8
