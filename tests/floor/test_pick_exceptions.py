"""Damage, another batch, the zero check and a full tote at the pick, as the tablet sends them."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import select, text

from tests.cast import Cast
from tests.floor.test_gone_stops import on_a_walk
from tests.floor.test_sort import Wall, wall
from tests.floor.worker import CABLE, CODES, MUG, totes
from tests.outbound.stage import SERUM, Stage, in_days
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory import service as inventory
from wms.inventory.counting import planning
from wms.inventory.counting.rules import Rule
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance
from wms.outbound.service import damage
from wms.platform.database import commit, session

__all__ = ["wall"]


def photo() -> io.BytesIO:
    kept = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(kept, "JPEG")
    kept.seek(0)
    return kept


def test_damage_is_reported_described_and_taken_back(cast, client, tablet):
    on_a_walk(cast, cast.api(client), tablet, 2, "scan_location")
    assert tablet.scan("CMD-DAMAGE")["code"] == "command_not_here"
    tablet.scan(tablet.seen["location_barcode"])
    assert tablet.scan("CMD-DAMAGE")["code"] == "pick_damage_on"
    assert tablet.step == "scan_damaged"
    assert tablet.scan(CODES[CABLE])["code"] == "wrong_item"
    assert tablet.scan("CMD-BACK")["code"] == "step_back"
    tablet.scan("CMD-DAMAGE")
    assert tablet.scan(CODES[MUG], quantity=99)["code"] == "quantity_too_large"
    told = tablet.scan(CODES[MUG], quantity=3)
    assert (told["code"], told["tone"]) == ("pick_damaged", "warn")
    key = tablet.seen["damaged"]
    page = f"/floor/photos/damage/{key}"
    assert tablet.caller.get(page).status_code == 200
    form = {"command_id": str(new_id()), "reason": "wet", "note": "a puddle", "file": (photo(), "wet.jpg")}
    assert tablet.caller.post(page, data=form, content_type="multipart/form-data").status_code == 303
    wrong = {"command_id": str(new_id()), "reason": "bored"}
    assert tablet.caller.post(page, data=wrong).status_code == 409
    supervisor = cast.sign_in(client, cast.supervisor)
    shown = supervisor.get("/office/exceptions").get_data(as_text=True)
    assert "a puddle" in shown
    assert supervisor.get(f"/office/exceptions/damage/{key}").mimetype == "image/jpeg"
    seller = cast.sign_in(client, cast.acme_person)
    assert seller.get(f"/office/exceptions/damage/{key}").status_code in (403, 404)
    assert tablet.scan("CMD-UNDO")["code"] == "pick_damage_undone"
    assert "damaged" not in tablet.seen or tablet.seen["damaged"] is None
    assert tablet.scan(CODES[MUG], quantity=2)["code"] == "stop_done"


def test_the_picker_sees_which_batch_was_chosen(cast, client, tablet, db_session):
    """Two batches lie in one bin: the code on a unit may say the product alone."""
    stage, soon = Stage(cast), in_days(300)
    stage.stock(SERUM, 4, batch="NOW", expires_on=soon)
    stage.stock(SERUM, 4, batch="LATER", expires_on=in_days(400))
    order = stage.order({SERUM: 2})
    stage.wave(order)
    tablet.start("pick")
    tablet.scan("CMD-OK")
    tablet.scan(totes(cast.overseas.id)[0])
    for step in ("scan_location", "scan_product"):
        assert (tablet.step, tablet.seen["lot"]) == (step, f"NOW · {soon}")
        assert f"NOW · {soon}</span>" in tablet.look()
        tablet.scan(tablet.seen["location_barcode"] if step == "scan_location" else f"ACME:{SERUM}")


def test_a_bin_with_nothing_left_leads_on(cast, client, tablet):
    on_a_walk(cast, cast.api(client), tablet, 1, "scan_product")
    tablet.scan("CMD-DAMAGE")
    assert tablet.scan(CODES[MUG], quantity=10)["code"] == "pick_damaged_all"
    assert tablet.step == "begin"
    assert tablet.scan("CMD-UNDO")["code"] == "pick_damage_undone"
    assert tablet.scan("CMD-UNDO")["code"] == "command_not_here"


def _asking(cast: Cast) -> None:
    planning.set_rule(cast.supervisor, cast.overseas.id, Rule(on_zero=True))
    commit()


@pytest.mark.parametrize("kind", ["inspection", "returns"])
def test_damaged_goods_are_set_down_where_nobody_picks(cast, client, tablet, kind):
    """Once, by who reported them, in a place for them; then there is nothing to undo."""
    on_a_walk(cast, cast.api(client), tablet, 2, "scan_location")
    at_bin = tablet.seen["location_barcode"]
    place = session().execute(
        text("SELECT id, code, barcode FROM location WHERE warehouse_id = :w AND kind = :k ORDER BY code LIMIT 1"),
        {"w": cast.overseas.id, "k": kind},
    ).one()  # fmt: skip
    assert tablet.scan(place.barcode)["code"] == "wrong_location"  # nothing is damaged
    tablet.scan(at_bin)
    tablet.scan("CMD-DAMAGE")
    assert "Scan place or tote" in tablet.scan(CODES[MUG], quantity=1)["title"]
    dock = text("SELECT barcode FROM location WHERE warehouse_id = :w AND kind = 'dock' LIMIT 1")
    assert tablet.scan(session().execute(dock, {"w": cast.overseas.id}).scalar_one())["tone"] == "error"
    assert (tablet.scan(place.barcode)["code"], tablet.step) == ("pick_damage_set_down", "scan_product")
    rows = "SELECT b.on_hand, b.condition FROM balance b WHERE b.location_id = :place AND b.on_hand > 0"
    assert [tuple(row) for row in session().execute(text(rows), {"place": place.id})] == [(1, "damaged")]
    assert tablet.seen.get("damaged") is None
    assert tablet.scan(place.barcode)["tone"] == "error"
    assert tablet.scan("CMD-UNDO")["tone"] == "error"
    found = session().execute(text("SELECT id FROM pick_damage")).scalar_one()
    with pytest.raises(Refused, match="damage_gone"):
        damage.set_down(cast.receiver, found, place.id)
    session().rollback()


def _take_away(cast: Cast, units: int) -> None:
    """What nobody wants of the mugs leaves their bin."""
    row = session().scalars(select(Balance).where(Balance.on_hand > 0, Balance.handling_unit_id.is_(None))).one()
    other = next(place for place in cast.overseas.locations.values() if place != row.location_id)
    inventory.relocate(SYSTEM, stock_of(row), other, units, inventory.Subject("test", None))
    commit()


@pytest.mark.parametrize(("answer", "code", "kind"), [
    ("CMD-EMPTY", "walk_done", "zero"), ("CMD-OK", "walk_done", "zero"), ("bin", "walk_done", "zero"),
    ("CMD-NOTEMPTY", "walk_done", "doubt"),
])  # fmt: skip
def test_who_empties_a_bin_is_asked_whether_it_is_empty(cast, client, tablet, answer, code, kind):
    _asking(cast)
    on_a_walk(cast, cast.api(client), tablet, 4, "scan_tote")
    _take_away(cast, 2)
    asked = 0
    for _ in range(40):
        if tablet.step == "begin":
            break
        if tablet.step == "scan_tote":
            tablet.scan(totes(cast.overseas.id)[0])
        elif tablet.step == "zero_check":
            asked += 1
            assert tablet.scan(CODES[MUG])["tone"] == "error"
            assert tablet.scan("CMD-SKIP")["code"] == "zero_first"
            label = cast.overseas.labels[tablet.seen["bin"]]
            assert tablet.scan(label if answer == "bin" else answer)["code"] == code
        elif tablet.step == "scan_location":
            tablet.scan(tablet.seen["location_barcode"])
        else:
            tablet.scan(CODES[MUG], quantity=2)
    assert asked == 1
    assert session().execute(text("SELECT kind FROM stock_count")).scalars().all() == [kind]


EMPTY = (
    "SELECT barcode FROM handling_unit h WHERE kind = 'tote' AND state = 'open' AND NOT EXISTS (SELECT 1 FROM put_wall_slot s"
    " WHERE s.unit_id = h.id) AND warehouse_id = (SELECT id FROM warehouse WHERE code = 'DE1') ORDER BY code"
)


def test_a_broken_tote_of_a_walk_is_free_when_another_takes_its_place(wall: Wall) -> None:
    """It holds nothing: no sorter opens it, and nobody else would ever let it go."""
    wall.prepare({MUG: 2}, {MUG: 1, CABLE: 1})
    first, second, *others = wall.ask(EMPTY)
    wall.tablet.start("pick")
    wall.say("CMD-OK")
    wall.say(first)
    for tote, free in ((first, [second, *others]), (second, [first, *others])):
        assert wall.say("CMD-FULL") == "tote_full"
        assert wall.say(tote) == "walk_tote_bound"
        assert wall.ask(EMPTY) == free


def test_a_full_tote_of_a_walk_is_set_down_for_another(wall: Wall) -> None:
    wall.prepare({MUG: 2}, {MUG: 1, CABLE: 1})
    first, second = wall.ask(EMPTY)[:2]
    wall.tablet.start("pick")
    wall.say("CMD-OK")
    assert wall.refused("CMD-FULL") == "command_not_here"
    wall.say(first)
    assert wall.say("CMD-FULL") == "tote_full"
    assert wall.say("CMD-BACK") == "step_back"
    wall.say(wall.tablet.seen["location_barcode"])
    wall.say(CODES[wall.tablet.seen["sku"]], quantity=1)
    assert wall.say("CMD-FULL") == "tote_full"
    assert wall.say(second) == "walk_tote_bound"
    while wall.tablet.step != "begin":
        seen = wall.tablet.seen
        wall.say(seen["location_barcode"] if wall.tablet.step == "scan_location" else CODES[seen["sku"]],
                 **({} if wall.tablet.step == "scan_location" else {"quantity": seen["quantity"]}))  # fmt: skip
    held = wall.ask("SELECT sum(b.on_hand) FROM balance b JOIN handling_unit h ON h.id = b.handling_unit_id"
                    " WHERE h.subject_kind = 'batch' GROUP BY h.id ORDER BY 1")  # fmt: skip
    assert held == [1, 3]
    wall.tablet.start("sort")
    wall.say(first)
