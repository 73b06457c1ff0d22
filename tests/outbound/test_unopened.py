"""From the booking to the truck unopened: received as announced, put away as it is, and shipped as the carton it came in."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.inbound.dock import deliver, service
from tests.outbound.stage import BIN1, CABLE, MUG, Stage
from tests.outbound.test_whole import b2b, line, parcels
from wms.floor.resolver import Kind, Scope, resolve
from wms.inbound.models import Carton
from wms.outbound.service import whole
from wms.platform.database import session


def shelved(stage: Stage, lines: dict[str, int]) -> tuple[Any, str]:
    """A carton announced, counted with FULL, closed and put away as it is; (what was delivered, its label)."""
    cast = stage.cast
    found = deliver(cast.acme, cast.receiver, lines)
    service.count_as_declared(cast.receiver, found.carton)
    service.close_carton(cast.receiver, found.carton)
    service.put_away_unopened(cast.picker, found.carton, cast.overseas.locations[BIN1])
    return found, session().get_one(Carton, found.carton).barcode


@pytest.mark.parametrize("named", [True, False], ids=["the order names the carton", "the order wants what is in it"])
def test_a_carton_goes_through_the_house_unopened(stage: Stage, named: bool) -> None:
    found, label = shelved(stage, {MUG: 6, CABLE: 4})
    scope = Scope(stage.cast.overseas.id)
    assert (stage.free(MUG), stage.free(CABLE)) == ((6, 0), (4, 0))
    order = b2b(stage, [line(MUG, 6, label), line(CABLE, 4, label)] if named else {MUG: 6, CABLE: 4})
    stage.wave(order)
    (wanted,) = whole.waiting(stage.cast.overseas.id)
    assert (wanted.units, wanted.number, wanted.location) == (10, order.number, BIN1)
    answer = stage.refused(service.undo_put_away, stage.cast.picker, found.carton)
    assert answer.code == "stock_is_allocated"  # an order waits for it
    unit = resolve(label, scope, [Kind.UNIT])
    taken = stage.do(whole.take_whole, stage.cast.picker, unit.id)
    assert (taken.units, taken.is_packed, stage.state(order)) == (10, True, "packed")
    answer = stage.refused(service.undo_put_away, stage.cast.picker, found.carton)
    assert answer.code == "unit_in_use"
    (parcel,) = parcels(order)
    at_the_gate = resolve(label, scope, [Kind.PARCEL])
    assert at_the_gate.code == parcel.tracking_number
    stage.hand_over(at_the_gate.code)
    assert (stage.state(order), stage.free(MUG), stage.free(CABLE)) == ("shipped", (0, 0), (0, 0))
    assert (found.states(), found.booking.state) == (["stowed"], "completed")
    left = text("SELECT coalesce(sum(on_hand), 0) FROM balance")
    assert session().execute(left).scalar_one() == 0


def test_it_is_picked_from_when_an_order_wants_less(stage: Stage) -> None:
    found, _label = shelved(stage, {MUG: 6})
    order = stage.order({MUG: 2})
    stage.wave(order)
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    assert (stage.state(order), stage.free(MUG)) == ("shipped", (4, 0))
    assert stage.refused(service.undo_put_away, stage.cast.picker, found.carton).code == "unit_changed"
