"""A full tote and a damage tote, with real threads: a tote is one order's, nothing is lost, and the audit balances after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from tests.cast import Cast
from tests.outbound.conftest import assert_books_balance
from tests.outbound.stage import BIN1, BIN2, CABLE, MUG, Stage
from tests.outbound.test_concurrency import at_once, command
from wms.facility.models import LocationKind
from wms.facility.queries import system_location
from wms.outbound.models import Order
from wms.outbound.service import damage, full_totes, orders, picking
from wms.platform.database import session


@pytest.fixture
def stage(cast: Cast, fresh_app: Flask) -> Iterator[Stage]:
    with fresh_app.app_context():
        made = Stage(cast)
        made.stock(MUG, 8, BIN1)
        made.stock(CABLE, 8, BIN2)
        yield made
        session().rollback()
        assert_books_balance()


def begun(stage: Stage) -> Order:
    """Two of four mugs are in its first tote."""
    order = stage.order({MUG: 4})
    stage.wave(order)
    stage.tote(order)
    stage.do(picking.pick, stage.cast.picker, stage.tasks(order)[0].id, 2)
    return order


def test_two_orders_want_one_empty_tote(fresh_app: Flask, stage: Stage) -> None:
    stops = [stage.tasks(begun(stage))[0].id for _ in range(2)]
    tote, picker = stage.totes()[0], stage.cast.picker
    told = at_once(
        fresh_app,
        *(command(stage, picker, lambda stop=stop: full_totes.take_further(picker, stop, tote)) for stop in stops),
    )
    assert sorted(told) == ["done", "tote_taken"]


@pytest.mark.parametrize("turn", range(3))
def test_a_tote_is_full_while_its_order_is_cancelled_or_picked(fresh_app: Flask, stage: Stage, turn: int) -> None:
    """Whoever is first: what was picked lies in totes that wait to be put back, and no tote is bound to nobody."""
    order = begun(stage)
    stop, picker, tote = stage.tasks(order)[0].id, stage.cast.picker, stage.totes()[turn]
    told = at_once(
        fresh_app,
        command(stage, picker, lambda: full_totes.take_further(picker, stop, tote)),
        command(
            stage, stage.cast.acme, lambda: orders.cancel_order(stage.cast.acme, order.id, None, "buyer_cancelled")
        ),
        command(stage, picker, lambda: picking.pick(picker, stop, 1)),
    )
    assert told[1] == "done"
    assert set(told) <= {"done", "order_cancelled", "task_done"}
    held = text("SELECT coalesce(sum(b.on_hand), 0) FROM handling_unit h JOIN balance b ON b.handling_unit_id = h.id WHERE"
                " h.subject_kind = 'put_back' AND h.subject_id = :order")  # fmt: skip
    assert session().execute(held, {"order": order.id}).scalar_one() == (3 if told[2] == "done" else 2)


def test_what_is_put_into_a_damage_tote_while_it_is_brought_is_in_one_of_the_two_places(
    fresh_app: Flask, stage: Stage
) -> None:
    order = stage.order({MUG: 4})
    stage.wave(order)
    stop, picker, house = stage.tasks(order)[0].id, stage.cast.picker, stage.cast.overseas.id
    tote, place = stage.totes()[0], system_location(house, LocationKind.INSPECTION).id
    first, second = (stage.do(damage.report, picker, stop, 1).id for _ in range(2))
    stage.do(damage.put_into_tote, picker, first, tote)
    told = at_once(
        fresh_app,
        command(stage, picker, lambda: damage.put_into_tote(picker, second, tote)),
        command(stage, stage.cast.receiver, lambda: damage.bring(stage.cast.receiver, tote, place)),
    )
    assert told[0] == "done"
    assert told[1] in ("done", "unit_in_use")
    rows = text("SELECT l.kind, sum(b.on_hand)::int FROM balance b JOIN location l ON l.id = b.location_id"
                " WHERE b.condition = 'damaged' AND b.on_hand > 0 GROUP BY 1")  # fmt: skip
    found = {row[0]: row[1] for row in session().execute(rows)}
    assert found in ({"inspection": 2}, {"inspection": 1, "tote": 1}, {"tote": 2})
