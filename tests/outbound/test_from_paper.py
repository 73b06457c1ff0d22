"""Walks that were picked by their list on paper are entered by a supervisor, with every tote that goods lie in."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.life import said
from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, LAMP, MUG, Stage
from tests.refused_forms import refused
from wms.core.ids import new_id
from wms.facility.models import HandlingUnit, Warehouse
from wms.outbound.carts import Selection
from wms.outbound.models import PickBatch
from wms.outbound.pick_lists import pick_lists, request_pick_list
from wms.outbound.service import from_paper, full_totes, picking, sorting, totes, waves
from wms.platform.database import session
from wms.printing.models import LabelDocument


@pytest.fixture
def stocked(stage: Stage) -> Stage:
    for sku, place in ((MUG, BIN1), (CABLE, BIN2), (LAMP, BIN3)):
        stage.stock(sku, 20, place)
    return stage


class Desk:
    """The supervisor's page of a walk."""

    def __init__(self, stage: Stage, client: FlaskClient) -> None:
        self.app, self.who = client.application, stage.cast.sign_in(client, stage.cast.supervisor)
        self.walk = session().scalars(select(PickBatch).order_by(PickBatch.id)).first()
        assert self.walk is not None
        self.page = f"/office/waves/walks/{self.walk.id}/paper"

    def enter(self, *lines: tuple[Any, Any, str], command: str | None = None) -> Any:
        """Lines of (stop, units, tote)."""
        data = {"command_id": command or str(new_id())}
        for number, (stop, units, tote) in enumerate(lines):
            data |= {
                f"lines.{number}.stop": str(stop.id),
                f"lines.{number}.units": str(units),
                f"lines.{number}.tote": tote,
            }
        answer = self.who.post(self.page, data=data)
        session().expire_all()
        return answer

    def said(self, answer: TestResponse) -> str:
        assert answer.status_code == 302
        return " ".join(said(self.app, answer))


_TOTES = (
    select(HandlingUnit.code, HandlingUnit.subject_kind).join(Warehouse, Warehouse.id == HandlingUnit.warehouse_id)
    .where(Warehouse.code == "DE1")
)  # fmt: skip


def codes(stage: Stage) -> list[str]:
    return [session().get_one(HandlingUnit, key).code for key in stage.totes()]


def test_what_was_picked_is_entered_with_further_totes_and_the_rest_stays(stocked: Stage, client: FlaskClient) -> None:
    order, other = stocked.order({MUG: 3, CABLE: 2, LAMP: 1}), stocked.order({MUG: 1})
    stocked.wave()
    desk, (first, second, third, *_) = Desk(stocked, client), codes(stocked)
    by_sku = {task.product_id: task for task in stocked.tasks(order)}
    mug, cable, lamp = (by_sku[stocked.cast.ACME.products[sku]] for sku in (MUG, CABLE, LAMP))
    (one,) = stocked.tasks(other)
    command = str(new_id())
    lines = [(mug, 3, first), (cable, 1, second), (lamp, "", ""), (one, 1, third)]
    assert "5 units are entered as picked" in desk.said(desk.enter(*lines, command=command))
    assert [row.code for row in totes.of_order(order.id)] == sorted([first, second])
    assert [(task.quantity, task.picked, task.state) for task in (mug, cable, lamp)] == [
        (3, 3, "done"), (2, 1, "open"), (1, 0, "open"),
    ]  # fmt: skip
    assert (stocked.state(order), stocked.state(other)) == ("picking", "picked")
    walk = session().get_one(PickBatch, desk.walk.id)
    assert (walk.state, walk.picker_id, walk.lease_until) == ("picking", None, None)
    assert desk.enter(*lines, command=command).status_code == 302  # sent twice: done once
    assert [task.picked for task in (mug, cable, lamp)] == [3, 1, 0]
    assert desk.enter((cable, 1, second), (lamp, 1, second)).status_code == 302
    assert stocked.state(order) == "picked"
    assert session().get_one(PickBatch, desk.walk.id).state == "done"
    assert "Nothing is left to pick" in desk.who.get(desk.page).get_data(as_text=True)


