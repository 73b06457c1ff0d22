"""Weights learned from parcels: a proposal while the last ones agree, for the bench where nothing was measured."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select, text

from tests.outbound.stage import CABLE, MUG, Stage
from wms.facility.packaging.models import Packaging
from wms.outbound.models import LearnedTare, LearnedWeight, Weighing
from wms.outbound.queries import learned_tares, learned_weight
from wms.outbound.service import learning, packing
from wms.platform.database import session


def box(stage: Stage) -> uuid.UUID:
    found = session().scalars(
        select(Packaging.id).where(Packaging.code == "BOX-S", Packaging.warehouse_id == stage.cast.overseas.id)
    )
    return found.one()


def parcel(stage: Stage, goods_g: int, lines: dict[str, int] | None = None, packaging: bool = True) -> None:
    """One more order, packed: its goods and the box (85 g) weigh so much together."""
    order = stage.order(lines or {MUG: 1})
    stage.wave(order)
    stage.pick_all(order)
    stage.verify_all(order)
    weight, used = goods_g + 85, box(stage) if packaging else None
    stage.do(packing.weigh, stage.cast.supervisor, order.id, weight, packaging_id=used, accept_anyway=True)
    stage.do(packing.close_parcel, stage.cast.picker, order.id, str(stage.parcel(order).tracking_number))


def mug(stage: Stage) -> uuid.UUID:
    return stage.cast.ACME.products[MUG]


def learned(stage: Stage) -> int | None:
    stage.do(learning.learn)
    session().expire_all()
    found = learned_weight(mug(stage))
    return None if found is None else found.weight_g


@pytest.fixture
def shop(stage: Stage) -> Stage:
    stage.stock(MUG, 60)
    stage.stock(CABLE, 10, "A-01-02-1")
    return stage


def test_five_parcels_that_agree_make_a_proposal_that_the_bench_reckons_with(shop: Stage) -> None:
    for weight in (345, 347, 344, 346):
        parcel(shop, weight)
    assert learned(shop) is None
    parcel(shop, 3 * 348, {MUG: 3})  # 348 each
    assert learned(shop) == 346
    order = shop.order({MUG: 1})
    assert packing.bench(order.id).lines[0].weight_g == 346
    product = session().execute(text("SELECT declared_weight_g, measured_weight_g FROM product WHERE id = :p"),
                                {"p": mug(shop)}).one()  # fmt: skip
    assert tuple(product) == (320, None)
    session().execute(text("UPDATE product SET measured_weight_g = 350 WHERE id = :p"), {"p": mug(shop)})
    assert packing.bench(order.id).lines[0].weight_g == 350


def test_a_proposal_ends_when_the_last_ones_do_not_agree(shop: Stage) -> None:
    for _ in range(5):
        parcel(shop, 346)
    assert learned(shop) == 346
    parcel(shop, 390)
    assert learned(shop) is None


def test_what_says_nothing_teaches_nothing(shop: Stage) -> None:
    parcel(shop, 320 + 35, {MUG: 1, CABLE: 1})  # two products
    parcel(shop, 320, packaging=False)  # a box nobody named
    assert session().scalars(select(Weighing.parcel_id)).all() == []


def test_a_computed_weight_teaches_nothing(shop: Stage) -> None:
    order = shop.order({MUG: 1})
    shop.wave(order)
    shop.pick_all(order)
    shop.verify_all(order)
    weight = packing.bench(order.id, box(shop)).band.expected_g
    shop.do(packing.weigh, shop.cast.picker, order.id, weight, packaging_id=box(shop), is_weighed=False)
    shop.do(packing.close_parcel, shop.cast.picker, order.id, str(shop.parcel(order).tracking_number))
    assert session().scalars(select(Weighing.parcel_id)).all() == []


def test_a_box_learns_its_filling_from_measured_products(shop: Stage) -> None:
    session().execute(text("UPDATE product SET measured_weight_g = 320 WHERE id = :p"), {"p": mug(shop)})
    for weight in (340, 338, 342, 341, 339):
        parcel(shop, weight)
    shop.do(learning.learn)
    session().expire_all()
    tare = learned_tares([box(shop)])[box(shop)]
    assert (tare.weight_g, tare.parcels) == (105, 5)
    order = shop.order({MUG: 1})
    band = packing.bench(order.id, box(shop)).tare
    assert (band.expected_g, band.less_g, band.more_g) == (105, 20, 0)
    before = session().scalars(select(LearnedTare.learned_at)).one()
    shop.do(learning.learn)
    session().expire_all()
    assert session().scalars(select(LearnedTare.learned_at)).one() == before
    assert session().scalars(select(LearnedWeight.weight_g)).one() == 320
