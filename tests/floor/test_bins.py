"""What a bin says on the tablet: suggestions that are kept, refusals with their reason, a supervisor who insists."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.floor.test_whole import BIN, NEXT, pallet, received
from tests.floor.worker import CABLE, CODES, MUG, Tablet
from tests.inbound.dock import product, stock
from wms.catalog import service as catalog
from wms.catalog.rules import Code
from wms.core.ids import new_id
from wms.facility.models import HandlingUnitKind
from wms.inventory import holds
from wms.inventory.models import HoldScope
from wms.platform.database import commit, session


def change(cast: Any, code: str, **facts: Any) -> None:
    values = ", ".join(f"{name} = :{name}" for name in facts)
    session().execute(
        text(f"UPDATE location SET {values} WHERE id = :id"), {**facts, "id": cast.overseas.locations[code]}
    )
    commit()


def kept() -> list[str]:
    query = "SELECT l.code FROM bin_reservation r JOIN location l ON l.id = r.location_id ORDER BY r.created_at"
    return list(session().execute(text(query)).scalars())


def in_hand(tablet: Tablet, label: str, item: str, **more: Any) -> dict[str, Any]:
    tablet.start("putaway")
    tablet.scan(label)
    return tablet.scan(item, **more)


def test_two_people_are_sent_to_two_bins(cast, client, db_session, tablet):
    first, second = received(cast, tablet, {MUG: 4}), received(cast, tablet, {CABLE: 4})
    change(cast, BIN, mixes_products=False)
    in_hand(tablet, first, CODES[MUG])
    assert (tablet.seen["location"], tablet.seen["reason"]) == ("A-01-01-1", "An empty bin.")
    other = Tablet(cast.sign_in(client, cast.picker))
    in_hand(other, second, CODES[CABLE])
    assert other.seen["location"] == "A-01-01-2"
    assert kept() == ["A-01-01-1", "A-01-01-2"]
    told = other.scan(cast.overseas.labels["A-01-01-1"])
    assert (told["code"], told["title"], told["detail"]) == (
        "location_reserved", "A-01-01-1：其他货物正在送来。", "有人正送货过来，请换库位。",
    )  # fmt: skip
    assert tablet.scan(cast.overseas.labels["A-01-01-1"])["code"] == "item_stowed"
    assert kept() == ["A-01-01-2"]
    assert other.scan("CMD-BACK")["code"] == "step_back"
    assert kept() == []


def test_a_full_bin_says_by_how_much_in_both_languages(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 4})
    change(cast, BIN, max_units=3)
    in_hand(tablet, label, CODES[MUG])
    assert tablet.seen["location"] == NEXT
    assert tablet.scan(cast.overseas.labels[BIN])["title"] == "A-01-01-1: 1 × over, takes 3."
    session().execute(text("UPDATE app_user SET language = 'zh'"))
    commit()
    chinese = Tablet(cast.sign_in(client, cast.receiver))
    chinese.start("putaway")
    told = chinese.scan(cast.overseas.labels[BIN])
    assert (told["title"], told["detail"]) == ("A-01-01-1：超出 1 ×，只能再放 3 件。", "请换一个库位。")
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 4}


def test_a_supervisor_insists_by_scanning_the_bin_again(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 4})
    change(cast, BIN, max_units=3)
    lead = Tablet(cast.sign_in(client, cast.supervisor))
    in_hand(lead, label, CODES[MUG])
    asked = lead.scan(cast.overseas.labels[BIN])
    assert (asked["code"], asked["tone"], asked["title"]) == (
        "overrule_confirm", "warn", "Against a rule. Scan the bin again to insist.",
    )  # fmt: skip
    assert lead.seen["against"] == "A-01-01-1: 1 × over, takes 3."
    assert "1 × over" in lead.look()
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 4}
    assert lead.scan(cast.overseas.labels[BIN])["code"] == "item_stowed"
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", True): 4}
    rule = text("SELECT data->>'rule' FROM event WHERE name = 'stock.putaway_overruled'")
    assert session().execute(rule).scalars().all() == ["location_full"]
    assert kept() == []


def test_a_supervisor_insists_on_a_whole_carton_too_but_not_against_the_cold(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 4})
    change(cast, BIN, max_units=3)
    change(cast, NEXT, max_units=3)
    lead = Tablet(cast.sign_in(client, cast.supervisor))
    lead.start("putaway")
    lead.scan(label)
    assert lead.scan(cast.overseas.labels[BIN])["code"] == "overrule_confirm"
    assert lead.scan(cast.overseas.labels[NEXT])["code"] == "overrule_confirm"  # another bin is asked anew
    session().execute(text("UPDATE product SET temperature = 'cool' WHERE sku = :sku"), {"sku": MUG})
    commit()
    assert lead.scan(cast.overseas.labels[NEXT])["code"] == "location_temperature"
    session().execute(text("UPDATE product SET temperature = 'ambient' WHERE sku = :sku"), {"sku": MUG})
    commit()
    assert lead.scan(cast.overseas.labels[NEXT])["title"] == "All 4 put away."


# ---------- move ----------


def loose(cast: Any, tablet: Tablet, lines: dict[str, int]) -> None:
    label = received(cast, tablet, lines)
    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.scan(cast.overseas.labels[BIN])["code"] == "carton_stowed"


def test_held_goods_are_not_taken_from_their_bin(cast, client, db_session, tablet):
    loose(cast, tablet, {MUG: 4})
    hold = holds.place_hold(
        cast.supervisor, cast.overseas.id, HoldScope.PRODUCT, str(cast.ACME.products[MUG]), "quality", cast.ACME.id
    )
    commit()
    tablet.start("move")
    tablet.scan(cast.overseas.labels[BIN])
    told = tablet.scan(CODES[MUG])
    assert (told["code"], told["detail"]) == ("stock_is_held", "Leave it there. Only a supervisor can release it.")
    holds.end_hold(cast.supervisor, cast.overseas.id, hold.id)
    commit()
    tablet.scan(CODES[MUG], quantity=1)
    holds.place_hold(
        cast.supervisor, cast.overseas.id, HoldScope.PRODUCT, str(cast.ACME.products[MUG]), "quality", cast.ACME.id
    )
    commit()
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "stock_is_held"  # held while it was carried
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", False): 4}


def test_a_move_obeys_the_rules_of_the_bin_and_is_taken_back(cast, client, db_session, tablet):
    loose(cast, tablet, {MUG: 4})
    change(cast, NEXT, max_units=1)
    tablet.start("move")
    tablet.scan(cast.overseas.labels[BIN])
    tablet.scan(CODES[MUG], quantity=2)
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "location_full"
    assert tablet.scan(cast.overseas.labels["INSP"])["code"] == "item_moved"  # no bin: no such rules
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", True): 2, ("INSP", "good", False): 2}
    assert 'data-command="CMD-UNDO"' in tablet.look()
    assert tablet.scan("CMD-UNDO")["code"] == "move_taken_back"
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", True): 4}
    assert (tablet.step, tablet.seen["quantity"], tablet.seen["sku"]) == ("scan_target", 2, MUG)  # in hand again
    assert tablet.scan("CMD-UNDO")["code"] == "command_not_here"
    assert tablet.scan(cast.overseas.labels["A-01-02-1"])["code"] == "item_moved"  # the bin it was meant for
    assert tablet.scan("CMD-UNDO")["code"] == "move_taken_back"
    assert tablet.scan(cast.overseas.labels[BIN])["title"] == "Back where it was."
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", True): 4}
    assert tablet.scan("CMD-UNDO")["code"] == "command_not_here"


def test_a_code_that_two_sellers_use_means_the_goods_that_are_there(cast, client, db_session, tablet):
    rival = cast.RIVAL.products.get(MUG) or product(cast.rival_person, MUG)
    catalog.add_barcode(cast.rival_person, rival, Code(CODES[MUG], "seller"))
    commit()
    unit = pallet(cast, (MUG, 6))
    loose(cast, tablet, {MUG: 4})
    tablet.start("move")
    tablet.scan(cast.overseas.labels[BIN])
    assert tablet.scan(CODES[MUG], quantity=1)["code"] == "item_in_hand"
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "item_moved"
    tablet.scan(cast.overseas.labels["A-01-02-1"])
    assert tablet.scan(CODES[MUG])["code"] == "scan_ambiguous"  # neither of them has any there
    tablet.start("repack")
    tablet.scan(unit.barcode)
    assert tablet.scan(CODES[MUG], quantity=2)["title"] == "2 in hand. Scan where they go."


def test_a_container_goes_back_where_it_was(cast, client, db_session, tablet):
    unit = pallet(cast, (MUG, 6), (CABLE, 4))
    tablet.start("move")
    tablet.scan(unit.barcode)
    tablet.scan(cast.overseas.labels[NEXT])
    assert tablet.scan("CMD-UNDO")["title"] == "Taken back. Scan where it goes now."
    assert stock(cast.ACME.products[MUG]) == {(BIN, "good", True): 6}
    assert tablet.scan(cast.overseas.labels[BIN])["title"] == "Back where it was."
    tablet.scan(unit.barcode)
    assert tablet.seen["location"] == BIN


def test_a_carton_at_the_dock_goes_back_too(cast, client, db_session, tablet):
    label = received(cast, tablet, {MUG: 4})
    tablet.start("move")
    tablet.scan(label)
    tablet.scan(cast.overseas.labels["INSP"])
    assert tablet.scan("CMD-UNDO")["code"] == "move_taken_back"
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 4}


# ---------- repack ----------


def units_in(code: str) -> int:
    query = text("SELECT coalesce(sum(b.on_hand), 0) FROM balance b JOIN handling_unit u ON u.id = b.handling_unit_id"
                 " WHERE u.barcode = :code")  # fmt: skip
    return int(session().execute(query, {"code": code}).scalar_one())


def test_goods_are_split_off_merged_and_laid_loose(cast, client, db_session, tablet):
    full, empty = pallet(cast, (MUG, 6), (CABLE, 2)), pallet(cast)
    tablet.start("repack")
    assert tablet.scan(full.barcode)["title"] == "8 in it. Scan what you take."
    assert tablet.scan(CODES[MUG], quantity=7)["code"] == "quantity_too_large"
    assert tablet.scan(CODES[MUG], quantity=4)["title"] == "4 in hand. Scan where they go."
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "wrong_location"
    assert tablet.scan(empty.barcode)["code"] == "part_packed"
    assert (units_in(full.barcode), units_in(empty.barcode), tablet.step) == (4, 4, "scan_product")
    tablet.scan(CODES[MUG])
    assert tablet.scan(cast.overseas.labels[BIN])["code"] == "part_packed"
    assert tablet.scan("CMD-FULL")["title"] == "All 2 in hand. Scan where they go."
    assert tablet.scan(empty.barcode)["code"] == "part_packed"
    assert (units_in(full.barcode), units_in(empty.barcode), tablet.step) == (0, 6, "scan_unit")
    tablet.scan(full.barcode)
    assert tablet.scan("CMD-FULL")["code"] == "unit_empty"
    assert tablet.scan(CODES[CABLE])["code"] == "nothing_there"
    assert tablet.scan("CMD-BACK")["code"] == "step_back"


def test_a_container_is_set_into_another_and_taken_out(cast, client, db_session, tablet):
    carton, below = pallet(cast, (MUG, 3), kind=HandlingUnitKind.CARTON), pallet(cast, (CABLE, 1))
    tablet.start("repack")
    tablet.scan(carton.barcode)
    assert tablet.scan(carton.barcode)["code"] == "unit_loop"
    told = tablet.scan(below.barcode)
    assert (told["code"], told["params"], tablet.step) == ("unit_nested", {"into": below.code}, "scan_unit")
    tablet.scan(below.barcode)
    assert tablet.seen["children"] == [carton.code]
    assert carton.code in tablet.look()
    assert tablet.scan(carton.barcode)["code"] == "unit_loop"
    tablet.start("move")
    assert tablet.scan(below.barcode)["title"] == "4 in it. Scan where it goes."
    tablet.scan(cast.overseas.labels[NEXT])
    assert stock(cast.ACME.products[MUG]) == {(NEXT, "good", True): 3}
    tablet.start("repack")
    tablet.scan("CMD-BACK")
    tablet.scan(carton.barcode)
    assert tablet.seen["parent"] == below.code
    assert tablet.scan("CMD-OK")["code"] == "unit_taken_out"
    assert tablet.scan("CMD-OK")["code"] == "unit_stands_alone"


def test_what_was_repacked_last_is_taken_back(cast, client, db_session, tablet):
    """Into the hand, from where it goes elsewhere or back: goods split off, all of a container, a container set into another
    or taken out of one.
    """
    full, other = pallet(cast, (MUG, 6), (CABLE, 2)), pallet(cast)
    carton = pallet(cast, (MUG, 1), kind=HandlingUnitKind.CARTON)
    tablet.start("repack")
    assert tablet.scan("CMD-UNDO")["code"] == "command_not_here"
    tablet.scan(full.barcode)
    tablet.scan(CODES[MUG], quantity=4)
    tablet.scan(other.barcode)
    assert 'data-command="CMD-UNDO"' in tablet.look()
    assert (tablet.scan("CMD-UNDO")["code"], tablet.step) == ("repack_taken_back", "scan_target")
    assert (units_in(full.barcode), units_in(other.barcode), tablet.seen["quantity"]) == (8, 0, 4)
    assert tablet.scan(cast.overseas.labels[BIN])["code"] == "part_packed"  # loose now, and back again
    assert (tablet.scan("CMD-UNDO")["code"], units_in(full.barcode)) == ("repack_taken_back", 8)
    tablet.scan("CMD-BACK")
    assert tablet.scan("CMD-UNDO")["code"] == "command_not_here"
    tablet.scan("CMD-BACK")
    tablet.scan(carton.barcode)
    tablet.scan(full.barcode)
    assert (tablet.scan("CMD-UNDO")["code"], tablet.step, tablet.seen["parent"]) == (
        "repack_taken_back",
        "scan_product",
        None,
    )
    tablet.scan(full.barcode)
    tablet.scan(full.barcode)
    tablet.scan("CMD-FULL")
    tablet.scan(other.barcode)
    assert (units_in(other.barcode), tablet.step) == (8, "scan_unit")
    assert (tablet.scan("CMD-UNDO")["code"], units_in(full.barcode)) == ("repack_taken_back", 8)
    tablet.scan("CMD-BACK")
    assert tablet.seen["children"] == [carton.code]
    tablet.scan("CMD-BACK")
    tablet.scan(carton.barcode)
    tablet.scan("CMD-OK")
    assert (tablet.scan("CMD-UNDO")["code"], tablet.seen["parent"]) == ("repack_taken_back", full.code)


def test_what_lies_loose_in_a_bin_goes_into_a_container_there(cast, client, db_session, tablet):
    loose(cast, tablet, {MUG: 6, CABLE: 2})
    here, far = pallet(cast), pallet(cast, place=NEXT)
    tablet.start("repack")
    assert tablet.scan(cast.overseas.labels["DOCK"])["code"] == "location_wrong_kind"
    told = tablet.scan(cast.overseas.labels[BIN])
    assert told["title"] == f"Loose in {BIN}. Scan what you take."
    assert [(line["sku"], line["quantity"]) for line in tablet.seen["lines"]] == [(CABLE, 2), (MUG, 6)]
    assert "Loose in the bin" in tablet.look()
    for refused in ("CMD-FULL", "CMD-OK"):
        assert tablet.scan(refused)["code"] == "command_not_here"
    assert tablet.scan(here.barcode)["code"] == "scan_wrong_kind"
    assert tablet.scan(CODES[MUG], quantity=7)["code"] == "quantity_too_large"
    tablet.scan(CODES[MUG], quantity=4)
    assert "A container in this bin" in tablet.look()
    assert tablet.scan(cast.overseas.labels[BIN])["code"] == "scan_wrong_kind"
    assert tablet.scan(far.barcode)["code"] == "unit_elsewhere"
    assert (tablet.scan(here.barcode)["code"], tablet.step, units_in(here.barcode)) == (
        "part_packed",
        "scan_product",
        4,
    )
    assert (tablet.scan("CMD-UNDO")["code"], units_in(here.barcode)) == ("repack_taken_back", 0)
    tablet.scan(here.barcode)
    assert tablet.scan(CODES[CABLE])["title"] == "2 in hand. Scan where they go."
    tablet.scan(here.barcode)
    assert (units_in(here.barcode), [line["quantity"] for line in tablet.seen["lines"]]) == (6, [2])


# ---------- for machines ----------


def test_machines_ask_where_goods_go_and_keep_a_bin(cast, client, db_session):
    lift = cast.sign_in(client, cast.receiver)
    change(cast, BIN, max_weight_g=1_000)
    asked = f"warehouse=DE1&seller=ACME&sku={MUG}&quantity=10"
    found = lift.get(f"/floor/v1/putaway/suggestion?{asked}").json
    assert found["suggestion"]["code"] == NEXT
    assert found["suggestion"]["reason"]["text"] == "An empty bin."
    assert [each["code"] for each in found["alternatives"]][:1] != [NEXT]
    page = lift.get(f"/floor/v1/putaway/bins?{asked}&limit=2").json
    assert [(each["code"], each["takes_it"]) for each in page["data"]] == [(BIN, False), (NEXT, True)]
    assert page["data"][0]["reasons"][0]["text"] == f"{BIN}: 2.2 kg over, takes 3."
    assert lift.get(f"/floor/v1/putaway/bins?{asked}&limit=2&after={page['after']}").json["data"][0]["code"] > NEXT
    body = {"warehouse": "DE1", "seller": "ACME", "sku": MUG, "quantity": 10, "holder_id": str(new_id())}
    key = str(new_id())
    kept_now = lift.post("/floor/v1/putaway/reservations", body, key=key)
    assert (kept_now.status_code, kept_now.json["code"]) == (200, NEXT)
    assert lift.post("/floor/v1/putaway/reservations", body, key=key).json == kept_now.json
    assert kept() == [NEXT]
    assert lift.delete(f"/floor/v1/putaway/reservations/{body['holder_id']}", key=str(new_id())).status_code == 200
    assert kept() == []
    limits = text("UPDATE location SET max_units = 5 WHERE warehouse_id = :w")
    session().execute(limits, {"w": cast.overseas.id})
    commit()
    huge = lift.post("/floor/v1/putaway/reservations", {**body, "quantity": 9_999_999}, key=str(new_id()))
    assert (huge.status_code, huge.json["code"]) == (409, "no_bin")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"sku": "NONE"}, 422), ({"quantity": 0}, 422), ({"warehouse": "XX"}, 404), ({"seller": "XX"}, 404),
     ({"condition": "fine"}, 422)],
)  # fmt: skip
def test_what_a_machine_asks_wrongly_is_named(cast, client, db_session, wrong: dict[str, Any], status: int):
    lift = cast.sign_in(client, cast.receiver)
    body = {"warehouse": "DE1", "seller": "ACME", "sku": MUG, "quantity": 1, **wrong}
    query = "&".join(f"{name}={value}" for name, value in body.items())
    assert lift.get(f"/floor/v1/putaway/suggestion?{query}").status_code == status
    kept_body = {**body, "holder_id": str(new_id())}
    assert lift.post("/floor/v1/putaway/reservations", kept_body, key=str(new_id())).status_code == status
    seller = cast.sign_in(client, cast.acme_person)
    assert seller.get(f"/floor/v1/putaway/suggestion?{query}").status_code == 403