def test_what_is_wrong_is_named_at_its_field_and_nothing_is_done(stocked: Stage, client: FlaskClient) -> None:
    order = stocked.order({MUG: 3})
    stocked.wave()
    desk, (first, *_), (task,) = Desk(stocked, client), codes(stocked), stocked.tasks(order)
    for units, tote, why in (
        (4, first, "Only 3 needed here."), (-1, first, "Only 3"), ("two", first, "Only 3"), (2, "T-NONE", "No tote of this"),
        (2, "", "Required."), ("", first, "at one line at least"), (0, first, "at one line at least"),
    ):  # fmt: skip
        answer = desk.enter((task, units, tote))
        assert answer.status_code == 422
        assert why in answer.get_data(as_text=True)
    assert (task.picked, stocked.state(order)) == (0, "waved")
    walk = session().get_one(PickBatch, desk.walk.id)
    assert walk.picker_id is None  # anybody may take it
    assert stocked.cast.sign_in(client, stocked.cast.picker).get(desk.page).status_code == 403
    label = session().get_one(HandlingUnit, stocked.totes()[0]).barcode
    assert Desk(stocked, client).enter((task, 3, label)).status_code == 302  # scanned
    assert stocked.state(order) == "picked"


def test_what_one_order_cannot_have_does_not_keep_the_others(stocked: Stage, client: FlaskClient) -> None:
    """A tote of somebody else's, and an order that was cancelled meanwhile."""
    taken, cancelled, fine = (stocked.order({sku: 2}) for sku in (MUG, CABLE, LAMP))
    stocked.wave()
    desk, (first, second, third, *_) = Desk(stocked, client), codes(stocked)
    tasks = [stocked.tasks(each)[0] for each in (taken, cancelled, fine)]
    stocked.do(picking.assign_tote, stocked.cast.picker, fine.id, stocked.totes()[0])
    stocked.cancel(cancelled)
    said = desk.said(desk.enter(*zip(tasks, (2, 2, 2), (first, second, third), strict=True)))
    assert f"Order {taken.number}: " in said
    assert "2 units are entered as picked" in said
    assert [stocked.state(each) for each in (taken, cancelled, fine)] == ["waved", "cancelled", "picked"]
    assert [row.code for row in totes.of_order(fine.id)] == [third]  # the one bound before held nothing


def test_a_walk_in_somebodys_hands_is_theirs(stocked: Stage, client: FlaskClient) -> None:
    order = stocked.order({MUG: 1})
    stocked.wave()
    stocked.take()
    desk, (task,) = Desk(stocked, client), stocked.tasks(order)
    tote = codes(stocked)[0]
    answer = desk.enter((task, 1, tote))
    told = refused(answer, desk.page, **{"lines.0.units": 1, "lines.0.tote": tote})
    assert stocked.cast.picker.name in " ".join(told)
    assert (task.picked, session().get_one(PickBatch, desk.walk.id).picker_id) == (0, stocked.cast.picker.id)


def test_single_pieces_of_several_orders_lie_in_one_container(stocked: Stage, client: FlaskClient) -> None:
    orders = [stocked.order({MUG: 1}) for _ in range(3)]
    stocked.wave()
    desk, (first, second, *_) = Desk(stocked, client), codes(stocked)
    tasks = [stocked.tasks(each)[0] for each in orders]
    desk.enter((tasks[0], 1, first), (tasks[1], 1, first), (tasks[2], 1, second))
    assert [stocked.state(each) for each in orders] == ["picked"] * 3
    kinds = {code: kind for code, kind in session().execute(_TOTES) if code in (first, second)}
    assert kinds == {first: "lane", second: "lane"}


