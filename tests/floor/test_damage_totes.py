"""Damaged units go into a tote of their own at the pick, which is then brought to a place for them; nothing is lost between."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.floor.test_gone_stops import on_a_walk
from tests.floor.worker import CABLE, CODES, MUG, Tablet, totes
from tests.outbound.stage import BIN2, Stage
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.outbound.service import damage, sorting
from wms.platform.database import commit, session


def rows(statement: str, **more: object) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session().execute(text(statement), more)]


def damaged(tablet: Tablet, units: int) -> str:
    tablet.scan("CMD-DAMAGE")
    return str(tablet.scan(CODES[MUG], quantity=units)["code"])


DAMAGED = (
    "SELECT l.kind, h.code, b.on_hand FROM balance b JOIN location l ON l.id = b.location_id LEFT JOIN handling_unit h"
    " ON h.id = b.handling_unit_id WHERE b.condition = 'damaged' AND b.on_hand > 0"
)
PLACE = (
    "SELECT l.barcode, l.code, l.id FROM location l JOIN warehouse w ON w.id = l.warehouse_id WHERE w.code = 'DE1'"
    " AND l.kind = :kind ORDER BY l.code LIMIT 1"
)


def test_two_finds_go_into_one_tote_and_all_of_it_to_a_place(cast, client, tablet):
    on_a_walk(cast, cast.api(client), tablet, 2, "scan_product")
    own = rows("SELECT u.barcode FROM handling_unit u WHERE u.subject_kind = 'order'")[0][0]
    spare = totes(cast.overseas.id)[0]
    assert tablet.scan(spare)["tone"] == "error"  # nothing is damaged yet
    damaged(tablet, 1)
    assert tablet.scan(str(own))["code"] == "tote_taken"
    told = tablet.scan(spare)
    assert (told["code"], tablet.step, tablet.seen["damaged"]) == ("pick_damage_in_tote", "scan_product", None)
    assert tablet.scan("CMD-UNDO")["tone"] == "error"
    damaged(tablet, 2)
    assert tablet.scan(spare)["code"] == "pick_damage_in_tote"  # it has some already
    ((kind, code, units),) = rows(DAMAGED)
    assert (kind, units) == ("tote", 3)
    assert f">{code}<" in cast.sign_in(client, cast.supervisor).get("/office/exceptions").get_data(as_text=True)
    found = session().execute(text("SELECT id FROM pick_damage LIMIT 1")).scalar_one()
    with pytest.raises(Refused, match="damage_gone"):
        damage.take_back(cast.receiver, found)
    session().rollback()
    (inspection, place, _), (dock, *_) = rows(PLACE, kind="inspection")[0], rows(PLACE, kind="dock")[0]
    tablet.start("putback")
    told = tablet.scan(spare)
    assert (told["code"], told["title"], tablet.step) == (
        "damage_tote_taken", "3 damaged. Scan where they wait.", "scan_location",
    )  # fmt: skip
    assert MUG in tablet.look()
    assert tablet.scan(str(dock))["tone"] == "error"
    assert (tablet.scan(str(inspection))["code"], tablet.step) == ("pick_damage_set_down", "scan_unit")
    assert rows(DAMAGED) == [("inspection", None, 3)]
    assert spare in totes(cast.overseas.id)
    assert rows("SELECT DISTINCT l.code, d.tote_id FROM pick_damage d JOIN location l ON l.id = d.location_id") == [
        (place, None)
    ]
    assert tablet.scan(spare)["code"] == "nothing_to_put_back"


@pytest.fixture
def all_damaged(cast, db_session, client) -> Tablet:
    """Both mugs of the first order are damaged, and the second order waits for its tote."""
    stage = Stage(cast)
    stage.stock(MUG, 2)
    stage.stock(CABLE, 2, BIN2)
    orders = [stage.order({sku: 1}) for sku in (MUG, CABLE)]
    stage.wave(*orders)
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.start("pick")
    tablet.scan("CMD-OK")
    tablet.scan(totes(cast.overseas.id)[0])
    tablet.scan(tablet.seen["location_barcode"])
    assert damaged(tablet, 2) == "pick_damaged_all"
    assert tablet.step == "scan_tote"
    return tablet


def test_where_the_next_order_waits_for_its_tote_damage_says_which_one_it_is(cast, all_damaged):
    tablet = all_damaged
    (first, second, *_) = totes(cast.overseas.id)
    assert tablet.scan("CMD-DAMAGE")["code"] == "pick_damage_tote"
    assert "Scan the tote for the damaged goods" in tablet.look()
    assert tablet.scan("CMD-BACK")["code"] == "step_back"
    tablet.scan("CMD-DAMAGE")
    told = tablet.scan("CMD-MIXED")  # the next tote is not the one for single pieces
    assert (told["code"], told["tone"], tablet.seen["damage_tote"]) == ("damage_tote_first", "error", True)
    assert (tablet.scan(first)["code"], tablet.step) == ("pick_damage_in_tote", "scan_tote")
    assert tablet.scan("CMD-MIXED")["code"] == "lane_next_tote"
    assert tablet.scan("CMD-BACK")["code"] == "step_back"
    assert tablet.scan(first)["code"] == "tote_taken"  # it is no order's
    assert tablet.scan(second)["code"] == "tote_bound"


def test_without_that_an_empty_tote_is_the_orders(cast, all_damaged):
    tablet = all_damaged
    assert tablet.scan(totes(cast.overseas.id)[0])["code"] == "tote_bound"
    tablet.scan(tablet.seen["location_barcode"])
    assert tablet.scan(totes(cast.overseas.id)[0])["code"] == "pick_damage_in_tote"
    assert rows(DAMAGED)[0][2] == 2


def test_scanned_on_the_task_home_it_opens_the_work(cast, client, tablet):
    on_a_walk(cast, cast.api(client), tablet, 1, "scan_product")
    spare = totes(cast.overseas.id)[0]
    damaged(tablet, 1)
    tablet.scan(spare)
    answer = tablet.caller.post("/floor/find", data={"raw": spare, "command_id": str(new_id())})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/floor/work/putback")
    shown = tablet.caller.get(answer.headers["Location"]).get_data(as_text=True)
    assert "A place for inspection or returns" in shown


def test_a_slot_of_a_wall_and_anothers_report_are_refused(cast, client, tablet):
    on_a_walk(cast, cast.api(client), tablet, 1, "scan_product")
    damaged(tablet, 1)
    sorting.make_wall(cast.supervisor, cast.overseas.id, "W1", 4)
    (found,) = rows("SELECT id FROM pick_damage")[0]
    (spare,) = rows("SELECT id FROM handling_unit WHERE barcode = :code", code=totes(cast.overseas.id)[0])[0]
    (slot,) = rows("SELECT unit_id FROM put_wall_slot LIMIT 1")[0]
    place = rows(PLACE, kind="inspection")[0][2]
    commit()
    for code, attempt in (
        ("damage_gone", lambda: damage.put_into_tote(cast.picker, found, spare)),
        ("not_a_tote", lambda: damage.put_into_tote(cast.receiver, found, slot)),
        ("nothing_to_put_back", lambda: damage.bring(cast.receiver, spare, place)),
    ):
        with pytest.raises(Refused, match=code):
            attempt()
        session().rollback()
