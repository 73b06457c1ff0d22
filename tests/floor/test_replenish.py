"""Filling pick faces on the tablet: the walk, its shortcuts, and what happens when somebody else was quicker."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tests.floor.test_contract import receive_and_stow
from tests.floor.worker import CABLE, CODES, MUG, Tablet, house_carrier, order, totes
from wms.core.actor import SYSTEM
from wms.facility.models import HandlingUnit, Location
from wms.inventory import service as stock
from wms.inventory import units
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance, Hold
from wms.inventory.replenishment import faces, planning, service
from wms.inventory.replenishment.models import ReplenishTask
from wms.inventory.service import Subject
from wms.platform.database import commit, session

RESERVE, FACE, SECOND, FAR = "A-01-01-1", "A-01-02-1", "A-01-02-2", "A-02-03-2"


@pytest.fixture
def second(cast, client) -> Tablet:
    return Tablet(cast.sign_in(client, cast.picker))


def refused(tablet: Tablet, raw: str, **more: object) -> str:
    """The code of a scan that was refused."""
    answer = tablet.send(tablet.body(raw, **more)).get_json()
    assert not answer["ok"]
    return str(answer["feedback"]["code"])


def put(cast, sku: str, code: str) -> None:
    """All of a product stands in this bin."""
    for row in (
        session().query(Balance).filter(Balance.product_id == cast.ACME.products[sku], Balance.on_hand > 0).all()
    ):
        if row.location_id != cast.overseas.locations[code]:
            target = cast.overseas.locations[code]
            stock.relocate(SYSTEM, stock_of(row), target, row.on_hand, Subject("test", None))
            commit()


def there(cast, sku: str, code: str) -> int:
    session().expire_all()
    rows = session().query(Balance).filter_by(
        product_id=cast.ACME.products[sku], location_id=cast.overseas.locations[code]
    )  # fmt: skip
    return sum(row.on_hand for row in rows)


@pytest.fixture
def shelves(cast, tablet) -> dict[str, str]:
    """Thirty mugs and ten cables in reserve, and a pick face for each; returns the bins' labels."""
    receive_and_stow(cast, tablet, {MUG: 30, CABLE: 10})
    put(cast, MUG, RESERVE)
    put(cast, CABLE, FAR)
    places = [cast.overseas.locations[code] for code in (FACE, SECOND)]
    session().execute(update(Location).where(Location.id.in_(places)).values(kind="pick_face"))
    faces.set_face(cast.supervisor, places[0], cast.ACME.products[MUG], 5, 20)
    faces.set_face(cast.supervisor, places[1], cast.ACME.products[CABLE], 2, 6)
    commit()
    planning.plan(cast.overseas.id)
    commit()
    return dict(cast.overseas.labels)


def task_of(cast, sku: str) -> ReplenishTask:
    session().expire_all()
    return session().query(ReplenishTask).filter_by(product_id=cast.ACME.products[sku]).order_by(
        ReplenishTask.id.desc()
    ).first()  # fmt: skip


def begin(tablet: Tablet, sku: str) -> None:
    """Take walks until it is the one of this product."""
    tablet.start("replenish")
    assert tablet.scan("CMD-OK")["code"] == "face_walk"
    if tablet.seen["sku"] != sku:
        tablet.scan("CMD-SKIP")
    assert (tablet.seen["sku"], tablet.step) == (sku, "scan_location")


