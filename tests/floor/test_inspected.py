"""A carton that is being inspected: said where it is taken, not at the bin."""

from __future__ import annotations

from sqlalchemy import select

from tests.cast import Cast
from tests.floor.worker import MUG, Tablet, announce
from wms.inbound import service as inbound
from wms.inbound.models import Inspection
from wms.inbound.rules import PlanDraft
from wms.platform.database import commit, session


def test_nobody_walks_with_goods_that_are_being_inspected(cast: Cast, tablet: Tablet) -> None:
    inbound.make_plan(cast.supervisor, cast.overseas.id, PlanDraft(first_receipts=1))
    commit()
    (label,) = announce(cast, {MUG: 3})
    tablet.start("receive")
    for scan in (label, "CMD-FULL", "CMD-OK"):
        tablet.scan(scan)
    tablet.start("putaway")
    assert tablet.scan(label)["code"] == "carton_in_inspection"
    assert tablet.step == "scan_carton"
    inbound.inspect(cast.supervisor, session().scalars(select(Inspection.id)).one(), 0)
    commit()
    assert tablet.scan(label)["code"] == "source_taken"
