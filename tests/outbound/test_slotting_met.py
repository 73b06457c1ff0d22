"""Moves that were asked for, where they meet what else happens in their bins: the clock, counts, goods that stay behind."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, text, update

from tests.floor.worker import CODES
from tests.inbound.dock import product
from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, Stage
from tests.outbound.test_concurrency import at_once
from tests.outbound.test_slotting_moves import asked, stands, tablet_of, two, wanted
from wms import schedule
from wms.catalog import service as catalog
from wms.catalog.rules import Code
from wms.core import clock
from wms.inventory.counting import planning
from wms.inventory.counting import service as counting
from wms.inventory.putaway import queries as places
from wms.inventory.putaway import reservations
from wms.inventory.relocating import queries, service
from wms.inventory.relocating.models import MoveTask
from wms.platform.database import commit, db, session, transaction

__all__ = ["two"]


def test_several_who_went_home_keep_nothing(two: Stage) -> None:
    """The clock lets go of all of them at once, in the order of locks."""
    made = asked(two, (MUG, BIN1, BIN3, None), (CABLE, BIN2, "A-02-02-1", None))
    who = two.cast
    for person, task in zip((who.receiver, who.picker), made, strict=True):
        two.do(service.take_next, person, who.overseas.id)
        two.do(service.hold, person, task.id, task.origin_id, task.product_id)
    session().execute(update(MoveTask).values(lease_until=clock.now() - timedelta(minutes=1)))
    commit()
    two.do(schedule.mind_bins)
    assert set(session().scalars(select(MoveTask.state))) == {"open"}
    assert session().execute(text("SELECT sum(open_quantity) FROM allocation")).scalar_one() == 0


def test_dangerous_goods_that_stay_behind_still_stand_there(two: Stage) -> None:
    """Some of the product stays for an order: what comes back may not stand beside it."""
    bins = "UPDATE location SET mixes_products = true WHERE code = ANY(:codes)"
    session().execute(text(bins), {"codes": [BIN1, BIN2]})
    session().execute(text("UPDATE zone SET dangerous_classes = ARRAY['3', '5.1']"))
    for sku, kind in ((MUG, "3"), (CABLE, "5.1")):
        session().execute(text("UPDATE product SET dangerous_class = :kind WHERE id = :id"),
                          {"kind": kind, "id": two.cast.ACME.products[sku]})  # fmt: skip
    commit()
    session().expire_all()
    (made,) = asked(two, (MUG, BIN1, BIN2, CABLE))
    order = two.order({MUG: 2})
    two.wave(order)
    who = two.cast
    two.do(service.take_next, who.receiver, who.overseas.id)
    two.do(service.hold, who.receiver, made.id, made.origin_id, made.product_id)
    two.do(service.hold, who.receiver, made.id, made.target_id, made.partner_id)
    assert two.refused(service.finish, who.receiver, made.id).code == "location_segregation"
    two.do(service.put_back, who.receiver, made.id)
    assert stands(two) == {BIN1: {MUG: 6}, BIN2: {CABLE: 9}}


def test_a_move_far_down_the_list_is_not_asked_for_twice(two: Stage) -> None:
    """A page lists the first 200; what is asked for is compared with all that wait."""
    house = two.cast.overseas
    (late,) = asked(two, (MUG, BIN1, BIN2, CABLE))
    earlier = text(
        "INSERT INTO move_task (id, warehouse_id, product_id, origin_id, target_id, turn, saves_m, state, moved, came_back,"
        " asked_by, created_at) SELECT gen_random_uuid(), :house, p.id, l.id, :target, 1, 1, 'open', 0, 0, :by,"
        " now() - interval '1 day' FROM product p, location l WHERE l.warehouse_id = :house AND l.id NOT IN (:target, :bin)"
        " LIMIT 200"
    )
    values = {"target": house.locations["A-02-02-1"], "by": two.cast.supervisor.id, "bin": house.locations[BIN1]}
    made = session().execute(earlier, {"house": house.id, **values}).rowcount  # type: ignore[attr-defined]
    commit()
    assert (made, late.id in [row.id for row in queries.listed(house.id)]) == (200, False)
    session().rollback()
    refusal = two.refused(service.ask_for, two.cast.supervisor, house.id, wanted(two, (MUG, BIN1, BIN3, None)))
    assert refusal.code == "move_waiting"


def test_putting_both_down_does_not_cross_with_a_suggestion(floor: Stage, fresh_app: Flask) -> None:
    """Who suggests a bin looks at several, the best first; who finishes a move keeps two still. They take turns."""
    stage, house, who = floor, floor.cast.overseas, floor.cast
    stage.stock(MUG, 6, BIN1)
    stage.stock(CABLE, 9, BIN2)
    (made,) = asked(stage, (MUG, BIN1, BIN2, CABLE))
    first, second = sorted((made.origin_id, made.target_id))
    stage.do(service.take_next, who.receiver, house.id)
    for bin_id, goods in ((made.origin_id, made.product_id), (made.target_id, made.partner_id)):
        stage.do(service.hold, who.receiver, made.id, bin_id, goods)
    key, looking = made.id, threading.Event()
    session().rollback()
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

    def suggest() -> bool:
        with transaction(), db.engine.connect() as watcher:
            reservations.taking_turns(house.id)
            places.lock_bin(second)
            looking.set()
            for _ in range(500):
                if watcher.execute(waits).scalar():
                    break
                watcher.rollback()
                time.sleep(0.01)
            return places.lock_bin(first)

    def finish() -> str:
        looking.wait(10)
        return stage.do(service.finish, who.receiver, key).state

    assert at_once(fresh_app, suggest, finish) == [True, "done"]


def test_what_somebody_carries_is_no_loss_and_once_more_to_be_counted_when_it_came_back(two: Stage) -> None:
    """The book has it in its bin until it is put down: a counter who finds the bin empty has found no loss."""
    house, who = two.cast.overseas, two.cast
    (made,) = asked(two, (MUG, BIN1, BIN3, None))
    two.do(planning.plan_bins, who.supervisor, house.id, [house.locations[BIN1]])
    two.do(service.take_next, who.receiver, house.id)
    two.do(service.hold, who.receiver, made.id, made.origin_id, made.product_id)
    count = two.do(counting.take, who.picker, house.id, made.origin_id)
    finish = (counting.finish, who.picker, count.id)
    two.do(service.put_back, who.receiver, made.id)
    two.do(service.take_next, who.receiver, house.id)
    two.do(service.hold, who.receiver, made.id, made.origin_id, made.product_id)  # as many in hand as before
    assert [each.product_id for each in two.do(*finish, empty=True).again] == [made.product_id]
    done = two.do(*finish, empty=True)
    two.do(service.finish, who.receiver, made.id)
    assert (done.again, done.variances, done.task.state) == ([], 0, "done")
    assert stands(two) == {BIN3: {MUG: 6}, BIN2: {CABLE: 9}}


def test_a_code_that_other_sellers_use_too_is_no_dead_end(two: Stage, client: Any) -> None:
    """Whose goods are fetched, and whose come back, is known."""
    for sku in (MUG, CABLE):
        rival = two.cast.RIVAL.products.get(sku) or product(two.cast.rival_person, sku)
        two.do(catalog.add_barcode, two.cast.rival_person, rival, Code(CODES[sku], "seller"))
    asked(two, (MUG, BIN1, BIN2, CABLE))
    labels = two.cast.overseas.labels
    tablet = tablet_of(two, client)
    for raw in ("CMD-OK", labels[BIN1], CODES[MUG], labels[BIN2], CODES[CABLE]):
        assert tablet.scan(raw)["tone"] != "error", raw
    assert tablet.scan(labels[BIN1])["code"] == "move_made"