def test_a_walk_for_the_wall_goes_into_its_totes(stocked: Stage, client: FlaskClient) -> None:
    stocked.do(sorting.make_wall, stocked.cast.supervisor, stocked.cast.overseas.id, "W1", 4)
    orders = [stocked.order({MUG: 2, CABLE: 1}) for _ in range(2)]
    stocked.do(waves.release_wave, stocked.cast.supervisor, stocked.cast.overseas.id, selection=Selection(wall="W1"))
    desk, (first, second, *_) = Desk(stocked, client), codes(stocked)
    lines = from_paper.lines_of(desk.walk)
    assert len(lines) == 4
    desk.enter(*((line, line.units, first if line.sku == MUG else second) for line in lines))
    assert [task.picked for each in orders for task in stocked.tasks(each)] == [
        task.quantity for each in orders for task in stocked.tasks(each)
    ]
    held = {code: kind for code, kind in session().execute(_TOTES) if code in (first, second)}
    assert held == {first: "batch", second: "batch"}


def test_the_list_on_paper_names_the_tote_that_is_picked_into(stocked: Stage) -> None:
    order, other = stocked.order({MUG: 3}), stocked.order({LAMP: 1})
    stocked.wave()
    batch = stocked.take()
    (task,), (first, second, *_) = stocked.tasks(order), stocked.totes()
    stocked.do(picking.assign_tote, stocked.cast.picker, order.id, first)
    stocked.do(picking.pick, stocked.cast.picker, task.id, 1)
    stocked.do(full_totes.take_further, stocked.cast.picker, task.id, second)
    bundle = stocked.do(request_pick_list, stocked.cast.supervisor, batch.id)
    document = session().scalars(select(LabelDocument).where(LabelDocument.bundle_id == bundle)).one()
    (content,) = pick_lists([document])
    code = session().get_one(HandlingUnit, second).code
    assert [(line.sku, line.quantity, line.slot) for line in content.lines] == [
        (MUG, "2", f"1 {code}"),
        (LAMP, "1", "2"),
    ]
    assert stocked.state(other) == "waved"


def test_a_walk_of_the_fast_lane_has_a_line_for_each_row_of_stock(stocked: Stage, client: FlaskClient) -> None:
    mugs, cables = ([stocked.order({sku: 1}) for _ in range(3)] for sku in (MUG, CABLE))
    chosen = Selection(kinds=("single_unit",))
    stocked.do(waves.release_wave, stocked.cast.supervisor, stocked.cast.overseas.id, selection=chosen)
    desk, (first, second, *_) = Desk(stocked, client), codes(stocked)
    lines = from_paper.lines_of(desk.walk)
    assert [(line.sku, line.units, line.orders) for line in lines] == [(MUG, 3, 3), (CABLE, 3, 3)]
    assert "3 orders" in desk.who.get(desk.page).get_data(as_text=True)
    stocked.do(request_pick_list, stocked.cast.supervisor, desk.walk.id)
    (printed,) = pick_lists(session().scalars(select(LabelDocument).where(LabelDocument.kind == "pick-list")).all())
    assert printed.cart == "Fast lane / 单件快线"
    assert [(line.sku, line.quantity, line.slot) for line in printed.lines] == [(MUG, "3", ""), (CABLE, "3", "")]
    assert "5 units are entered as picked" in desk.said(desk.enter((lines[0], 2, first), (lines[1], 3, second)))
    assert sorted(stocked.state(order) for order in [*mugs, *cables]) == [*["picked"] * 5, "waved"]
    (left,) = from_paper.lines_of(desk.walk)
    assert (left.sku, left.units, left.orders) == (MUG, 1, 1)
    assert "1 unit is entered as picked" in desk.said(desk.enter((left, 1, first)))
    kinds = dict(session().execute(_TOTES).all())
    assert (kinds[first], kinds[second]) == ("lane", "lane")
    assert {stocked.state(order) for order in [*mugs, *cables]} == {"picked"}
