"""Slotting from real picks: what is walked to often comes nearer, as far as bins are alike; nothing else moves."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.outbound.stage import BIN1, CABLE, MUG, Stage
from wms.office.pages import slotting as pages
from wms.outbound.service import slotting
from wms.platform.database import session


def far_bin(stage: Stage) -> str:
    """The bin farthest from where walks begin."""
    house = stage.cast.overseas
    history = slotting.read(stage.cast.supervisor, house.id, 1)
    storage = [row for row in history.bins if row.kind == "storage"]
    start = history.layout.trips[0].start
    return str(
        max(storage, key=lambda row: slotting.distance_of(history.layout)(start, history.places[row.location_id])).code
    )


def sold(stage: Stage, sku: str, times: int) -> None:
    for _ in range(times):
        order = stage.order({sku: 1})
        stage.wave(order)
        stage.pick_all(order)


def found(stage: Stage, most: int = 5) -> slotting.Found:
    return slotting.find(slotting.read(stage.cast.supervisor, stage.cast.overseas.id, 28), most)


def test_what_is_walked_to_often_comes_nearer(stage: Stage) -> None:
    far = far_bin(stage)
    stage.stock(MUG, 20, far)
    stage.stock(CABLE, 20, BIN1)
    sold(stage, MUG, 2)
    sold(stage, CABLE, 1)
    advice = found(stage)
    first = advice.moves[0]
    assert (first.product.sku, first.origin) == (MUG, far)
    assert advice.after < advice.before
    assert sum(move.metres for move in advice.moves) == pytest.approx(advice.before - advice.after)
    assert advice.walks == 3


def test_bins_that_are_not_alike_are_not_exchanged(stage: Stage) -> None:
    far = far_bin(stage)
    stage.stock(MUG, 20, far)
    sold(stage, MUG, 2)
    assert found(stage).moves
    session().execute(text("UPDATE location SET max_units = 7 WHERE code = :code"), {"code": far})
    session().expire_all()
    assert found(stage).moves == ()


def test_without_a_history_there_is_no_advice(stage: Stage) -> None:
    stage.stock(MUG, 5)
    house = stage.cast.overseas.id
    assert (
        stage.refused(lambda: slotting.find(slotting.read(stage.cast.supervisor, house, 28), 5)).code
        == "slotting_no_history"
    )
    for who in (stage.cast.acme, stage.cast.rival):
        assert stage.refused(slotting.read, who, house, 28).kind.value == "not_found"


def test_the_page_asks_and_answers(cast: Any, client: Any, stage: Stage) -> None:
    far = far_bin(stage)
    stage.stock(MUG, 20, far)
    sold(stage, MUG, 2)
    supervisor = cast.sign_in(client, cast.supervisor)
    assert supervisor.get("/office/slotting").status_code == 200
    shown = supervisor.get("/office/slotting?warehouse=DE1&days=28&most=5").get_data(as_text=True)
    assert MUG in shown
    assert far in shown
    listed = supervisor.get("/office/slotting/list?warehouse=DE1&days=28&most=5")
    assert (listed.status_code, listed.mimetype) == (200, "text/csv")
    assert listed.get_data(as_text=True).splitlines()[1].startswith(f"1,ACME,{MUG},{far},")
    for query, status in (("days=0", 422), ("days=x", 422), ("most=51&days=1", 422), ("warehouse=NOWHERE&days=1", 200)):
        assert supervisor.get(f"/office/slotting?{query}").status_code == status, query
    assert "Type a whole number." in supervisor.get("/office/slotting?days=x").get_data(as_text=True)
    assert supervisor.get("/office/slotting/list?warehouse=NOWHERE").status_code == 404
    for name in ("picker", "acme_person"):
        assert cast.sign_in(client, getattr(cast, name)).get("/office/slotting").status_code == 403
    assert pages.SlottingForm().load({}) == {"days": 28, "most": 20}