def test_a_walk_from_reserve_to_the_face_in_parts(cast, tablet, shelves):
    begin(tablet, MUG)
    assert (tablet.seen["location"], tablet.seen["face"], tablet.seen["left"]) == (RESERVE, FACE, 20)
    assert tablet.seen["urgency"] == "Below minimum"
    assert refused(tablet, shelves[FACE]) == "wrong_location"
    assert tablet.scan(shelves[RESERVE])["title"] == "Right bin. Take 20."
    assert refused(tablet, CODES[CABLE]) == "wrong_item"
    assert refused(tablet, CODES[MUG], quantity=21) == "too_many_brought"
    assert tablet.scan(CODES[MUG], quantity=12)["title"] == f"12 in hand. To {FACE}."
    assert refused(tablet, shelves[RESERVE]) == "not_that_face"
    answer = tablet.send(tablet.body(shelves[FACE])).get_json()
    assert answer["undo"]["command"] == "CMD-UNDO"
    tablet.next = answer["next"]
    assert (tablet.step, tablet.seen["left"], tablet.seen["moved"], there(cast, MUG, FACE)) == (
        "scan_location",
        8,
        12,
        12,
    )
    tablet.scan(shelves[RESERVE])
    tablet.scan(CODES[MUG])
    tablet.scan(shelves[FACE])
    assert (there(cast, MUG, FACE), task_of(cast, MUG).state) == (20, "done")
    assert (tablet.seen["sku"], tablet.step) == (CABLE, "scan_location")  # the next one, without a tap
    tablet.scan(shelves[FAR])
    tablet.scan(CODES[CABLE])
    assert tablet.scan(shelves[SECOND])["tone"] == "done"
    assert tablet.step == "begin"
    assert refused(tablet, "CMD-OK") == "nothing_to_replenish"


def test_undo_carries_it_back_and_leaves_the_next_walk_to_others(cast, tablet, shelves):
    begin(tablet, MUG)
    tablet.scan(shelves[RESERVE])
    tablet.scan(CODES[MUG])
    tablet.scan(shelves[FACE])
    assert tablet.seen["sku"] == CABLE
    assert tablet.scan("CMD-UNDO")["code"] == "face_undone"
    assert (tablet.seen["sku"], tablet.seen["left"], there(cast, MUG, RESERVE)) == (MUG, 20, 30)
    assert (task_of(cast, MUG).state, task_of(cast, CABLE).state) == ("walking", "open")
    assert refused(tablet, "CMD-UNDO") == "command_not_here"


def test_back_step_by_step_moves_nothing(cast, tablet, shelves):
    begin(tablet, MUG)
    tablet.scan(shelves[RESERVE])
    tablet.scan(CODES[MUG], quantity=3)
    assert (tablet.scan("CMD-BACK")["code"], tablet.step) == ("step_back", "scan_product")
    assert (tablet.scan("CMD-BACK")["code"], tablet.step) == ("step_back", "scan_location")
    assert refused(tablet, "CMD-BACK") == "command_not_here"
    assert there(cast, MUG, FACE) == 0


def test_skip_gives_another_and_the_same_when_there_is_no_other(cast, tablet, shelves):
    begin(tablet, MUG)
    tablet.scan("CMD-SKIP")
    assert tablet.seen["sku"] == CABLE
    service.cancel(cast.supervisor, task_of(cast, MUG).id)
    commit()
    assert tablet.scan("CMD-SKIP")["code"] == "walk_skipped"
    assert tablet.seen["sku"] == CABLE


def test_short_twice_puts_the_reserve_in_doubt(cast, tablet, shelves):
    begin(tablet, MUG)
    assert refused(tablet, "CMD-SHORT") == "command_not_here"
    tablet.scan(shelves[RESERVE])
    assert tablet.scan("CMD-SHORT")["code"] == "short_reserve_confirm"
    assert tablet.seen["short_asked"]
    assert (tablet.scan("CMD-SHORT")["code"], tablet.step) == ("short_reported", "begin")
    assert (task_of(cast, MUG).state, session().query(Hold).count()) == ("short", 1)


def test_a_container_in_reserve_is_taken_by_its_label(cast, tablet, shelves):
    service.cancel(cast.supervisor, task_of(cast, MUG).id)
    commit()
    row = session().query(Balance).filter_by(
        product_id=cast.ACME.products[MUG], location_id=cast.overseas.locations[RESERVE]
    ).one()  # fmt: skip
    box = HandlingUnit(
        warehouse_id=cast.overseas.id, kind="pallet", code="PAL-1", barcode="PAL-1",
        location_id=cast.overseas.locations[RESERVE], state="open", created_at=row.oldest_at,
    )  # fmt: skip
    session().add(box)
    session().flush()
    stock.relocate(
        SYSTEM, stock_of(row), row.location_id, 18, Subject("test", None), handling_unit_id=box.id
    )  # fmt: skip
    commit()
    planning.plan(cast.overseas.id)
    commit()
    begin(tablet, MUG)
    if tablet.seen["unit"] is None:
        tablet.scan("CMD-SKIP")
    assert (tablet.seen["unit"], tablet.seen["left"]) == ("PAL-1", 18)
    tablet.scan(shelves[RESERVE])
    assert tablet.scan("PAL-1")["params"]["quantity"] == 18
    tablet.scan(shelves[FACE])
    assert there(cast, MUG, FACE) == 18
    assert units.content(box.id) == []


