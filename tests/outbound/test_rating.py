"""What parcels cost that left: kept with each, line by line, once, as the table stood when their lorry left."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from tests.outbound.stage import MUG, Stage
from wms.outbound.models import Order
from wms.outbound.service import bagging, interceptions, rating
from wms.platform.database import session, transaction
from wms.shipping import service as shipping
from wms.shipping.models import Parcel, ParcelRate, Service
from wms.shipping.rate_tables import COLUMNS
from wms.shipping.service import choices

RATE = "outbound.rate_load"


def row(**values: str) -> dict[str, str]:
    return {name: values.get(name, "") for name in COLUMNS}


def table(divisor: str = "5000", price: str = "4.20") -> list[dict[str, str]]:
    return [
        row(kind="setting", name="currency", value="EUR"), row(kind="setting", name="days", value="3"),
        row(kind="setting", name="divisor", value=divisor), row(kind="setting", name="step_g", value="500"),
        row(kind="zone", country="DE", prefix="10", zone="Berlin"),
        row(kind="price", zone="Berlin", up_to_g="30000", amount=price),
        row(kind="surcharge", name="Fuel", percent="10"), row(kind="surcharge", name="Toll", amount="0.19"),
    ]  # fmt: skip


@pytest.fixture
def rated(stage: Stage) -> uuid.UUID:
    """The house's service has a table; ten mugs."""
    stage.stock(MUG, 10)
    service_id = session().scalars(select(Service.id).where(Service.code == "HOUSE-STD")).one()
    with transaction():
        choices.save_rates(stage.cast.admin, service_id, table())
    return service_id


def parcel_of(number: str) -> Parcel:
    query = select(Parcel).where(Parcel.tracking_number == number).execution_options(populate_existing=True)
    return session().scalars(query).one()


def gone(stage: Stage, order: Order, number: str, size: tuple[int, int, int] | None = (300, 200, 150)) -> Parcel:
    """Handed over, its lorry gone, its jobs done."""
    parcel = parcel_of(number)
    if size is not None:
        parcel.length_mm, parcel.width_mm, parcel.height_mm = size
        session().commit()
    stage.hand_over(number)
    manifest_id = parcel_of(number).manifest_id
    stage.do(shipping.close_manifest, stage.cast.picker, manifest_id)
    stage.jobs()
    return parcel_of(number)


def rates() -> list[ParcelRate]:
    return list(session().scalars(select(ParcelRate).execution_options(populate_existing=True)))


def test_a_parcel_that_left_has_its_rate_with_all_lines(stage: Stage, rated: uuid.UUID) -> None:
    parcel = gone(stage, *stage.packed({MUG: 1}))
    (found,) = rates()
    assert (found.parcel_id, found.service_id, found.why) == (parcel.id, rated, None)
    # 300 × 200 × 150 mm over 5,000 cm³ a kg is 1,800 g, charged by steps of 500 g
    assert (found.weight_g, found.dimensional_g, found.charged_g) == (parcel.weight_g, 1800, 2000)
    assert (found.zone, found.currency, found.base_minor) == ("Berlin", "EUR", 420)
    assert found.surcharges == [["Fuel", 42], ["Toll", 19]]
    assert found.total_minor == 481


def test_it_is_written_once_and_another_table_changes_nothing(stage: Stage, rated: uuid.UUID) -> None:
    parcel = gone(stage, *stage.packed({MUG: 1}))
    with transaction():
        choices.save_rates(stage.cast.admin, rated, table(price="99.00"))
    assert parcel.manifest_id is not None
    assert stage.do(rating.rate_load, parcel.manifest_id) == 0
    assert [each.total_minor for each in rates()] == [481]


def test_without_a_size_the_scale_counts_and_a_place_without_zone_says_so(stage: Stage, rated: uuid.UUID) -> None:
    known, number = stage.packed({MUG: 1})
    session().execute(Parcel.__table__.update().values(length_mm=None, width_mm=None, height_mm=None))
    session().commit()
    gone(stage, known, number, size=None)
    (first,) = rates()
    assert (first.dimensional_g, first.charged_g) == (0, -(-first.weight_g // 500) * 500)
    far = stage.order({MUG: 1}, consignee={"postcode": "80331", "city": "München"})
    stage.wave(far)
    stage.pick_all(far)
    gone(stage, far, stage.pack(far))
    assert {each.why for each in rates()} == {None, "no_zone"}
    assert all((each.total_minor is None) == (each.why is not None) for each in rates())


def test_a_service_without_a_table_and_a_parcel_taken_back_cost_nothing(stage: Stage, rated: uuid.UUID) -> None:
    order, number = stage.packed({MUG: 1})
    bag_id = stage.do(bagging.put_in, stage.cast.picker, stage.cast.overseas.id, number, None).bag_id
    stage.do(bagging.close, stage.cast.picker, bag_id, (parcel_of(number).weight_g or 0) + 100)
    stage.do(bagging.load, stage.cast.picker, bag_id)
    manifest_id, unit = parcel_of(number).manifest_id, parcel_of(number).handling_unit_id
    stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    stage.do(interceptions.catch, stage.cast.picker, unit)
    stage.do(shipping.close_manifest, stage.cast.picker, manifest_id)
    assert RATE in stage.jobs()
    assert rates() == []
