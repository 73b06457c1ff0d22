"""Orders disturbed at every step by many hands at once, at the small size. The real one: `python -m tests.outbound.chaos`."""

from __future__ import annotations

from tests.engines import Databases
from tests.outbound.chaos import endure

DONE = {"cancel", "intercept", "hold", "change consignee", "pick", "pick in a lane", "close", "hand over", "put back"}


def test_forty_orders_end_whatever_is_done_to_them(engines: Databases) -> None:
    told = endure(engines, orders=40, seed=7, limit=240, until_done=DONE)
    assert (told.faults, told.wrong) == ([], {})
    assert told.orders >= 40
    assert set(told.ends) == {"shipped", "cancelled"}
    done = {what for (what, _, how) in told.tried if how == "done"}
    assert done >= DONE
