"""How many statements the hot steps take: a number that grows with the lines would not carry a warehouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, LAMP, MUG, RED, Stage, body
from tests.sent import statements
from wms.outbound.schemas import OrderIn
from wms.outbound.service import intake, packing, picking
from wms.platform.database import session

BUDGET = {"create, 1 line": 8, "create, 3 lines": 8, "pick": 16, "pick, last": 16, "verify": 6, "weigh": 10,
          "close": 20, "hand over": 21}  # fmt: skip
SKUS = (MUG, CABLE, LAMP, RED)


def count(stage: Stage, use_case: Callable[..., Any], *arguments: Any) -> int:
    session().expunge_all()
    with statements() as sent:
        stage.do(use_case, *arguments)
    return len(sent)


def test_the_steps_of_an_order_take_few_statements(stage: Stage) -> None:
    for sku, place in zip(SKUS, (BIN1, BIN2, BIN3, BIN1), strict=True):
        stage.stock(sku, 50, place)
    acme, picker = stage.cast.acme, stage.cast.picker
    one, many = (OrderIn().load(body(dict.fromkeys(skus, 2))) for skus in ((MUG,), SKUS[:3]))
    found = {"create, 1 line": count(stage, intake.create_order, acme, one),
             "create, 3 lines": count(stage, intake.create_order, acme, many)}  # fmt: skip
    order = stage.order({MUG: 2, CABLE: 1})
    stage.wave()
    stage.take()
    stage.tote(order)
    first, second = stage.tasks(order)
    found["pick"] = count(stage, picking.pick, picker, first.id, 1)
    stage.do(picking.pick, picker, first.id, 1)
    found["pick, last"] = count(stage, picking.pick, picker, second.id, second.quantity)
    found["verify"] = count(stage, packing.verify, picker, order.id, stage.cast.ACME.products[CABLE], 1)
    stage.verify_all(order)
    found["weigh"] = count(stage, packing.weigh, picker, order.id, packing.expected_weight(order.id).expected_g)
    number = str(stage.parcel(order).tracking_number)
    found["close"] = count(stage, packing.close_parcel, picker, order.id, number)
    found["hand over"] = count(stage, stage.hand_over, number)
    assert found["create, 3 lines"] == found["create, 1 line"]
    over = {name: sent for name, sent in found.items() if sent > BUDGET[name]}
    assert over == {}
