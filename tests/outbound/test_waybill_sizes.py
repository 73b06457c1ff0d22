"""Our own waybills have the size that their service is set to, and are drawn in it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from labels import KINDS
from tests.outbound.stage import MUG, Stage
from wms.outbound.documents import waybills
from wms.outbound.waybill_sizes import size_of
from wms.platform.database import commit, session
from wms.printing.models import LabelDocument
from wms.printing.render import draw


@pytest.mark.parametrize(("service", "drawn"), [
    ((100, 150), (100, 150)), ((100, 180), (100, 180)), ((76, 130), (76, 130)), ((102, 152), (101.6, 152.4)),
    ((90, 90), (100, 150)),
], ids=str)  # fmt: skip
def test_a_waybill_has_its_service_s_size(stage: Stage, service: tuple[int, int], drawn: tuple[float, float]) -> None:
    session().execute(
        text("UPDATE service SET label_width_mm = :w, label_height_mm = :h"), {"w": service[0], "h": service[1]}
    )
    commit()
    stage.stock(MUG, 10)
    order = stage.order({MUG: 1})
    stage.wave(order)
    document = session().scalars(select(LabelDocument).where(LabelDocument.parent_id == order.id)).one()
    assert document.size_mm == drawn
    (content,) = waybills([document])
    assert (content.size.width_mm, content.size.height_mm) == drawn  # type: ignore[union-attr]
    made = draw([document])
    assert made.refused == {} and made.pages == 1


def test_every_size_of_the_kind_can_be_meant() -> None:
    sizes = [(size.width_mm, size.height_mm) for size in KINDS["waybill"].sizes]
    assert [size_of(round(width), round(height)) for width, height in sizes] == sizes