def test_a_walk_that_is_gone_is_no_dead_end(cast, tablet, shelves):
    begin(tablet, MUG)
    tablet.scan(shelves[RESERVE])
    tablet.scan(CODES[MUG])
    service.cancel(cast.supervisor, task_of(cast, MUG).id)
    commit()
    assert (tablet.scan(shelves[FACE])["code"], tablet.step) == ("walk_gone", "begin")
    assert there(cast, MUG, FACE) == 0
    begin(tablet, CABLE)


def test_two_people_never_walk_the_same(cast, tablet, second, shelves):
    for each in (tablet, second):
        each.start("replenish")
        each.scan("CMD-OK")
    assert {tablet.seen["sku"], second.seen["sku"]} == {MUG, CABLE}
    second.scan("CMD-SKIP")
    assert second.seen["sku"] != tablet.seen["sku"]


def test_somebody_who_comes_from_a_bin_gets_the_nearest(cast, tablet, shelves):
    tablet.start("move")
    tablet.scan(shelves[FAR])
    tablet.start("replenish")
    tablet.scan("CMD-OK")
    assert tablet.seen["sku"] == CABLE


def test_a_full_face_is_refused_and_a_supervisor_may_insist(cast, client, shelves):
    place = cast.overseas.locations[FACE]
    lead = Tablet(cast.sign_in(client, cast.supervisor))
    begin(lead, MUG)
    lead.scan(shelves[RESERVE])
    lead.scan(CODES[MUG])
    session().execute(update(Location).where(Location.id == place).values(max_units=10))
    commit()
    assert lead.scan(shelves[FACE])["code"] == "overrule_confirm"
    assert "over" in str(lead.look())
    lead.scan(shelves[FACE])
    assert there(cast, MUG, FACE) == 20


def test_commands_that_mean_nothing_here(cast, tablet, shelves):
    tablet.start("replenish")
    for command in ("CMD-SKIP", "CMD-SHORT", "CMD-BACK", "CMD-UNDO", "CMD-DAMAGE"):
        assert refused(tablet, command) == "command_not_here"
    begin(tablet, MUG)
    for command in ("CMD-OK", "CMD-DAMAGE", "CMD-UNDO"):
        assert refused(tablet, command) == "command_not_here"


def test_a_picker_is_told_of_what_is_near_and_led_there_when_nothing_else_is_to_do(cast, client, second, shelves):
    """Cables are picked from their face; the walk ends a few steps from mugs that a face lacks."""
    task = task_of(cast, CABLE)
    session().execute(
        update(ReplenishTask).where(ReplenishTask.id == task.id).values(state="walking", worker_id=cast.receiver.id)
    )
    commit()
    service.bring(cast.receiver, task.id, 6, task.location_id)
    commit()
    api, carrier = cast.api(client), house_carrier()
    order(api, {MUG: 3}, carrier, "SHOP-1")
    planning.plan(cast.overseas.id)
    commit()
    second.start("pick")
    assert refused(second, "CMD-OK") == "faces_first"
    order(api, {CABLE: 1}, carrier, "SHOP-2")
    assert second.scan("CMD-OK")["code"] == "walks_planned"
    assert second.scan("CMD-OK")["code"] == "walk_taken"
    second.scan(totes(cast.overseas.id)[0])
    second.scan(shelves[SECOND])
    assert second.scan(CODES[CABLE])["code"] == "walk_done"
    assert FACE in second.seen["near"] and RESERVE in second.seen["near"]
    second.start("replenish")
    second.scan("CMD-OK")
    assert (second.seen["sku"], second.seen["tier"]) == (MUG, "wave")
